"""Which bundles a page may open: those that were named, and those of a named folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from gliaboost._face.faults import Faults
from gliaboost.errors import BundleError, GliaboostError, UsageError

ENDING = ".joblib"


@dataclass
class NamedBundles:
    """Files by what is in them.

    Attributes
    ----------
    classifiers, segmenters : list of Path
        In their order.
    faults : list of (Path, str)
        Files of the folder that are neither, and why.
    """

    classifiers: list[Path] = field(default_factory=list)
    segmenters: list[Path] = field(default_factory=list)
    faults: list[tuple[Path, str]] = field(default_factory=list)


def named_bundles(
    bundles: Iterable[Path], segmenter: Path | None = None, folder: Path | None = None
) -> NamedBundles:
    """Open all bundles once, to see that they can be opened.

    Parameters
    ----------
    bundles : iterable of Path
        Classifiers.
    segmenter : Path, optional
        A segmenter.
    folder : Path, optional
        Of bundles of either kind; what is none is left out, and said.

    Raises
    ------
    UsageError
        If there is no such folder, or a named file is missing; lists all of it.
    BundleError
        If a named file is no bundle of its kind.
    """
    from gliaboost.models.bundle import load
    from gliaboost.models.segmentation.bundle import load_segmenter

    faults, found = Faults(), NamedBundles()
    for path in bundles:
        with faults.noted():
            load(path)
            found.classifiers.append(path)
    if segmenter is not None:
        with faults.noted():
            for fault in load_segmenter(segmenter).faults():
                raise UsageError(fault)
            found.segmenters.append(segmenter)
    if folder is not None and not folder.is_dir():
        faults.note(UsageError(f"--bundles {folder}: no such folder; name one with bundles in it"))
    faults.tell()
    for path in sorted(folder.glob(f"*{ENDING}")) if folder is not None else ():
        if path in found.classifiers or path in found.segmenters:
            continue
        try:
            load(path)
            found.classifiers.append(path)
        except GliaboostError as error:
            try:
                load_segmenter(path)
                found.segmenters.append(path)
            except BundleError:
                found.faults.append((path, str(error)))
            except GliaboostError as other:
                found.faults.append((path, str(other)))
    return found
