"""What a run knows: the typed record that ``results.json`` holds, schema 2.

The dataclasses, here and in `gliaboost.reports.protocol.experiment_record`, are the format:
`gliaboost.reports.protocol.record_file` writes and reads them, and
`gliaboost.reports.protocol.record_schema` makes the JSON Schema from them. Whatever changes here
for a reader of the file raises `SCHEMA`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from gliaboost.reports.protocol.call_record import CallRecord
from gliaboost.reports.protocol.experiment_record import ExperimentRecord
from gliaboost.reports.statistics.measures import DealtLabels

SCHEMA: Final = 2

Weight = Literal["wrong", "note", "fine"]
# A misspelled field is a fault and no news; a text is no number; NaN is no number either.
STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


@dataclass(frozen=True, kw_only=True)
class DatasetRecord:
    """The images that a run was made on.

    Attributes
    ----------
    name : str
        What readers call the data set.
    images, patients : int
        How many; 0 patients where none is known.
    classes, modalities : dict of str to int
        Images of each; classes in the order of every confusion matrix.
    sources : sequence of str
        Where images come from, as far as it is known.
    simulated : bool
        Whether the images were made by a computer.
    fingerprint : str
        SHA-256 of the manifest: equal for equal images, labels and patients.
    unreadable : dict of str to str
        Files that could not be read, with the reason; they take no part.
    audit : sequence of (weight, sentence)
        What the audit found; empty where there was none.
    planes : dict of str to int
        Readable images of each plane, ``unknown`` among them; empty in older runs.
    planes_inferred : int
        Images whose plane the picture told.
    inputs : str
        SHA-256 of the paths and the bytes of all pictures, and of the masks that were looked at;
        empty in older runs. ``inputs.parquet`` lists them.
    """

    name: str
    images: int
    patients: int
    classes: dict[str, int]
    modalities: dict[str, int]
    sources: tuple[str, ...]
    simulated: bool
    fingerprint: str
    unreadable: dict[str, str]
    audit: tuple[tuple[Weight, str], ...]
    planes: dict[str, int] = field(default_factory=dict)
    planes_inferred: int = 0
    inputs: str = ""


@dataclass(frozen=True, kw_only=True)
class ExtractorRecord:
    """One set of features.

    Attributes
    ----------
    name : str
        Its registered name.
    label : str
        What the run calls it: the name, with what sets it apart from its defaults.
    title : str
        What readers call it.
    version : int
        Of its mathematics.
    parameters : dict
        Plain values.
    """

    name: str
    label: str
    title: str
    version: int
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProtocolRecord:
    """How experiments were compared.

    Attributes
    ----------
    folds : str
        How the folds came about, in words.
    group : {"patient", "group", "image"}
        What the folds keep whole.
    n_folds, seed : int
        Outer folds; seed of everything that is drawn.
    preparation : dict
        What happened between decoding and extracting.
    extractors : sequence of ExtractorRecord
        All that any experiment used.
    command : str
        What the user typed; empty where the run was started from Python.
    copies : int, optional
        Tested images whose file, byte for byte, is in the training part of their fold as well; None
        where that was not counted.
    """

    folds: str
    group: Literal["patient", "group", "image"]
    n_folds: int
    seed: int
    preparation: dict[str, Any]
    extractors: tuple[ExtractorRecord, ...]
    command: str
    copies: int | None = None


@dataclass(frozen=True, kw_only=True)
class EnvironmentRecord:
    """Machine and software.

    Attributes
    ----------
    python, platform, processor : str
        As the system names them.
    gpu : str, optional
        Model of the GPU; None where there is none.
    cores, jobs : int
        Processor cores of the process, and threads that were allowed.
    versions : dict of str to str or None
        Of packages; None where one is absent.
    """

    python: str
    platform: str
    processor: str
    gpu: str | None
    cores: int
    jobs: int
    versions: dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A whole run, as ``results.json`` holds it.

    Attributes
    ----------
    dataset : DatasetRecord
        The images.
    protocol : ProtocolRecord
        How experiments were compared.
    environment : EnvironmentRecord
        Machine and software.
    experiments : sequence of ExperimentRecord
        In the order that they were run.
    dealt : DealtLabels, optional
        The control with dealt labels; None where it was not run.
    failed_controls : dict of str to str
        Controls that could not be run to their end, with the reason.
    call : CallRecord, optional
        What was asked for, so that it can be done again; None in older runs.
    schema : int
        Of this format.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    schema: Literal[2] = SCHEMA
    dataset: DatasetRecord
    protocol: ProtocolRecord
    environment: EnvironmentRecord
    experiments: tuple[ExperimentRecord, ...]
    dealt: DealtLabels | None = None
    failed_controls: dict[str, str] = field(default_factory=dict)
    call: CallRecord | None = None
