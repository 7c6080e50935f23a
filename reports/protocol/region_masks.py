"""The regions that columns look at on test rows, against the true masks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost._version import __version__
from gliaboost.datasets.splits import Fold
from gliaboost.features.base import Extractor
from gliaboost.features.fitted import FittedExtractor, is_fitted
from gliaboost.models.extractor_fits import fitted_on, identity_of
from gliaboost.models.training_data import TrainingData
from gliaboost.parallel import map_in_order
from gliaboost.parquet_file import write_frame
from gliaboost.progress import SILENT, Progress
from gliaboost.reports.protocol.fold import told_of
from gliaboost.reports.protocol.parts import read_noted, stem_of, write_noted
from gliaboost.reports.protocol.results import REGIONS
from gliaboost.reports.statistics.mask_cost import COLUMNS
from gliaboost.reports.statistics.overlap import overlap

if TYPE_CHECKING:
    import pandas as pd

NOTES_KEY = b"gliaboost.regions.1"
MEASURED = ("area_true", "area_region", "dice", "believed")


def looks_at_regions(extractor: Extractor) -> bool:
    """Whether an extractor's columns look at a part of an image that the image itself decides."""
    return (
        isinstance(extractor, FittedExtractor)
        and type(extractor).outline is not FittedExtractor.outline
    )


def measure_regions(
    data: TrainingData,
    asked: Iterable[tuple[Extractor, Sequence[Fold]]],
    out: Path,
    progress: Progress = SILENT,
) -> pd.DataFrame:
    """Compare the regions that columns look at with the true masks, on the test rows of folds.

    What finds a region of a row has learned from the fold's training rows alone, as it did for the
    models. What `out` already holds of the same fit, rows and masks is taken from there.

    Parameters
    ----------
    data : TrainingData
        Of a manifest, some of whose rows name a mask.
    asked : iterable of (Extractor, sequence of Fold)
        Which extractors, and the folds that were run with them; those that look at no region, and
        those seen before by their label, are passed over.
    out : pathlib.Path
        The results' folder.
    progress : Progress, optional
        Hears of each slice, and a line a fold.

    Returns
    -------
    pandas.DataFrame
        `gliaboost.reports.statistics.mask_cost.COLUMNS` with ``patient`` and, if there is one,
        ``group``; one row an extractor and test row of which it is known where the tumour is.
    """
    import pandas as pd

    frames = []
    if data.manifest.table["mask"].notna().any():
        looking = {e.label: (e, folds) for e, folds in asked if looks_at_regions(e)}
        for extractor, folds in looking.values():
            assert isinstance(extractor, FittedExtractor)
            frames += [_of_fold(data, extractor, fold, out, progress) for fold in folds]
    found = [frame for frame in frames if len(frame)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def write_regions(out: Path, regions: pd.DataFrame) -> None:
    """Write the table beside the predictions; of no rows there is none."""
    if not len(regions):
        (out / REGIONS).unlink(missing_ok=True)
        return
    write_frame(regions, out / REGIONS)


def _of_fold(
    data: TrainingData, extractor: FittedExtractor, fold: Fold, out: Path, progress: Progress
) -> pd.DataFrame:
    train, test = data.readable(fold.train), data.readable(fold.test)
    masks, known = data.masks(test)
    test, masks = test[known], masks[known]
    labels = data.labels[train]
    identity = _identity(data, extractor, train, labels, test, str(fold.name))
    path = out / "parts" / f"{stem_of(f'{extractor.label} regions', str(fold.name))}.parquet"
    kept = read_noted(path, NOTES_KEY)
    if kept is not None and json.loads(kept[1]) == {"identity": identity}:
        return kept[0]
    fitted = extractor
    if not is_fitted(extractor):
        fitted, _ = fitted_on(data, train, labels, extractor, progress)
    frame = _compared(data, fitted, str(fold.name), test, masks, progress)
    frame = frame.assign(elsewhere=is_fitted(extractor))
    write_noted(path, frame, NOTES_KEY, {"identity": identity})
    ill = frame[frame["area_true"] > 0]
    if len(ill):
        progress.line(
            f"{extractor.label}, fold {fold.name}: regions cover the tumour of {len(ill):,} test "
            f"slices with a mean Dice of {ill['dice'].mean():.3f}"
        )
    return frame


def _compared(
    data: TrainingData,
    fitted: FittedExtractor,
    fold: str,
    test: NDArray[np.int64],
    masks: NDArray[np.bool_],
    progress: Progress,
) -> pd.DataFrame:
    import pandas as pd

    images = data.images(test)

    def one(k: int) -> dict[str, Any] | None:
        outline = fitted.outline(images[k])
        if outline is None:
            return None
        covered = overlap(masks[k], outline.mask)
        return {
            "area_true": covered.area_true,
            "area_region": covered.area_predicted,
            "dice": covered.dice,
            "believed": bool(outline.believed),
        }

    rows: list[dict[str, Any] | None] = []
    for done in map_in_order(one, range(len(test)), jobs=data.jobs):
        rows.append(done)
        progress.step(f"regions, fold {fold}", len(rows), len(test))
    there = [k for k, row in enumerate(rows) if row is not None]
    told = told_of(data, test[there]).drop(columns="key")
    numbers = pd.DataFrame([rows[k] for k in there], columns=list(MEASURED))
    return told.assign(fold=fold, features=fitted.label).join(numbers)


def _identity(
    data: TrainingData,
    extractor: FittedExtractor,
    train: NDArray[np.int64],
    labels: NDArray[Any],
    test: NDArray[np.int64],
    fold: str,
) -> str:
    """Hash all that the rows of a fold depend on."""
    learned = (
        extractor.fingerprint(data.preparation.to_dict())
        if is_fitted(extractor)
        else identity_of(data, train, labels, extractor)
    )
    parts = {
        "version": __version__,
        "learned": learned,
        "fold": fold,
        "features": extractor.label,
        "rows": told_of(data, test).astype(str).to_numpy().tolist(),
        "masks": data.mask_keys(test),
        "preparation": data.preparation.to_dict(),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
