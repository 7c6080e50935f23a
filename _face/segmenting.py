"""Segmenters as a person uses them: trained on masks, asked where the tumour is."""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest, read_data
from gliaboost._face.places import check_file, check_folder
from gliaboost._face.segmenters import choose_segmenters
from gliaboost._face.settings import SettingsGiven, read_device
from gliaboost._face.words import SEGMENTER
from gliaboost.datasets.naming import named
from gliaboost.datasets.targets import of_modality
from gliaboost.errors import MissingExtraError, UnreadableWarning, UsageError
from gliaboost.locks import alone_at
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.image_source import ImageLike
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.segmentation.bundle import SegmenterBundle
    from gliaboost.models.segmentation.segmentations import Segmentations, SegmentedPicture


@alone_at("out")
def segment_train(
    data: DataSet,
    *,
    model: str = SEGMENTER,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    modality: str = "both",
    out: Path | str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> SegmenterBundle:
    """Fit a segmenter on images whose masks are known.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        Images with masks: a manifest whose column ``mask`` names files, its file, or a folder of a
        layout that has them. Rows labelled as without a tumour count as such; rows of a tumour
        without a mask are left out. Labels of tumours are told apart by pixel; where some have none
        these are left out, and where none has one, tumours alone are learned.
    model : {"boosted-pixels", "unet", "otsu"}
        Which segmenter, or one of another package.
    settings : mapping of str to mapping, optional
        Parameters by name, e.g. ``{"boosted-pixels": {"maps": "classical"}}``.
    prepare : str, mapping or Preparation
        What images go through first; the bundle keeps it.
    modality : {"both", "MRI", "CT"}
        Images to use. A segmenter of one modality warns of images of the other.
    out : path-like, optional
        Save the bundle here, as `save` does; the manifest that was made of a folder lies beside it.
    device : {"auto", "cpu", "cuda"}
        Where to compute; the bundle says where that really was.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Same seed, same numbers.
    store : path-like, optional
        Below which archives are unpacked and slices of scans written; default: in the user's cache
        folder.
    progress : Progress, optional
        Hears of the images to read, and when fitting begins.

    Returns
    -------
    SegmenterBundle
        For `segment_predict`.

    Raises
    ------
    ManifestError
        If the manifest has faults; lists all of them.
    UsageError
        If a name, a parameter or a place will not do; if there are no masks, or some cannot be
        used: lists all of them.

    Warns
    -----
    UnreadableWarning
        Naming the images that could not be read; the segmenter is fitted without them.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np, pandas as pd
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[8:56, 8:56] = 60
    >>> image[26:34, 26:34] = 220
    >>> Image.fromarray(image).save(folder / "a.png")
    >>> Image.fromarray(image // 200 * 255).save(folder / "a-mask.png")
    >>> table = pd.DataFrame({"path": ["a.png"], "mask": ["a-mask.png"]})
    >>> bundle = gliaboost.segment_train(gliaboost.Manifest.of(table, folder), model="otsu")
    >>> bundle.segmenter, bundle.metrics["with_tumour"]
    ('otsu', 1)
    """
    from gliaboost.models.bundle_file import save
    from gliaboost.models.segmentation.training import train_segmenter

    faults = Faults()
    choice = choose_segmenters(
        faults, model, settings=settings, prepare=prepare, device=device, seed=seed
    )
    if len(choice.segmenters) > 1:
        faults.note(UsageError(f"--model {model}: one segmenter is expected"))
    check_numbers(faults, jobs, seed)
    check_file(faults, out, "--out")
    check_folder(faults, store, "--store")
    read = read_masked(faults, data, modality, store=store, progress=progress)
    faults.tell()
    assert read is not None
    whole, table = read
    if out is not None:
        beside = Path(out).with_name(f"{Path(out).stem}-{named(whole)}.parquet")
        table = of_modality(keep_manifest(whole, data, beside, progress), modality)
    (name,) = choice.segmenters
    bundle, failed = train_segmenter(
        table,
        name,
        preparation=choice.preparation,
        parameters=choice.parameters.get(name),
        device=choice.device,
        jobs=jobs,
        seed=seed,
        progress=progress,
    )
    if out is not None:
        save(bundle, out)
    if failed:
        named_files = {str(table.paths[i]): reason for i, reason in failed.items()}
        warnings.warn(UnreadableWarning(named_files), stacklevel=3)
    return bundle


@alone_at("out")
def segment_predict(
    bundle: SegmenterBundle | Path | str,
    images: ImageLike | Iterable[ImageLike],
    *,
    out: Path | str | None = None,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
    spacing: str | float | Sequence[float] | None = None,
    dicom_seg: bool = False,
    device: str = "auto",
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> Segmentations:
    """Find the tumour on pictures, and measure it.

    Parameters
    ----------
    bundle : SegmenterBundle or path-like
        From `segment_train` or `load_segmenter`, or the file of one.
    images : path-like, ImageSource, or iterable of these
        Image files, DICOM files and series, NIfTI volumes, folders that are searched for them, or
        images in memory.
    out : path-like, optional
        A new or empty folder: of each picture its mask at its own size and an overlay (PNG),
        ``measurements.csv`` and ``.json``; of each scan its slices' volume (``volumes.json``), of a
        NIfTI volume a mask on its own grid.
    position : int, optional
        Of a scan the one slice of this number, from 0; default: all that show the head.
    plane : {"axial", "coronal", "sagittal"}
        Across which NIfTI volumes are cut.
    window : str, optional
        For CT: ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``; default: a DICOM file's own,
        failing that ``brain``.
    spacing : (row mm, column mm), float or str, optional
        Between the middles of pixels, for pictures that do not tell it; ``"0.5"`` or ``"0.5,0.4"``.
    dicom_seg : bool
        Also write masks of DICOM series as DICOM segmentations (needs highdicom).
    device : {"auto", "cpu", "cuda"}
        Where to compute, for a segmenter that can.
    jobs : int, optional
        Threads; default: all cores.
    progress : Progress, optional
        Hears of each picture.

    Returns
    -------
    Segmentations
        One a picture or slice, in order; unreadable ones are among them with their reason. Its
        ``warnings`` name slices of another modality than the training's, and pictures that are
        unlike those of the training, or were among them.

    Raises
    ------
    UsageError
        If there is no such bundle, it is of a segmenter that is not here or of other maths, a
        folder holds no image, or `out` is not empty, or is given and no picture can be read.
    BundleError
        If the bundle's file is damaged, or no segmenter's.
    MissingExtraError
        If highdicom is asked for and not installed.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np, pandas as pd
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[8:56, 8:56] = 60
    >>> image[26:34, 26:34] = 220
    >>> Image.fromarray(image).save(folder / "a.png")
    >>> Image.fromarray(image // 200 * 255).save(folder / "a-mask.png")
    >>> table = pd.DataFrame({"path": ["a.png"], "mask": ["a-mask.png"]})
    >>> bundle = gliaboost.segment_train(gliaboost.Manifest.of(table, folder), model="otsu")
    >>> found = gliaboost.segment_predict(bundle, folder / "a.png", spacing=0.5)
    >>> found[0].found, found.to_frame()["area_mm2"].tolist()
    (True, [16.0])
    """
    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.files import replacing_folder
    from gliaboost.models.segmentation.bundle import load_segmenter
    from gliaboost.models.segmentation.mask_folder import MaskFolder, scans_of, series_of
    from gliaboost.models.segmentation.prediction import segment_pictures
    from gliaboost.models.segmentation.segmentations import Segmentations

    faults = Faults()
    check_numbers(faults, jobs, 0)
    sides, where = None, "cpu"
    with faults.noted():
        sides = read_spacing(spacing)
    with faults.noted():
        where = read_device(device)
    if dicom_seg and find_spec("highdicom") is None:
        faults.note(MissingExtraError("highdicom", "seg", "writing DICOM segmentations"))
    if dicom_seg and out is None:
        faults.note(UsageError("a DICOM segmentation is a file; name a folder for it: out"))
    check_folder(faults, out, "--out")
    with faults.noted():
        _check_empty(out)
    opened = None
    with faults.noted():
        opened = load_segmenter(bundle) if isinstance(bundle, str | os.PathLike) else bundle
        for fault in opened.faults():
            faults.note(UsageError(fault))
    faults.tell()
    assert opened is not None
    given = [images] if isinstance(images, str | os.PathLike | ImageSource) else list(images)
    asked: dict[str, Any] = {
        "position": position, "plane": plane, "window": window, "spacing": sides,
        "device": where, "jobs": jobs, "progress": progress,
    }  # fmt: skip
    if out is None:
        rows = segment_pictures(opened, given, **asked)
        volumes = [series_of(place, slices) for place, slices in scans_of(rows)]
        return Segmentations(rows, opened.summary(), volumes)
    roots = [Path(ImageSource.of(one).name) for one in given]
    with replacing_folder(out) as folder:
        keeper = MaskFolder(folder, [root for root in roots if root.is_dir()])
        rows = segment_pictures(opened, given, keeper=keeper, **asked)
        _check_read(rows)
        volumes = keeper.finish(
            rows, dicom_seg=dicom_seg, algorithm=f"gliaboost {opened.segmenter}"
        )
        _check_empty(out)  # another run may have filled it meanwhile
    return Segmentations(rows, opened.summary(), volumes)


def _check_read(rows: Sequence[SegmentedPicture]) -> None:
    """Refuse to write tables of nothing: they would pass for pictures without a tumour."""
    if rows and all(row.error is not None for row in rows):
        lines = "\n".join(f"  - {row.name}: {row.error}" for row in rows)
        raise UsageError(
            f"no picture could be read, nothing was written; name images, DICOM or NIfTI files, or "
            f"folders of them\n{lines}"
        )


def _check_empty(out: Path | str | None) -> None:
    if out is not None and Path(out).is_dir() and any(Path(out).iterdir()):
        raise UsageError(
            f"--out {out} is not empty; name a new folder, so that nothing is replaced"
        )


def read_spacing(given: str | float | Sequence[float] | None) -> tuple[float, float] | None:
    """Read how far apart pixels are, in mm.

    Raises
    ------
    UsageError
        If it is no length, or not one or two.

    Examples
    --------
    >>> read_spacing("0.5, 0.4"), read_spacing(0.5)
    ((0.5, 0.4), (0.5, 0.5))
    """
    if given is None:
        return None
    words = re.split(r"[,;xX\s]+", given.strip()) if isinstance(given, str) else given
    try:
        sides = [float(side) for side in (words if isinstance(words, Sequence) else [words])]
    except (TypeError, ValueError):
        sides = []
    if len(sides) == 1:
        sides *= 2
    if len(sides) != 2 or not all(math.isfinite(s) and s > 0 for s in sides):
        raise UsageError(
            f"--spacing {given}: expected mm between rows and between columns, as 0.5 or 0.5,0.4"
        )
    return sides[0], sides[1]


def read_masked(
    faults: Faults,
    data: DataSet,
    modality: str,
    *,
    store: Path | str | None = None,
    progress: Progress = SILENT,
) -> tuple[Manifest, Manifest] | None:
    """Read a data set that a segmenter learns from, and note what is wrong with it.

    Returns
    -------
    (Manifest, Manifest) or None
        All rows, and those of the modality; None where something was noted.
    """
    from gliaboost.models.segmentation.training import check_masks

    before = len(faults.errors)
    with faults.noted():
        whole = read_data(data, progress, store)
        table = of_modality(whole, modality)
        table.check()
        check_masks(table)
    return None if len(faults.errors) > before else (whole, table)
