"""What a run knows: the typed record that ``results.json`` holds, schema 2.

The dataclasses are the format: `gliaboost.reports.protocol.record_file` writes and reads them, and
`gliaboost.reports.protocol.record_schema` makes the JSON Schema from them. Whatever changes here
for a reader of the file raises `SCHEMA`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal

from gliaboost.reports.statistics.measures import DealtLabels, Evaluation

SCHEMA: Final = 2

Takes = Literal["columns", "images", "both"]
Weight = Literal["wrong", "note", "fine"]
# A control is no competitor: it must fail, or show what a leak is worth.
ControlName = Literal["shuffled labels", "image folds"]
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
class Seconds:
    """What an experiment took.

    Attributes
    ----------
    features : float
        Core seconds that its features took when they were computed, all images.
    fit, predict : float
        On the clock, all folds together.
    """

    features: float
    fit: float
    predict: float


@dataclass(frozen=True, kw_only=True)
class FoldRecord:
    """One model, fitted once and asked once.

    Attributes
    ----------
    fold : str
        Its name.
    train, test : int
        Images.
    fit, predict : float
        Seconds on the clock.
    """

    fold: str
    train: int
    test: int
    fit: float
    predict: float


@dataclass(frozen=True, kw_only=True)
class HistoryRecord:
    """How the training of one fold went.

    Attributes
    ----------
    fold : str
        Its name.
    metric : str
        What was measured.
    train, valid : sequence of float
        By epoch, on what was learned from and on what was held out; the latter may be empty.
    """

    fold: str
    metric: str
    train: tuple[float, ...]
    valid: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """One trial of a search.

    Attributes
    ----------
    number : int
        From 0.
    state : str
        ``"complete"``, ``"pruned"`` (others were better) or ``"failed"``.
    score : float, optional
        Log loss; None where it did not get so far.
    """

    number: int
    state: str
    score: float | None


@dataclass(frozen=True, kw_only=True)
class SearchRecord:
    """The search for parameters inside one training part.

    Attributes
    ----------
    fold : str
        The outer fold, whose test part took no part.
    folds : int
        Inner folds.
    score : float
        Least balanced log loss.
    default_score : float, optional
        That of the model's own parameters.
    parameters : dict
        What was chosen.
    trials : sequence of TrialRecord
        In order.
    seconds : float
        On the clock.
    """

    fold: str
    folds: int
    score: float
    default_score: float | None
    parameters: dict[str, Any]
    trials: tuple[TrialRecord, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ExperimentIdentity:
    """What an experiment was.

    Attributes
    ----------
    name : str
        Unique in the run, as in ``predictions.parquet``.
    title : str
        What readers call the model.
    model, library : str
        Its registered name, and the distribution that computes it.
    takes : {"columns", "images", "both"}
        What the model learns from.
    features : sequence of str
        Labels of the extractors; empty where it takes images alone.
    parameters : dict
        Of the model, as far as they are the same in every fold; ``search`` has the others.
    device : str
        Where it was really fitted.
    """

    name: str
    title: str
    model: str
    library: str
    takes: Takes
    features: tuple[str, ...]
    parameters: dict[str, Any]
    device: str


# Fields come in the order of the bases from right to left: what it was, what was measured, costs.
@dataclass(frozen=True, kw_only=True)
class SeenElsewhereRecord:
    """How many pictures were in what an experiment's features were taught on elsewhere.

    Attributes
    ----------
    files, copies, others : int
        Pictures of the same bytes, copies or neighbours of such, and the rest.
    accuracy_of_others : float, optional
        Of the rest, 0 to 1; None where there is none.
    """

    files: int
    copies: int
    others: int
    accuracy_of_others: float | None


@dataclass(frozen=True, kw_only=True)
class ExperimentRecord(Evaluation, ExperimentIdentity):
    """One experiment: what it was, what was measured of it, and what that cost.

    Attributes
    ----------
    seconds : Seconds
        What it took.
    training_images_per_second : float, optional
        Of a network, each image counted in each epoch; median over folds.
    model_bytes : int, optional
        The saved model; median over folds, None where none was saved.
    peak_memory : int, optional
        Most bytes that the process held; None where the system does not tell.
    folds : sequence of FoldRecord
        Each fold's share.
    through_host : bool
        Whether a GPU was fed from the host's memory.
    shap_by_family : dict of str to float, optional
        Share of the mean absolute SHAP values by label of extractor; None for one family alone.
    history : sequence of HistoryRecord
        Of a network; one a fold.
    search : sequence of SearchRecord
        Where parameters were searched; one a fold.
    control, of : str, optional
        What it is to show, where it is no competitor, and the name of the experiment it repeats.
    test_on : str, optional
        The other data set that it was tested on, where it was no fold of its own.
    trained_on : sequence of str
        The data sets that it was fitted on whole, then.
    left_out : dict of str to int, optional
        Images of the other data set that were not asked about, by reason, then.
    offered : dict of str to int, optional
        Images of the other data set by class, before any was left out, then.
    seen_elsewhere : SeenElsewhereRecord, optional
        Where features were taught on another data set, which knows its pictures.
    """

    seconds: Seconds
    training_images_per_second: float | None
    model_bytes: int | None
    peak_memory: int | None
    folds: tuple[FoldRecord, ...]
    through_host: bool = False
    shap_by_family: dict[str, float] | None = None
    history: tuple[HistoryRecord, ...] = ()
    search: tuple[SearchRecord, ...] = ()
    control: ControlName | None = None
    of: str | None = None
    test_on: str | None = None
    trained_on: tuple[str, ...] = ()
    left_out: dict[str, int] | None = None
    offered: dict[str, int] | None = None
    seen_elsewhere: SeenElsewhereRecord | None = None

    @property
    def competes(self) -> bool:
        """Whether it is neither a control nor a test on another data set."""
        return self.control is None and self.test_on is None


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
