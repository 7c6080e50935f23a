"""Segmenters x folds, each slice measured at its own size by one that never saw its patient."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import has_fit_parameter

from gliaboost._compat import available_cores
from gliaboost._version import __version__
from gliaboost.datasets.decoding_version import DECODING
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.datasets.plane.column import COLUMN
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold, assert_disjoint
from gliaboost.errors import UsageError
from gliaboost.features.embedding.pretraining import without_words
from gliaboost.models.bundle_file import save
from gliaboost.models.packing import installed, kept_parameters
from gliaboost.models.plain_values import plain
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.registry import (
    create_segmenter,
    segmenter_class,
    shared_by_segmenter,
)
from gliaboost.models.segmentation.training import (
    MaskedImages,
    heard_epochs,
    make_segmenter_bundle,
    modality_in,
    read_masked_images,
    say_nameless,
    teaching_rows,
)
from gliaboost.parallel import map_in_order
from gliaboost.progress import SILENT, Progress
from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.environment import NUMERIC, processor
from gliaboost.reports.protocol.inputs import inputs_of, write_inputs
from gliaboost.reports.protocol.parts import forget, read_noted, stem_of, write_noted
from gliaboost.reports.protocol.planes import planes_in_memory
from gliaboost.reports.protocol.segmentation_record import (
    SCHEMA,
    SegmentationRecord,
    SegmentationResults,
    SegmenterFold,
    SegmenterRecord,
    read_segmentation,
    write_segmentation,
)
from gliaboost.reports.protocol.segmented_slices import NOTES_KEY, measured_slices

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SegmentationProtocol:
    """Which segmenters on which folds.

    Attributes
    ----------
    segmenters : sequence of str
        Registered names.
    folds : sequence of Fold
        Of rows of the manifest; patients are whole.
    description : str
        How the folds came about.
    parameters : mapping of str to mapping
        By segmenter.
    preparation : Preparation
        What images go through.
    device, jobs, seed
        As on the command line.
    """

    segmenters: Sequence[str]
    folds: Sequence[Fold]
    description: str
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    preparation: Preparation = field(default_factory=Preparation)
    device: str = "auto"
    jobs: int | None = None
    seed: int = 0

    def build(self, name: str) -> Segmenter:
        """Build a segmenter with its parameters."""
        shared = shared_by_segmenter(name, device=self.device, jobs=self.jobs, seed=self.seed)
        return create_segmenter(name, **{**shared, **self.parameters.get(name, {})})


def run_segmentation(
    manifest: Manifest,
    protocol: SegmentationProtocol,
    out: Path,
    *,
    command: str = "",
    call: CallRecord | None = None,
    progress: Progress = SILENT,
) -> SegmentationResults:
    """Run every segmenter on every fold; write ``segmentation.json`` and ``slices.parquet``.

    A fold that `out` already holds, for the same images, masks, folds, parameters and seed, is
    taken from there: a killed run goes on where it stopped.

    Parameters
    ----------
    manifest : Manifest
        Images with masks, without faults.
    protocol : SegmentationProtocol
        What to run.
    out : pathlib.Path
        The results' folder.
    command : str
        What the user typed, for the report.
    call : CallRecord, optional
        What was asked for, to be kept with the results.
    progress : Progress
        Hears of the images to read, and a line a fold.

    Returns
    -------
    SegmentationResults

    Raises
    ------
    UsageError
        If there are no masks, some cannot be used, or no fold has them on both sides.
    """
    import pandas as pd

    assert_disjoint(manifest, protocol.folds)
    data = read_masked_images(manifest, protocol.preparation, jobs=protocol.jobs, progress=progress)
    say_nameless(data, progress)
    job = _Comparison(manifest, protocol, data, out, _keys(manifest, data.rows, protocol.jobs))
    frames, records = [], []
    for name in protocol.segmenters:
        folds = []
        for fold in protocol.folds:
            if (part := job.fold(name, fold, progress)) is not None:
                frames.append(part[0])
                folds.append(part[1])
        if folds:
            built = protocol.build(name)
            records.append(
                SegmenterRecord(
                    name=name,
                    parameters=kept_parameters(built),
                    folds=tuple(folds),
                    pretrained_on=built.pretraining,
                )
            )
    if not frames:
        raise UsageError(
            "in no fold are there masks to learn from on one side and images whose tumour is known "
            "on the other; name other folds with --folds, or fill the column mask in more rows"
        )
    slices = pd.concat(frames, ignore_index=True).drop(columns="mask")
    planes = planes_in_memory(manifest.table.iloc[data.rows], data.images)
    slices[COLUMN] = slices["path"].map(planes)
    paths = manifest.table["path"]
    keys: list[str | None] = [None] * len(manifest)
    for row, (key, _) in zip(data.rows, job.keys, strict=True):
        keys[int(row)] = key
    record = SegmentationRecord(
        schema=SCHEMA,
        gliaboost=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        dataset=named(manifest),
        fingerprint=manifest.fingerprint(),
        images=len(data.rows),
        with_tumour=int(data.masks.any(axis=(1, 2)).sum()),
        patients=len(set(data.groups)) if manifest.has_patients else 0,
        left_out=len(manifest) - len(data.rows) - len(data.failed),
        simulated="phantom" in set(manifest.table["source"].dropna()),
        division=protocol.description,
        preparation=plain(protocol.preparation.to_dict()),
        seed=protocol.seed,
        processor=processor(),
        cores=protocol.jobs or available_cores(),
        segmenters=tuple(records),
        unreadable={str(paths.iloc[i]): reason for i, reason in data.failed.items()},
        versions={name: installed(name) for name in NUMERIC},
        inputs=write_inputs(out, [inputs_of(manifest, keys, masks=True, jobs=protocol.jobs)]),
        call=call,
    )
    write_segmentation(out, record, slices)
    return read_segmentation(out)


@dataclass(frozen=True, eq=False)
class _Comparison:
    manifest: Manifest
    protocol: SegmentationProtocol
    data: MaskedImages
    out: Path
    keys: list[tuple[str, str]]

    def fold(
        self, name: str, fold: Fold, progress: Progress
    ) -> tuple[pd.DataFrame, SegmenterFold] | None:
        """Fit and measure a segmenter on a fold, or take what an earlier run left of it."""
        test = self._inside(fold.test)
        train, labels = teaching_rows(self.data, self._inside(fold.train))
        if not len(test) or not self.data.masks[train].any():
            progress.line(f"{name}, fold {fold.name}: no masks on one of its sides, left out")
            return None
        identity = self._identity(name, train, labels, test)
        path = self.out / "parts" / f"{stem_of(name, str(fold.name))}.parquet"
        known = read_noted(path, NOTES_KEY)
        if known is not None:
            notes = json.loads(known[1])
            if notes.pop("identity", "") == identity:
                return known[0], SegmenterFold(**notes)
        segmenter = self.protocol.build(name)
        beside = heard_epochs(segmenter, progress, f"{name}, fold {fold.name}")
        checkpoint = path.with_suffix(".checkpoint")
        if has_fit_parameter(type(segmenter), "checkpoint"):
            beside["checkpoint"] = checkpoint
        begun = perf_counter()
        images, masks = self.data.images[train], self.data.masks[train]
        segmenter.fit(images, masks, labels, self.data.groups[train], **beside)
        fit = perf_counter() - begun
        frame = measured_slices(
            self.manifest,
            self.data,
            test,
            segmenter,
            self.protocol.preparation,
            experiment=name,
            fold=str(fold.name),
            jobs=self.protocol.jobs,
            progress=progress,
        )
        told = SegmenterFold(
            fold=str(fold.name),
            train=len(train),
            test=len(test),
            fit=fit,
            device=segmenter.device_,
            decision=plain(asdict(segmenter.decision_)),
        )
        self._save(segmenter, path.stem, train)
        write_noted(path, frame, NOTES_KEY, {"identity": identity, **asdict(told)})
        forget(checkpoint)
        ill = frame[frame["area_true"] > 0]
        dice = f"Dice {ill['dice'].mean():.3f}" if len(ill) else "no tumour to find"
        progress.line(
            f"{name}, fold {fold.name}: {dice} on {len(ill):,} slices with a tumour, fitted in "
            f"{fit:.0f} s"
        )
        return frame, told

    def _inside(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the places among the masked images of some rows of the manifest."""
        return np.flatnonzero(np.isin(self.data.rows, rows))

    def _save(self, segmenter: Segmenter, stem: str, train: NDArray[np.int64]) -> None:
        bundle = make_segmenter_bundle(
            segmenter,
            self.protocol.preparation,
            modality=modality_in(self.manifest, self.data.rows[train]),
            manifest_fingerprint=self.manifest.fingerprint(),
            metrics={"images": len(train), "fold": stem},
        )
        save(bundle, self.out / "models" / f"{stem}.joblib")

    def _identity(
        self,
        name: str,
        train: NDArray[np.int64],
        labels: NDArray[Any] | None,
        test: NDArray[np.int64],
    ) -> str:
        """Hash all that a fold's masks, and what is told of them, depend on."""
        told = [""] * len(train) if labels is None else map(str, labels)
        given = [
            [*self.keys[k], str(self.data.groups[k]), label]
            for k, label in zip(train, told, strict=True)
        ]
        parts = {
            "version": __version__,
            "decoding": DECODING,
            "train": given,
            # All that the rows of the table tell, and intervals rest on.
            "test": [
                [*self.keys[k], *map(str, told)]
                for k, told in zip(test, self._told(test).to_numpy(), strict=True)
            ],
            "segmenter": name,
            "segmenter_version": segmenter_class(name).version,
            "parameters": without_words(
                self.protocol.build(name).set_params(**self._idle(name)).get_params()
            ),
            "preparation": self.protocol.preparation.to_dict(),
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _told(self, test: NDArray[np.int64]) -> pd.DataFrame:
        """Give what the table of slices keeps of some rows beside what is measured."""
        table = self.manifest.table
        columns = [c for c in ("path", "label", "patient", "group") if c in table]
        return table[columns].iloc[self.data.rows[test]]

    def _idle(self, name: str) -> dict[str, Any]:
        """Give what a segmenter's numbers do not depend on."""
        return shared_by_segmenter(name, jobs=None)


def _keys(manifest: Manifest, rows: NDArray[np.int64], jobs: int | None) -> list[tuple[str, str]]:
    """Give the SHA-256 of each row's image and mask."""
    files, masks = manifest.paths, manifest.masks

    def one(row: np.int64) -> tuple[str, str]:
        mask = masks[int(row)]
        own = ImageSource.of(files[int(row)]).key()
        return own, "" if mask is None else ImageSource.of(mask).key()

    return list(map_in_order(one, list(rows), jobs=jobs))
