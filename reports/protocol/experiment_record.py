"""What a run knows of one experiment: what it was, what was measured of it, and what that cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from gliaboost.reports.statistics.measures import Evaluation

Takes = Literal["columns", "images", "both"]
# A control is no competitor: it must fail, or show what a leak is worth.
ControlName = Literal["shuffled labels", "image folds"]


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """What an experiment took.

    Attributes
    ----------
    features : float
        Core seconds that its features took when they were computed, all images.
    fit, predict : float
        On the clock, all folds together.
    tested : float, optional
        Core seconds of the features of the tested images alone, without what extractors took to
        learn and to describe training rows; None in older runs.
    """

    features: float
    fit: float
    predict: float
    tested: float | None = None


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


# Fields come in the order of the bases from right to left: what it was, what was measured, costs.
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
    pretrained_on : dict of str to sequence of str
        What pretrained networks had learned from before, by the label of their features or the name
        of the model; ``unknown`` where nobody says. Empty in older runs.
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
    pretrained_on: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def competes(self) -> bool:
        """Whether it is neither a control nor a test on another data set."""
        return self.control is None and self.test_on is None
