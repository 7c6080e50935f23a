"""Pictures of where a run's columns look for a tumour, and of where it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost.datasets.decode import decode
from gliaboost.errors import GliaboostError
from gliaboost.features.fitted import FittedExtractor
from gliaboost.files import replacing
from gliaboost.models.segmentation.outline import PREDICTED, TRUE, outlined
from gliaboost.models.segmentation.training_masks import read_training_masks
from gliaboost.reports.pages.mask_gallery import chosen
from gliaboost.reports.protocol.parts import stem_of
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.statistics.overlap import overlap

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.models.bundle import Bundle
    from gliaboost.reports.protocol.results import ExperimentResult

# Pixels a side of a picture.
SIDE = 512


@dataclass(frozen=True)
class OutlinePicture:
    """A slice with two outlines: the true tumour blue, the region that was found orange.

    Attributes
    ----------
    path : pathlib.Path
        The picture.
    kind : {"best", "median", "worst"}
        Which of the fold's slices by Dice.
    label, image : str
        The slice's class and path.
    dice : float
        Of tumour and region.
    """

    path: Path
    kind: str
    label: str
    image: str
    dice: float


def draw_outlines(folder: Path, manifest: Manifest) -> list[OutlinePicture]:
    """Draw the best, the median and the worst region of a fold's test slices with a tumour.

    Taken is the first fold of the most accurate experiment with columns that look at a region, and
    its own bundle: what found the regions has learned from no patient that is shown.

    Parameters
    ----------
    folder : pathlib.Path
        A run of ``gliaboost benchmark``, with its fold bundles; there the pictures lie.
    manifest : Manifest
        Of the run, with masks.

    Returns
    -------
    list of OutlinePicture
        At most three, ``outline-KIND.png``; none where no column looks at a region, no slice has a
        mask, or bundles are gone.
    """
    import pandas as pd
    from PIL import Image

    for experiment, bundle, fold in _bundles(folder, manifest.root):
        found = _finder(bundle)
        if found is None:
            continue
        tested = experiment.predictions
        paths = set(tested["path"][tested["fold"].astype(str) == fold])
        rows = np.flatnonzero(manifest.table["path"].isin(paths).to_numpy())
        truth = read_training_masks(manifest, rows, bundle.preparation_)
        slices, masks = [], {}
        for row, true in zip(rows, truth.masks, strict=True):
            if not true.any():
                continue
            image = bundle.preparation_(decode(manifest.paths[row]))
            outline = found.outline(image)
            if outline is None:
                return []
            told = manifest.table.iloc[row]
            path = str(told["path"])
            masks[path] = (image, true, outline.mask)
            slices.append(_measured(told, true, outline.mask))
        if not slices:
            return []
        drawn = []
        for one in chosen(pd.DataFrame(slices), each=1).to_dict("records"):
            image, true, region = masks[str(one["path"])]
            lines = [(true, TRUE), (region, PREDICTED)]
            picture = folder / f"outline-{one['kind']}.png"
            with replacing(picture) as temporary:
                drawing = outlined(image, lines, scale=SIDE / len(image))
                Image.fromarray(drawing).save(temporary, "PNG", optimize=True)
            kind, label, path = (str(one[name]) for name in ("kind", "label", "path"))
            drawn.append(OutlinePicture(picture, kind, label, path, float(one["dice"])))
        return drawn
    return []


def _bundles(folder: Path, images: Path) -> Iterator[tuple[ExperimentResult, Bundle, str]]:
    """Open the first fold of each experiment, the most accurate first."""
    from gliaboost.models.bundle import load

    for experiment in read_results(folder, images).experiments:
        for fold in experiment.predictions["fold"].astype(str).head(1):
            try:
                bundle = load(folder / "models" / f"{stem_of(experiment.name, fold)}.joblib")
            except GliaboostError:
                continue
            yield experiment, bundle, fold


def _finder(bundle: Bundle) -> FittedExtractor | None:
    """Return what finds regions for a bundle's columns."""
    fitted = (e for e in bundle.extractors() if isinstance(e, FittedExtractor))
    return next((e for e in fitted if type(e).outline is not FittedExtractor.outline), None)


def _measured(told: Any, true: Any, region: Any) -> dict[str, Any]:
    covered = overlap(true, region)
    return {
        "path": str(told["path"]),
        "label": str(told["label"]),
        "patient": told["patient"],
        "dice": covered.dice,
        "area_true": covered.area_true,
        "area_predicted": covered.area_predicted,
    }
