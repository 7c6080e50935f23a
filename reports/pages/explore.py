"""A data set at a glance: counts, sizes, greys, mean images, masks, a map, a contact sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.audit.correlation import describe
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.datasets.plane.column import in_order
from gliaboost.datasets.prepare import Preparation
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.page import picture_uri, write_page
from gliaboost.reports.pages import explore_figures as figures
from gliaboost.reports.pages.glance import (
    MASK_SIDE,
    MEAN_SIDE,
    NO_LABEL,
    ClassSummary,
    Overview,
)

COUNTED = ("split", "fold", "modality", "source")
# Pictures a class on the contact sheet and their pixels; rows of a table; points on the map.
SHEET = 8
PIXELS = 160
ROWS = 40
POINTS = 600
# Fewer pictures than these have no neighbourhoods to show.
FEWEST_POINTS = 10


def render_explore(
    manifest: Manifest,
    overview: Overview,
    out: Path | str,
    preparation: Preparation | None = None,
    *,
    seed: int = 0,
) -> Path:
    """Write a page that shows a data set.

    Parameters
    ----------
    manifest : Manifest
        The images; unreadable files are counted and listed.
    overview : Overview
        What `gliaboost.reports.pages.glance.look` measured of them.
    out : path-like
        The HTML file; one self-contained file.
    preparation : Preparation, optional
        What they were looked at through: the contact sheet shows it below the original.
    seed : int
        For the contact sheet's choice and the map.

    Returns
    -------
    pathlib.Path
        The file.
    """
    table = manifest.table.assign(label=manifest.table["label"].fillna(NO_LABEL))
    classes = [c for c in overview.classes if c.read]
    masked = [c for c in classes if c.mask_shares]
    failed = [(str(p), e) for p, e in zip(table["path"], overview.errors, strict=True) if e]
    sizes = pd.Series([f"{w} x {h}" for w, h in overview.sizes if w]).value_counts()
    shares = {c.label: np.array(c.mask_shares) for c in masked}
    return write_page(
        "explore.html",
        out,
        name=named(manifest),
        images=len(table),
        patients=int(table["patient"].nunique()),
        preparation=_told(preparation),
        counts=_counts(table),
        columns=[c for c in COUNTED if table[c].nunique() > 1 or _is_partly(table[c])],
        alike=[(c, str(table[c].iloc[0])) for c in COUNTED if _is_one(table[c])],
        per_patient=_per_patient(table),
        sizes=[(size, int(n), n / len(table)) for size, n in sizes.head(10).items()],
        more_sizes=max(0, len(sizes) - 10),
        failed=failed[:ROWS],
        more_failed=max(0, len(failed) - ROWS),
        histograms=figures.histograms({c.label: c.histogram for c in classes}),
        means=list(_means(classes)),
        masks={label: len(s) for label, s in shares.items()},
        mask_shares=figures.mask_shares(shares) if masked else None,
        mask_maps=list(_mask_maps(masked)),
        most_masked=100 * max((float(c.mask_map.max()) for c in masked), default=0.0),
        maps=list(_maps(table, overview, seed)),
        planes=list(_planes(manifest, table, overview, seed)),
        planes_told=_planes_told(overview),
        sheet=list(_sheet(manifest, table, overview, preparation, seed)),
    )


def neighbourhood_map(thumbnails: NDArray[np.float16], seed: int = 0) -> NDArray[np.float32]:
    """Lay pictures out so that alike ones are neighbours (t-SNE, van der Maaten and Hinton 2008).

    Parameters
    ----------
    thumbnails : float16 array [N, 64, 64]
        From `gliaboost.datasets.audit.pictures.thumbnail`; described by their lowest cosine
        frequencies.
    seed : int
        Where the points start.

    Returns
    -------
    float32 array [N, 2]
        Places; only nearness means anything.
    """
    from sklearn.manifold import TSNE

    described = describe(thumbnails)
    tsne = TSNE(
        perplexity=min(30.0, (len(described) - 1) / 3),
        init="random",
        # The approximate method's threads wait for each other endlessly on a busy machine.
        method="exact",
        max_iter=500,
        random_state=seed,
    )
    return np.asarray(tsne.fit_transform(described), np.float32)


def _told(preparation: Preparation | None) -> dict[str, Any]:
    """Give the steps that change something, beside the size."""
    given = {} if preparation is None else preparation.to_dict()
    return {k: v for k, v in given.items() if k != "version" and v not in ("none", False)}


def _is_one(values: pd.Series[Any]) -> bool:
    """Whether every row has one and the same value."""
    return bool(values.notna().all() and values.nunique() == 1)


def _is_partly(values: pd.Series[Any]) -> bool:
    """Whether some rows have a value and others none."""
    return bool(values.notna().any() and values.isna().any())


def _counts(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "label": str(label),
            "images": len(mine),
            "share": len(mine) / len(table),
            "patients": int(mine["patient"].nunique()),
            "by": {
                column: {
                    str(v): int(n) for v, n in mine[column].value_counts().sort_index().items()
                }
                for column in COUNTED
            },
        }
        for label, mine in table.groupby("label", sort=True)
    ]


def _per_patient(table: pd.DataFrame) -> tuple[int, int, int] | None:
    """Return the fewest, the median and the most images a patient."""
    counts = table["patient"].value_counts()
    if not len(counts):
        return None
    return int(counts.min()), int(counts.median()), int(counts.max())


def _means(classes: Sequence[ClassSummary]) -> Iterator[tuple[str, str, str]]:
    """Name, mean image and deviation image of each class; deviations on one scale."""
    most = max(float(c.deviation.max()) for c in classes) or 1.0
    for c in classes:
        deviation = np.asarray(np.rint(255 * c.deviation / most), np.uint8)
        mean = np.asarray(np.rint(c.mean), np.uint8)
        yield c.label, picture_uri(mean, MEAN_SIDE), picture_uri(deviation, MEAN_SIDE)


def _mask_maps(classes: Sequence[ClassSummary]) -> Iterator[tuple[str, str]]:
    """Name and map of each class: dark blue is never tumour, yellow is most often, on one scale."""
    import cv2

    most = max((float(c.mask_map.max()) for c in classes), default=0.0) or 1.0
    for c in classes:
        grey = np.asarray(np.rint(255 * c.mask_map / most), np.uint8)
        coloured = np.asarray(cv2.applyColorMap(grey, cv2.COLORMAP_CIVIDIS), np.uint8)
        yield c.label, picture_uri(coloured, MASK_SIDE)


def _maps(table: pd.DataFrame, overview: Overview, seed: int) -> Iterator[tuple[str, Picture]]:
    """Draw the map by class, and by source and modality where there are two."""
    rows = [i for i, t in enumerate(overview.thumbnails) if t is not None]
    if len(rows) < FEWEST_POINTS:
        return
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(rows, min(POINTS, len(rows)), replace=False))
    shown = [t for i in chosen if (t := overview.thumbnails[int(i)]) is not None]
    places = neighbourhood_map(np.stack(shown), seed)
    for column, title in (("label", "class"), ("source", "source"), ("modality", "modality")):
        values = table[column].iloc[chosen].fillna("(empty)")
        if column == "label" or values.nunique() > 1:
            yield title, figures.scatter(f"map-{title}", places, [str(v) for v in values])


def _planes(
    manifest: Manifest, table: pd.DataFrame, overview: Overview, seed: int
) -> Iterator[dict[str, Any]]:
    """Count each plane's images by class, and show some."""
    rng, groups = np.random.default_rng(seed), pd.Series(manifest.groups)
    read = table.assign(plane=overview.planes)[[not e for e in overview.errors]]
    for plane in in_order(list(read["plane"])):
        mine = read[read["plane"] == plane]
        labels = mine["label"].value_counts().sort_index()
        yield {
            "plane": plane,
            "images": len(mine),
            "share": len(mine) / len(read),
            "classes": {str(label): int(n) for label, n in labels.items()},
            "cells": [
                {
                    "path": str(table["path"].iloc[row]),
                    "name": str(table["path"].iloc[row]).rpartition("/")[2],
                    "uri": picture_uri(decode(manifest.paths[row]), PIXELS),
                }
                for row in _some(groups, mine.index.to_numpy(), rng)
            ],
        }


def _planes_told(overview: Overview) -> str:
    """Say where the planes are known from."""
    given, total = overview.planes_given, len(overview.planes)
    if given == total:
        return "As the data set gives them."
    some = "Told" if not given else f"{given} as the data set gives them, the others told"
    return (
        f"{some} from the pictures, which are taken to be upright; unknown where that is not sure."
    )


def _some(
    groups: pd.Series[Any], rows: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Choose some rows, of as many patients as there are."""
    drawn = groups.iloc[rng.permutation(rows)]
    again = drawn.groupby(drawn).cumcount()
    return again.sort_values(kind="stable").index[:SHEET].to_numpy()


def _sheet(
    manifest: Manifest,
    table: pd.DataFrame,
    overview: Overview,
    preparation: Preparation | None,
    seed: int,
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Choose some pictures of each class, of as many patients as there are."""
    rng = np.random.default_rng(seed)
    groups = pd.Series(manifest.groups)
    for label in sorted(table["label"].unique()):
        readable = [i for i in np.flatnonzero(table["label"] == label) if not overview.errors[i]]
        cells = []
        for row in _some(groups, np.array(readable, np.int64), rng):
            image = decode(manifest.paths[row])
            after = "" if preparation is None else picture_uri(preparation(image), PIXELS)
            cells.append(
                {
                    "path": str(table["path"].iloc[row]),
                    "name": str(table["path"].iloc[row]).rpartition("/")[2],
                    "uri": picture_uri(image, PIXELS),
                    "prepared": after,
                }
            )
        if cells:
            yield str(label), cells
