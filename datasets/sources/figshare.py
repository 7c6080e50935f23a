"""Jun Cheng's brain tumour set (figshare 1512427): 3,064 slices of 233 patients."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.matlab_file import hdf5_array, old_array
from gliaboost.datasets.patient_ids import without_letters
from gliaboost.datasets.reading_memory import reading
from gliaboost.datasets.sources.base import folder_at, manifest_of, source, targets, wrong_layout
from gliaboost.datasets.sources.converted import convert, default_images, write_grey
from gliaboost.errors import DecodeError, UsageError

SHOWN = 5
LABELS = {1: "meningioma", 2: "glioma", 3: "pituitary"}
EXPECTED = "metadata.csv with images/ and masks/, or the publisher's N.mat files (MATLAB v7.3)"
COLUMNS = {
    "image": "path",
    "mask": "mask",
    "label": "label",
    "patient_id": "patient",
    "cvind_fold": "fold",
}


@source("figshare")
def read_figshare(path: Path, *, images: Path | None = None) -> Manifest:
    """Read the table layout, or the publisher's ``.mat`` files.

    Parameters
    ----------
    path : pathlib.Path
        A folder with ``metadata.csv``, or with ``1.mat``... and ``cvind.mat`` (at any depth).
    images : pathlib.Path, optional
        Where ``.mat`` slices go, as 16-bit PNG with a mask each, once; default: a folder in the
        user's cache, never one of the data.

    Returns
    -------
    Manifest
        With ``patient``, ``mask``, the publisher's five patient folds in ``fold`` (where known),
        and ``patient_family``, which joins ids that differ by trailing letters alone.

    Raises
    ------
    UsageError
        If the folder has neither layout, no ``.mat`` file is a slice of the set, or the folds are
        those of another one.

    Warns
    -----
    UserWarning
        Of ``.mat`` files that are damaged or no slices; the others are converted without them.
    """
    folder_at(path, EXPECTED)
    if (path / "metadata.csv").is_file():
        return manifest_of(_table_rows(path), path, "figshare", EXPECTED)
    slices = sorted(
        (f for f in path.rglob("*.mat") if f.stem.isdigit()), key=lambda f: (int(f.stem), f)
    )
    if not slices:
        raise wrong_layout(path, "figshare", EXPECTED)
    published = sorted(path.rglob("cvind.mat"))[:1]
    folds = _published_folds(published[0]) if published else []
    return convert(
        Path(images or default_images(path, "figshare")),
        "figshare",
        [*slices, *published],
        {},
        lambda folder: _all_converted(slices, folder, folds),
    )


def _table_rows(path: Path) -> Iterator[dict[str, Any]]:
    import pandas as pd

    table = pd.read_csv(path / "metadata.csv", dtype=str, keep_default_na=False, na_values=[""])
    absent = [c for c in COLUMNS if c not in table]
    if absent:
        raise UsageError(
            f"{path / 'metadata.csv'} lacks {', '.join(absent)}; its columns are "
            f"{', '.join(table.columns)}"
        )
    for record in table[list(COLUMNS)].rename(columns=COLUMNS).to_dict("records"):
        yield _row({str(k): v for k, v in record.items()})


def _row(known: dict[str, Any]) -> dict[str, Any]:
    return {
        **known,
        **targets(known["label"]),
        "modality": "MRI",
        "source": "figshare",
        "patient_family": without_letters(str(known["patient"])),
    }


def _all_converted(
    slices: Sequence[Path], folder: Path, folds: list[str]
) -> Iterator[dict[str, Any]]:
    passed = []
    for file in slices:
        try:
            yield _converted(file, folder, folds)
        except DecodeError as error:
            passed.append(f"{file.name} {error.reason}")
    if passed:
        more = f"; and {len(passed) - SHOWN} more" if len(passed) > SHOWN else ""
        warnings.warn(
            f"{len(passed)} of {len(slices)} slices were passed over: "
            f"{'; '.join(passed[:SHOWN])}{more}. Download them again",
            stacklevel=2,
        )


def _converted(file: Path, folder: Path, folds: list[str]) -> dict[str, Any]:
    import h5py

    number = int(file.stem)
    if folds and not 1 <= number <= len(folds):
        raise UsageError(
            f"{file} has no fold: cvind.mat holds {len(folds)}; are both of the same set?"
        )
    try:
        with reading(), h5py.File(file) as mat:
            label = LABELS[int(hdf5_array(mat, "cjdata/label", file)[0, 0])]
            patient = "".join(chr(c) for c in hdf5_array(mat, "cjdata/PID", file).ravel())
            # MATLAB stores columns first.
            image = hdf5_array(mat, "cjdata/image", file).T
            mask = hdf5_array(mat, "cjdata/tumorMask", file).T > 0
    except DecodeError:
        raise
    # Its reader raises many kinds on hostile bytes, and none may stop the others.
    except Exception as error:
        raise DecodeError(
            file,
            f"is not a slice of the figshare set ({error}); expected MATLAB v7.3 with "
            "cjdata/label, PID, image and tumorMask",
        ) from error
    numbers = image.dtype.kind in "uif" and image.size > 0
    if image.ndim != 2 or mask.shape != image.shape or not numbers:
        raise DecodeError(
            file,
            f"holds an image of {image.dtype} {list(image.shape)} and a mask of "
            f"{list(mask.shape)}; expected two of one shape",
        )
    write_grey(folder / "images" / f"{number}.png", image)
    write_grey(folder / "masks" / f"{number}.png", np.where(mask, 255, 0).astype(np.uint8))
    return _row(
        {
            "path": f"images/{number}.png",
            "mask": f"masks/{number}.png",
            "label": label,
            "patient": patient,
            "fold": folds[number - 1] if folds else None,
        }
    )


def _published_folds(file: Path) -> list[str]:
    import h5py

    try:
        if h5py.is_hdf5(file):
            with h5py.File(file) as mat:
                values = hdf5_array(mat, "cvind", file)
        else:
            values = old_array(file, "cvind")
        return [str(int(v)) for v in values.ravel()]
    except Exception as error:  # scipy's reader raises many kinds on hostile bytes
        raise UsageError(f"{file} holds no folds ({error}); expected a vector cvind") from error
