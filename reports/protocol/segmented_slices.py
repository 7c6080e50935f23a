"""Slices that a segmenter maps, measured at their own size, and the masks that are kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.placement import placement
from gliaboost.datasets.prepare import Preparation
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.decision import tumour_mask
from gliaboost.models.segmentation.training import MaskedImages
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress
from gliaboost.reports.protocol.parts import read_noted, stem_of
from gliaboost.reports.protocol.segmentation_record import TRUE_MASK
from gliaboost.reports.statistics.overlap import slice_row

if TYPE_CHECKING:
    import pandas as pd

# What the part of a fold notes beside its slices.
NOTES_KEY = b"gliaboost.segmentation.1"
# Slices that are mapped together.
BATCH = 16


def measured_slices(
    manifest: Manifest,
    data: MaskedImages,
    places: NDArray[np.int64],
    segmenter: Segmenter,
    preparation: Preparation,
    *,
    experiment: str,
    fold: str,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """Compare what a segmenter finds with the true masks, at the size of the pictures.

    Parameters
    ----------
    manifest : Manifest
        Files of images and masks, and what is told of them.
    data : MaskedImages
        Its prepared images.
    places : int array [n]
        Which of them.
    segmenter : Segmenter
        Fitted.
    preparation : Preparation
        Of the images, to find the way back from a map to the picture.
    experiment, fold : str
        What the table calls them.
    jobs : int, optional
        Threads; default: all cores.
    progress : Progress
        Hears of each slice.

    Returns
    -------
    pandas.DataFrame
        One row a slice: `gliaboost.reports.statistics.segmentation.COLUMNS`, ``patient``,
        ``group`` where there is one, ``fold``, ``true_mask`` (the true mask's file), and ``mask``,
        what was found as PNG.
    """
    import pandas as pd

    files, masks, table = manifest.paths, manifest.masks, manifest.table
    decision = segmenter.decision_
    rows: list[dict[str, Any]] = []
    for start in range(0, len(places), BATCH):
        part = places[start : start + BATCH]
        begun = perf_counter()
        maps = segmenter.predict_proba(data.images[part])
        mapping = (perf_counter() - begun) / len(part)

        def one(
            task: tuple[np.int64, NDArray[np.float32]], mapping: float = mapping
        ) -> dict[str, Any]:
            row = int(data.rows[task[0]])
            image = decode(files[row])
            begun = perf_counter()
            where = placement(preparation, image)
            found = tumour_mask(where.restored(task[1]), decision)
            seconds = mapping + perf_counter() - begun
            mask = masks[row]
            true = decode_mask(mask) if mask is not None else np.zeros(image.shape, bool)
            patient, label = (table[c].iloc[row] for c in ("patient", "label"))
            return slice_row(
                true,
                found,
                path=table["path"].iloc[row],
                label=label if isinstance(label, str) else "",
                experiment=experiment,
                seconds=seconds,
                patient=patient if isinstance(patient, str) else None,
                fold=fold,
                **{TRUE_MASK: table["mask"].iloc[row]},
                mask=cv2.imencode(".png", found.astype(np.uint8) * 255)[1].tobytes(),
            )

        tasks = list(zip(part, maps, strict=True))
        for done in map_in_order(one, tasks, jobs=jobs):
            rows.append(done)
            progress.step(f"{experiment}, fold {fold}", len(rows), len(places))
    frame = pd.DataFrame(rows)
    if "group" in table:
        groups = table["group"].iloc[data.rows[places]]
        frame["group"] = groups.to_numpy(dtype=object)
    return frame


def found_masks(out: Path, experiment: str, folds: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Read the masks that a segmenter found, by path, from what its folds left.

    Parameters
    ----------
    out : pathlib.Path
        The results' folder.
    experiment : str
        The segmenter.
    folds : sequence of str
        Names.

    Returns
    -------
    dict of str to bool array [H, W]
        At the pictures' own size; without the folds whose files are gone.
    """
    masks = {}
    for fold in folds:
        found = read_noted(out / "parts" / f"{stem_of(experiment, fold)}.parquet", NOTES_KEY)
        if found is not None:
            frame = found[0]
            for path, packed in zip(frame["path"], frame["mask"], strict=True):
                pixels = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_GRAYSCALE)
                if pixels is not None:
                    masks[str(path)] = np.asarray(pixels) > 0
    return masks
