"""The embedded sample: simulated patients with simulated tumours, free of anyone's data."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.anatomy import Head, load_head
from gliaboost.datasets.phantom.patient import CLASSES, PLANES, draw_patient, render
from gliaboost.errors import UsageError
from gliaboost.files import replacing_folder
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress

log = logging.getLogger(__name__)

# Raised whenever the same parameters give other pixels.
VERSION = 1
SOURCE = "phantom"
RECORD = "phantom.json"

README = """\
SIMULATED IMAGES. No patient was ever scanned for this folder; no number measured on it says
anything about the diagnosis of real tumours.

{images} slices of {patients} simulated patients, drawn by gliaboost's phantom (version {version},
seed {seed}): an average brain, deformed, in a drawn skull and face, with drawn tumours, made to
look like T1-weighted MRI after contrast agent. images/ are 8-bit grey PNG of {size} x {size}
pixels, masks/ are 255 where the tumour is, manifest.parquet is the table of both, phantom.json
holds the parameters that make the same bytes again.

The brain derives from the ICBM 152 nonlinear symmetric template 2009a (Fonov et al., Unbiased
average age-appropriate atlases for pediatric studies, NeuroImage 54, 2011,
doi:10.1016/j.neuroimage.2010.07.033), whose notice reads:

    Copyright (C) 1993-2004 Louis Collins, McConnell Brain Imaging Centre, Montreal Neurological
    Institute, McGill University. Permission to use, copy, modify, and distribute this software
    and its documentation for any purpose and without fee is hereby granted, provided that the
    above copyright notice appear in all copies. The authors and McGill University make no
    representations about the suitability of this software for any purpose. It is provided "as
    is" without express or implied warranty. The authors are not responsible for any data loss,
    equipment damage, property loss, or injury to subjects or patients resulting from the use or
    misuse of this software package.
"""

Row = dict[str, Any]


def make_phantom(
    folder: Path | str,
    *,
    patients: int = 160,
    slices: int = 2,
    size: int = 256,
    seed: int = 0,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Manifest:
    """Simulate brain MRI of patients with a glioma, a meningioma, a pituitary tumour, or none.

    Every patient has one class, an own deformation of the MNI152 template's brain, own contrast,
    receive field, blur and noise, and the same number of slices in each of three planes. Slices go
    through the tumour; those of patients without one lie where a tumour might have been.

    The folder appears whole or not at all. One that holds the phantom of the same parameters,
    unharmed, is reused without drawing anything; one of other parameters is replaced.

    Parameters
    ----------
    folder : path-like
        Where ``images/``, ``masks/``, ``manifest.parquet``, ``phantom.json`` and ``README.txt`` go.
    patients : int
        How many, at least 4; the classes are equally frequent.
    slices : int
        How many a patient and plane.
    size : int
        Pixels along either side, a multiple of 4 from 32 up.
    seed : int
        Same seed and versions, same bytes, whatever `jobs` is.
    jobs : int, optional
        Threads; all available cores by default.
    progress : Progress, optional
        Hears after each patient of the images to do.

    Returns
    -------
    Manifest
        Columns ``path``, ``label`` (``no_tumor``, ``glioma``, ``meningioma``, ``pituitary``),
        ``patient``, ``modality``, ``mask`` (missing where no tumour is seen), ``source``
        (``phantom``) and ``key``, and further ``plane`` and ``position`` (mm from the scanner's
        centre along the plane's normal).

    Raises
    ------
    UsageError
        If a parameter is out of range, or the folder holds something else.
    GliaboostError
        If the brain template cannot be found.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "phantom"
    >>> m = make_phantom(folder, patients=4, slices=1, size=32)
    >>> len(m), m.classes
    (12, ['glioma', 'meningioma', 'no_tumor', 'pituitary'])
    """
    folder = Path(folder)
    parameters = {"patients": patients, "slices": slices, "size": size, "seed": seed}
    _check(parameters)
    record = {"phantom": VERSION, **parameters}
    total = patients * slices * len(PLANES)
    existing = _existing(folder, record)
    if existing is not None:
        log.info("%s already holds this phantom: reused", folder)
        progress.step("simulating", total, total)
        return existing
    with replacing_folder(folder) as building:
        (building / "images").mkdir()
        (building / "masks").mkdir()
        rows = _simulate(building, patients, slices, size, seed, jobs, progress)
        manifest = Manifest.of(pd.DataFrame(rows), building, str(folder / "manifest.parquet"))
        manifest.with_keys(jobs).write(building / "manifest.parquet")
        text = README.format(images=total, version=VERSION, **parameters)
        (building / "README.txt").write_text(text, encoding="utf-8")
        (building / RECORD).write_text(json.dumps(record) + "\n", encoding="utf-8")
    return Manifest.read(folder / "manifest.parquet")


def _check(parameters: dict[str, int]) -> None:
    for name, least in (("patients", len(CLASSES)), ("slices", 1), ("size", 32), ("seed", 0)):
        if parameters[name] < least:
            raise UsageError(f"{name} = {parameters[name]}; the phantom needs at least {least}")
    if parameters["size"] % 4:
        raise UsageError(f"size = {parameters['size']}; the phantom needs a multiple of 4")


def _existing(folder: Path, record: dict[str, Any]) -> Manifest | None:
    """Return the phantom that lies in the folder, if it is the one asked for and unharmed."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    if not (folder / RECORD).is_file():
        raise UsageError(
            f"{folder} exists and holds no phantom; nothing there was touched: name a new folder"
        )
    try:
        if json.loads((folder / RECORD).read_text(encoding="utf-8")) != record:
            return None
        manifest = Manifest.read(folder / "manifest.parquet")
    except (UsageError, ValueError):
        return None
    if manifest.faults():
        return None
    same = manifest.table["key"].equals(manifest.with_keys().table["key"])
    return manifest if same else None


def _simulate(
    folder: Path,
    patients: int,
    slices: int,
    size: int,
    seed: int,
    jobs: int | None,
    progress: Progress,
) -> list[Row]:
    """Draw all patients and write their slices; rows come in order of patient."""
    head = load_head()
    # A child a patient: what one draws does not depend on who is drawn beside it, or when.
    first, *seeds = np.random.SeedSequence(seed).spawn(1 + patients)
    labels = [CLASSES[i % len(CLASSES)] for i in range(patients)]
    np.random.default_rng(first).shuffle(labels)
    rows: list[Row] = []

    def draw(i: int) -> list[Row]:
        return _one_patient(folder, i, labels[i], slices, size, seeds[i], head)

    with closing(map_in_order(draw, range(patients), jobs=jobs)) as drawings:
        for drawn in drawings:
            rows += drawn
            progress.step("simulating", len(rows), patients * slices * len(PLANES))
    return rows


def _one_patient(
    folder: Path,
    index: int,
    label: str,
    slices: int,
    size: int,
    seed: np.random.SeedSequence,
    head: Head,
) -> list[Row]:
    rng = np.random.default_rng(seed)
    patient = draw_patient(label, slices, head, rng)
    name = f"P{index + 1:03}"
    rows: list[Row] = []
    for number, (plane, position) in enumerate(patient.slices):
        image, mask = render(patient, plane, position, size, head, rng)
        file = f"{name}-{plane}-{number % slices + 1}.png"
        _write_png(folder / "images" / file, image)
        if mask.any():
            _write_png(folder / "masks" / file, mask)
        rows.append(
            {
                "path": f"images/{file}",
                "label": label,
                "patient": name,
                "modality": "MRI",
                "mask": f"masks/{file}" if mask.any() else None,
                "source": SOURCE,
                "plane": plane,
                "position": round(position, 1),
            }
        )
    return rows


def _write_png(path: Path, image: np.typing.NDArray[np.uint8]) -> None:
    from PIL import Image

    Image.fromarray(image).save(path, format="PNG", compress_level=6)
