"""One segmenter on all rows of a manifest whose tumour is known, packed in a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.modality import MODALITIES
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.features.prepared import read_images
from gliaboost.models.familiarity.familiarity import DESCRIPTION, learn
from gliaboost.models.packing import PACKAGES, installed, kept_parameters
from gliaboost.models.plain_values import plain
from gliaboost.models.pretrained import warnings_of_unknown
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle
from gliaboost.models.segmentation.registry import (
    create_segmenter,
    segmenter_package,
    shared_by_segmenter,
)
from gliaboost.models.segmentation.training_masks import read_training_masks
from gliaboost.progress import SILENT, Progress

# How many slices are read between two steps of a bar.
STEP = 64
INSTEAD = (
    "write the paths of masks into the manifest's column mask; where another data set has masks of "
    "the same pictures, gliaboost audit DATA --against OTHER --carry mask brings them over; or use "
    "a segmenter that was trained elsewhere: gliaboost segment predict SEG.joblib IMAGES"
)


class MaskedImages(NamedTuple):
    """What a segmenter learns from.

    Attributes
    ----------
    rows : int array [n]
        Of the manifest: those whose tumour is known, or known not to be there.
    images : uint8 array [n, S, S]
        Prepared.
    masks : bool array [n, S, S]
        On them.
    labels, groups : array [n]
        Classes (empty where there is none) and patients.
    failed : dict of int to str
        Rows of the manifest that cannot be read, with the reason.
    """

    rows: NDArray[np.int64]
    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    labels: NDArray[Any]
    groups: NDArray[Any]
    failed: dict[int, str]

    def at(self, places: NDArray[np.int64]) -> MaskedImages:
        """Keep some, by their places, in order; all of them are not copied."""
        if len(places) == len(self.rows):
            return self
        return MaskedImages(
            self.rows[places],
            self.images[places],
            self.masks[places],
            self.labels[places],
            self.groups[places],
            self.failed,
        )


def read_masked_images(
    manifest: Manifest,
    preparation: Preparation,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> MaskedImages:
    """Read the images of a manifest with their masks.

    Rows of a tumour without a mask teach nothing and are left out; rows whose label says that there
    is no tumour have an empty mask.

    Parameters
    ----------
    manifest : Manifest
        Without faults.
    preparation : Preparation
        Of the images.
    jobs : int, optional
        Threads; default: all cores.
    progress : Progress
        Hears how many were read, and what was left out.

    Returns
    -------
    MaskedImages

    Raises
    ------
    UsageError
        If no row names a mask, or masks cannot be used, are all empty, or of no readable picture;
        lists all masks that cannot be used.
    """
    check_masks(manifest)
    paths, images, rows, failed = manifest.paths, [], [], dict[int, str]()
    masks, known, wrong = [], [], dict[int, str]()
    for start in range(0, len(manifest), STEP):
        part = np.arange(start, min(start + STEP, len(manifest)))
        read, there, broken = read_images([paths[i] for i in part], preparation, jobs=jobs)
        failed |= {int(part[k]): reason for k, reason in broken.items()}
        readable = part[there]
        found = read_training_masks(manifest, readable, preparation, jobs=jobs)
        wrong |= {int(readable[k]): reason for k, reason in found.failed.items()}
        images.append(read[found.known])
        rows.append(readable)
        masks.append(found.masks[found.known])
        known.append(found.known)
        progress.step("reading", int(part[-1]) + 1, len(manifest))
    if wrong:
        lines = "\n".join(f"  - {paths[i]}: {reason}" for i, reason in sorted(wrong.items()))
        number = f"{len(wrong):,} masks" if len(wrong) > 1 else "1 mask"
        raise UsageError(
            f"{number} of {manifest.name} cannot be used; correct them, or empty their cells of "
            f"the column mask; nothing was trained\n{lines}"
        )
    kept = np.concatenate(known)
    every, inside = np.concatenate(rows), np.concatenate(masks)
    _say_left_out(every[~kept], manifest, progress)
    if not inside.any():
        raise UsageError(
            f"all masks of {manifest.name} are empty (of {int(kept.sum()):,} slices); white is "
            "tumour in a mask, black is none: was the right column of files named?"
        )
    taken = every[kept]
    labels = manifest.table["label"].fillna("").astype(str).to_numpy(dtype=object)
    groups = np.asarray(manifest.groups, dtype=object)
    return MaskedImages(taken, np.concatenate(images), inside, labels[taken], groups[taken], failed)


def check_masks(manifest: Manifest) -> None:
    """Refuse a manifest in which no row names a mask, and say what to do."""
    if manifest.table["mask"].isna().all():
        raise UsageError(
            f"no row of {manifest.name} has a mask, and a segmenter learns from masks; {INSTEAD}"
        )


def train_segmenter(
    manifest: Manifest,
    name: str,
    *,
    preparation: Preparation | None = None,
    parameters: Mapping[str, Any] | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> tuple[SegmenterBundle, dict[int, str]]:
    """Fit a segmenter and pack it with all that finding a tumour needs.

    Parameters
    ----------
    manifest : Manifest
        Images with masks; patients are held out whole where something is chosen inside.
    name : str
        A registered segmenter, e.g. ``"boosted-pixels"``.
    preparation : Preparation, optional
        What happens between decoding and the segmenter.
    parameters : mapping, optional
        Of the segmenter, in place of its defaults.
    device, jobs, seed
        As on the command line.
    progress : Progress
        Hears of the images to read, when fitting begins, and of each epoch of a network.

    Returns
    -------
    SegmenterBundle
        Ready for `save`.
    dict of int to str
        Rows that could not be read, with the reason.

    Raises
    ------
    UsageError
        As `read_masked_images`.
    """
    preparation = preparation or Preparation()
    given = read_masked_images(manifest, preparation, jobs=jobs, progress=progress)
    shared = shared_by_segmenter(name, device=device, jobs=jobs, seed=seed)
    segmenter = create_segmenter(name, **{**shared, **(parameters or {})})
    say_nameless(given, progress)
    for warning in warnings_of_unknown({name: segmenter.pretraining}):
        progress.line(warning)
    places, labels = teaching_rows(given)
    taught = given.at(places)
    ill = taught.masks.any(axis=(1, 2))
    progress.line(
        f"fitting {name} on {len(places):,} slices, {int(ill.sum()):,} of them with a tumour"
    )
    heard = heard_epochs(segmenter, progress, name)
    segmenter.fit(taught.images, taught.masks, labels, taught.groups, **heard)
    keys = [ImageSource.of(manifest.paths[i]).key() for i in taught.rows]
    bundle = make_segmenter_bundle(
        segmenter,
        preparation,
        modality=modality_in(manifest, taught.rows),
        manifest_fingerprint=manifest.fingerprint(),
        metrics={
            "images": len(places),
            "with_tumour": int(ill.sum()),
            "patients": len(set(taught.groups)) if manifest.has_patients else None,
        },
        familiarity=learn(DESCRIPTION.transform(taught.images), keys, taught.groups),
    )
    return bundle, given.failed


def heard_epochs(segmenter: Segmenter, progress: Progress, what: str) -> dict[str, Any]:
    """Give what `fit` takes to tell of its epochs; empty where a segmenter has none.

    Parameters
    ----------
    segmenter : Segmenter
        What is to be fitted.
    progress : Progress
        Hears a line of each epoch.
    what : str
        How the line begins.
    """
    if not has_fit_parameter(type(segmenter), "after_epoch"):
        return {}
    return {"after_epoch": partial(_tell_epoch, progress, what)}


def _tell_epoch(
    progress: Progress, what: str, done: int, total: int, entry: Mapping[str, Any]
) -> None:
    dice = entry.get("validation_dice")
    score = "" if dice is None else f", Dice on patients held out {dice:.3f}"
    progress.line(f"{what}, epoch {done} of {total}: loss {entry['loss']:.3f}{score}")


def teaching_rows(
    given: MaskedImages, rows: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[Any] | None]:
    """Choose the rows that teach a segmenter, and tell their classes.

    Parameters
    ----------
    given : MaskedImages
        What is known.
    rows : int array [n], optional
        Places in it; default: all.

    Returns
    -------
    rows : int array [m]
        Where some tumours have a class and others none, those without are left out: they would be
        a class of their own, or no classes could be told apart at all.
    labels : array [m] or None
        Classes; None where no slice with a tumour has one.
    """
    places = np.arange(len(given.rows)) if rows is None else rows
    nameless = _nameless(given)[places]
    ill = given.masks[places].any(axis=(1, 2))
    if nameless[ill].all():
        return places, None
    return places[~nameless], given.labels[places[~nameless]]


def say_nameless(given: MaskedImages, progress: Progress) -> None:
    """Say which slices `teaching_rows` leaves out, or that no classes are told apart."""
    number, ill = int(_nameless(given).sum()), int(given.masks.any(axis=(1, 2)).sum())
    if number == ill:
        progress.line("no slice with a tumour has a label: its kinds are not told apart")
    elif number:
        have = "has" if number == 1 else "have"
        progress.line(
            f"{number:,} of {ill:,} slices with a tumour {have} no label: left out of training, as "
            "kinds of tumour are told apart; fill their labels, or empty the column label to learn "
            "from all without kinds"
        )


def _nameless(given: MaskedImages) -> NDArray[np.bool_]:
    """Tell which slices have a tumour and no label."""
    ill = given.masks.any(axis=(1, 2))
    return np.asarray(ill & np.asarray([not label for label in given.labels], bool))


def make_segmenter_bundle(
    segmenter: Segmenter,
    preparation: Preparation,
    *,
    modality: str,
    manifest_fingerprint: str,
    metrics: Mapping[str, Any] | None = None,
    familiarity: Mapping[str, Any] | None = None,
) -> SegmenterBundle:
    """Pack a fitted segmenter; arguments are as the fields of `SegmenterBundle`."""
    before = {segmenter.name: segmenter.pretraining} if segmenter.pretraining else {}
    bundle = SegmenterBundle(
        segmenter=segmenter.name,
        native=segmenter.to_bytes(),
        sha256="",
        classes=[str(c) for c in segmenter.classes_],
        decision=plain(asdict(segmenter.decision_)),
        image_size=segmenter.image_size_,
        preparation=plain(preparation.to_dict()),
        parameters=kept_parameters(segmenter),
        modality=modality,
        device=segmenter.device_,
        manifest=manifest_fingerprint,
        metrics=plain({**(metrics or {}), **({"pretrained_on": before} if before else {})}),
        versions={p: installed(p) for p in (*PACKAGES, segmenter.library)},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        package=segmenter_package(segmenter.name),
        segmenter_version=segmenter.version,
        familiarity=plain(dict(familiarity or {})),
    )
    bundle.sha256 = bundle.digest()
    return bundle


def modality_in(manifest: Manifest, rows: Sequence[int] | NDArray[np.int64]) -> str:
    """Name the one modality of some rows; empty where there are several, or it is not known."""
    found = set(manifest.table["modality"].iloc[list(rows)])
    (one, *others) = found or {""}
    return str(one) if not others and one in MODALITIES else ""


def _say_left_out(rows: NDArray[np.int64], manifest: Manifest, progress: Progress) -> None:
    if not len(rows):
        return
    labels = sorted({str(v) for v in manifest.table["label"].iloc[rows].dropna()})
    of = f" (of {', '.join(labels)})" if labels else ""
    number = f"{len(rows):,} rows have" if len(rows) > 1 else "1 row has"
    progress.line(f"{number} no mask{of}, and no label that says there is no tumour: left out")
