"""A run that was saved: what it was asked for, on which data, and where it ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._compat import available_cores
from gliaboost._face.faults import Faults
from gliaboost._face.old_names import names_now
from gliaboost._face.same_data import Known, missing
from gliaboost.errors import UsageError
from gliaboost.files import sha256_file
from gliaboost.regular_files import is_regular, is_there
from gliaboost.reports.protocol.record import RunRecord
from gliaboost.reports.protocol.segmentation_record import SegmentationRecord

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.features.base import Extractor
    from gliaboost.reports.protocol.call_record import CallRecord
    from gliaboost.reports.protocol.record import ExtractorRecord
    from gliaboost.reports.protocol.results import Results
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults

    Run = Path | str | Results | SegmentationResults

# How a file ends that a parameter may name.
FILES = (".joblib", ".safetensors", ".pth", ".pt", ".bin", ".ckpt")


@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run that was saved.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    file : pathlib.Path
        Its record's file.
    record : RunRecord or SegmentationRecord
        What is known of it.
    answers : pandas.DataFrame
        One row an image, experiment and fold; empty where the table is not there.
    """

    folder: Path
    file: Path
    record: RunRecord | SegmentationRecord
    answers: pd.DataFrame

    @property
    def digest(self) -> str:
        """SHA-256 of the record's file."""
        return sha256_file(self.file)

    @property
    def of_segmenters(self) -> bool:
        """Whether segmenters were compared, and no classifiers."""
        return isinstance(self.record, SegmentationRecord)

    @property
    def command(self) -> str:
        """What the user typed; empty where it was started from Python."""
        record = self.record
        return record.protocol.command if isinstance(record, RunRecord) else record.command

    @property
    def seed(self) -> int:
        """Of everything that was drawn."""
        record = self.record
        return record.protocol.seed if isinstance(record, RunRecord) else record.seed

    @property
    def jobs(self) -> int:
        """Threads that were allowed, as far as there are so many here."""
        record = self.record
        then = record.environment.jobs if isinstance(record, RunRecord) else record.cores
        return max(1, min(then, available_cores()))

    @property
    def data(self) -> Known:
        """What it says of its data."""
        known = self.record.dataset if isinstance(self.record, RunRecord) else self.record
        return Known(known.fingerprint, known.inputs, self.answers, self.folder)

    def arguments(self, faults: Faults, asked: Mapping[str, Any] | None) -> dict[str, Any]:
        """Give the arguments of its call, but for places, seed and threads.

        Parameters
        ----------
        faults : Faults
            Notes what keeps the call from being made again.
        asked : mapping, optional
            They, where the run is of a version that did not keep them.
        """
        call, record = self.record.call, self.record
        if call is None:
            if asked is None:
                typed = f" (it was: {self.command})" if self.command else ""
                faults.note(
                    UsageError(
                        f"{self.folder} is of an older version, which did not keep what it was "
                        f"asked for{typed}; name the arguments of that call: asked={{...}}"
                    )
                )
            return dict(asked or {})
        found: dict[str, Any] = {
            "data": self._place(call, call.data),
            "models": list(call.models),
            "settings": self._with_files(faults, call, call.settings),
            "folds": call.folds,
            "only": list(call.only),
            "modality": call.modality,
            "device": call.device,
        }
        if isinstance(record, SegmentationRecord):
            return {**found, "prepare": dict(record.preparation)}
        if call.test_on is not None:
            found["test_on"] = self._place(call, call.test_on)
        return {
            **found,
            "prepare": dict(record.protocol.preparation),
            "features": self._extractors(faults, call, record.protocol.extractors),
            "target": call.target,
            "tune": call.tune,
            "ablation": call.ablation,
            "controls": call.controls,
            "audit": call.audit,
        }

    def _place(self, call: CallRecord, named: str) -> Path | None:
        """Find data that the call named; None of a table in memory."""
        if not named:
            return None
        return next((p for p in call.places(named, self.folder) if is_there(p)), Path(named))

    def _with_files(self, faults: Faults, call: CallRecord, value: Any) -> Any:
        """Find the files that parameters name, at any depth."""
        if isinstance(value, dict):
            return {k: self._with_files(faults, call, v) for k, v in value.items()}
        if not (isinstance(value, str) and value.endswith(FILES)):
            return value
        places = call.places(value, self.folder)
        found = next((p for p in places if is_regular(p)), None)
        if found is None:
            faults.note(missing(places, value, "put it there"))
        # As it was given where that leads there from here too: what is noted is not to differ.
        if found is None or (is_regular(Path(value)) and found.samefile(value)):
            return value
        return str(found)

    def _extractors(
        self, faults: Faults, call: CallRecord, known: tuple[ExtractorRecord, ...]
    ) -> list[Extractor]:
        """Build the extractors; note those that are not what they were."""
        from gliaboost.features import create

        built, names = [], names_now(known)
        for own in call.extractors:
            before = len(faults.errors)
            parameters = self._with_files(faults, call, own.parameters)
            if len(faults.errors) > before:
                continue
            with faults.noted():
                extractor = create(own.name, **parameters)
                if "device" in extractor.get_params():
                    extractor.set_params(device=call.device)
                built.append(extractor)
                here = extractor.label
                then = next((e for e in known if here in (e.label, names.name(e.label))), None)
                now = extractor.spec()["parameters"]
                for name, a, b in _differing(then.parameters if then else {}, now):
                    faults.note(
                        UsageError(f"{own.name}: its {name} was {a!r} then, and is {b!r} now")
                    )
        return built


def read_saved(results: Run) -> SavedRun:
    """Read a run: its folder, its record's file, or what was read from there.

    Raises
    ------
    UsageError
        If there is no such run.
    ResultsError
        If it is damaged, or of a newer version.
    """
    import pandas as pd

    from gliaboost.reports.protocol.record_file import FILE, read_record
    from gliaboost.reports.protocol.results import PREDICTIONS, Results, read_results
    from gliaboost.reports.protocol.segmentation_record import (
        RECORD,
        SegmentationResults,
        holds_segmentation,
        read_segmentation,
    )

    if isinstance(results, Results | SegmentationResults):
        if results.folder is None:
            raise UsageError("these results lie in no folder; expected those of a saved run")
        results = results.folder
    folder = Path(results)
    if is_regular(folder):
        if folder.name not in (FILE, RECORD):
            raise UsageError(f"{folder} is no run; expected its folder, its {FILE} or its {RECORD}")
        name, folder = folder.name, folder.parent
    else:
        name = RECORD if holds_segmentation(folder) else FILE
    if name == RECORD:
        compared = read_segmentation(folder)
        return SavedRun(folder, folder / RECORD, compared.record, compared.slices)
    if is_there(folder / PREDICTIONS):
        whole = read_results(folder)
        return SavedRun(folder, folder / FILE, whole.record, whole.predictions)
    return SavedRun(folder, folder / FILE, read_record(folder), pd.DataFrame())


def causes(then: SavedRun, now: SavedRun) -> list[str]:
    """Say what differs between two runs and may have moved numbers, the likeliest first."""
    from gliaboost.reports.protocol import reproduction

    a, b = then.record, now.record
    if isinstance(a, RunRecord) and isinstance(b, RunRecord):
        fitted = {e.name: e.device for e in b.experiments}
        devices = [(f"{e.name} fitted on", e.device, fitted.get(e.name)) for e in a.experiments]
        maths = {e.label: e.version for e in b.protocol.extractors}
        versions = [
            (f"maths of {e.label}: version", e.version, maths.get(e.label, e.version))
            for e in a.protocol.extractors
        ]
        return [
            *reproduction.differing(versions),
            *reproduction.differing_places(a.environment, b.environment),
            *reproduction.differing(d for d in devices if d[2] is not None),
        ]
    assert isinstance(a, SegmentationRecord) and isinstance(b, SegmentationRecord)
    known = {**a.versions, "gliaboost": a.gliaboost}
    return [
        *reproduction.differing_versions(known, {**b.versions, "gliaboost": b.gliaboost}),
        *reproduction.differing(
            [("processor", a.processor, b.processor), ("threads", a.cores, b.cores)]
        ),
    ]


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Give the parameters that both know, and that differ."""
    for name, value in then.items():
        if name in now and now[name] != value:
            yield name, value, now[name]
