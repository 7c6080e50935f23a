"""Segmenters as a person uses them: trained on masks, asked where the tumour is."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest, read_data
from gliaboost._face.places import check_file, check_folder
from gliaboost._face.segmenters import choose_segmenters
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.words import SEGMENTER
from gliaboost.datasets.naming import named
from gliaboost.datasets.targets import of_modality
from gliaboost.errors import UnreadableWarning, UsageError
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.segmentation.bundle import SegmenterBundle


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
        without a mask are left out. Labels, where each tumour has one, are told apart by pixel.
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
        warnings.warn(UnreadableWarning(named_files), stacklevel=2)
    return bundle


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
    before = len(faults.errors)
    with faults.noted():
        whole = read_data(data, progress, store)
        table = of_modality(whole, modality)
        table.check()
    return None if len(faults.errors) > before else (whole, table)
