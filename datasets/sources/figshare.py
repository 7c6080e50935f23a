"""Jun Cheng's brain tumour set (figshare 1512427): 3,064 slices of 233 patients."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gliaboost.datasets.errors import UsageError
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources.base import manifest_of, source

LABELS = {1: "meningioma", 2: "glioma", 3: "pituitary"}
EXPECTED = "metadata.csv with images/ and masks/, or the publisher's N.mat files (MATLAB v7.3)"
CONVERTED = "gliaboost-png"


@source("figshare")
def read_figshare(path: Path) -> Manifest:
    """Read the table layout, or the publisher's ``.mat`` files.

    Parameters
    ----------
    path : pathlib.Path
        A folder with ``metadata.csv``, or with ``1.mat`` ... and ``cvind.mat`` (at any depth). The
        latter are converted once, 16-bit PNG and mask, into ``gliaboost-png`` inside it.

    Returns
    -------
    Manifest
        With ``patient``, ``mask``, the publisher's five patient folds in ``fold`` (where known), and
        ``patient_family``, which joins ids that differ by a trailing letter alone.
    """
    if not path.is_dir():
        raise UsageError(f"{path} is a file; expected a folder with {EXPECTED}")
    if (path / "metadata.csv").is_file():
        return manifest_of(_table_rows(path), path, "figshare", EXPECTED)
    slices = sorted(
        (f for f in path.rglob("*.mat") if f.stem.isdigit()), key=lambda f: int(f.stem)
    )
    return manifest_of(_mat_rows(path, slices), path, "figshare", EXPECTED)


def family(patient: str) -> str:
    """Drop the trailing letters that may tell apart visits of one person.

    Examples
    --------
    >>> family("MR024780B"), family("100360")
    ('MR024780', '100360')
    """
    return re.sub(r"(?<=\d)[A-Za-z]+$", "", patient)


def _table_rows(path: Path) -> Iterator[dict[str, Any]]:
    table = pd.read_csv(path / "metadata.csv", dtype=str)
    needed = ("image", "mask", "label", "patient_id", "cvind_fold")
    absent = [c for c in needed if c not in table]
    if absent:
        raise UsageError(
            f"{path / 'metadata.csv'} lacks {', '.join(absent)}; its columns are "
            f"{', '.join(table.columns)}"
        )
    for row in table.itertuples(index=False):
        yield _row(row.image, row.mask, row.label, row.patient_id, row.cvind_fold)


def _row(image: Any, mask: Any, label: Any, patient: Any, fold: Any) -> dict[str, Any]:
    return {
        "path": image,
        "label": label,
        "patient": patient,
        "modality": "MRI",
        "fold": fold,
        "mask": mask,
        "source": "figshare",
        "patient_family": family(str(patient)),
    }


def _mat_rows(path: Path, slices: list[Path]) -> Iterator[dict[str, Any]]:
    import h5py

    if not slices:
        return
    folds = _published_folds(path, len(slices))
    target = path / CONVERTED
    partial = path / f".{CONVERTED}.tmp"
    converted = target.is_dir()
    if not converted:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "images").mkdir(parents=True)
        (partial / "masks").mkdir()
    rows = []
    for number, file in enumerate(slices):
        try:
            with h5py.File(file) as mat:
                record = mat["cjdata"]
                label = LABELS[int(record["label"][0, 0])]
                patient = "".join(chr(c) for c in np.asarray(record["PID"]).ravel())
                if not converted:
                    # MATLAB stores columns first.
                    _write(partial / "images" / f"{file.stem}.png", np.asarray(record["image"]).T)
                    mask = (np.asarray(record["tumorMask"]).T > 0) * np.uint8(255)
                    _write(partial / "masks" / f"{file.stem}.png", mask.astype(np.uint8))
        except (OSError, KeyError, ValueError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise UsageError(
                f"{file} is not a slice of the figshare set ({error}); expected MATLAB v7.3 with "
                "cjdata/label, PID, image and tumorMask. Download it again"
            ) from error
        name = f"{file.stem}.png"
        images, masks = f"{CONVERTED}/images/{name}", f"{CONVERTED}/masks/{name}"
        rows.append(_row(images, masks, label, patient, folds[number] if folds else None))
    if not converted:
        partial.rename(target)
    yield from rows


def _published_folds(path: Path, count: int) -> list[str] | None:
    import h5py

    found = sorted(path.rglob("cvind.mat"))
    if not found:
        return None
    with h5py.File(found[0]) as mat:
        folds = [str(int(v)) for v in np.asarray(mat["cvind"]).ravel()]
    if len(folds) != count:
        raise UsageError(
            f"{found[0]} has folds for {len(folds)} slices, {count} .mat files were found; "
            "complete the download"
        )
    return folds


def _write(file: Path, pixels: np.ndarray[Any, Any]) -> None:
    import cv2

    if pixels.dtype != np.uint8:
        # int16 to uint16 without a shift of scale; decode stretches each slice's own range.
        pixels = np.clip(pixels, 0, None).astype(np.uint16)
    if not cv2.imwrite(str(file), pixels):
        raise OSError(f"cannot write {file}")
