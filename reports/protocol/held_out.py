"""A saved model tried on labelled images that it was not trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gliaboost import notebook
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.naming import named
from gliaboost.errors import GliaboostError, UsageError
from gliaboost.models.bundle import Bundle
from gliaboost.models.prediction import Predictions, predict
from gliaboost.models.pretrained import warnings_of_unknown
from gliaboost.reports.statistics.evaluation import evaluate
from gliaboost.reports.statistics.measures import Evaluation

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class HeldOut:
    """How a saved model does on a data set.

    Attributes
    ----------
    model : dict
        `Bundle.summary` of the model.
    dataset : str
        The data set's name.
    classes : list of str
        Those that the model tells apart.
    evaluation : Evaluation
        Its numbers, on all images that could be read and have one of these classes.
    unseen : Evaluation or None
        The same without images that were in the model's training, or are copies of such; None where
        there are none of these, or nothing else.
    predictions : pandas.DataFrame
        One row an image: ``path``, ``label``, ``patient``, ``group``, ``predicted``,
        ``proba_<class>``, ``typicality``, ``seen``.
    other_classes : dict of str to int
        Images of classes that the model does not know; they are left out.
    failed : dict of str to str
        Path and reason of each file that could not be read.
    warnings : list of str
        What a reader of the numbers must know, a sentence each.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame(
    ...     {"label": ["a", "b"], "predicted": ["a", "a"], "proba_a": [0.9, 0.6],
    ...      "proba_b": [0.1, 0.4]}
    ... )
    >>> numbers = evaluate(frame, ["a", "b"])
    >>> found = HeldOut(
    ...     {"model": "svm"}, "clinic", ["a", "b"], numbers, None, frame, {}, {}, []
    ... )
    >>> found.evaluation.accuracy.pooled, found.to_dict()["dataset"]
    (0.5, 'clinic')
    """

    model: dict[str, Any]
    dataset: str
    classes: list[str]
    evaluation: Evaluation
    unseen: Evaluation | None
    predictions: pd.DataFrame
    other_classes: dict[str, int]
    failed: dict[str, str]
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Give all but the predictions as plain values, ready for JSON."""
        return {
            "model": self.model,
            "dataset": self.dataset,
            "classes": self.classes,
            "evaluation": asdict(self.evaluation),
            "unseen": None if self.unseen is None else asdict(self.unseen),
            "other_classes": self.other_classes,
            "failed": self.failed,
            "warnings": self.warnings,
        }

    def to_frame(self) -> pd.DataFrame:
        """Give the predictions, one row an image."""
        return self.predictions

    def __repr__(self) -> str:
        return notebook.two_lines(
            "HeldOut",
            f"{self.model['model']} on {self.dataset}, {len(self.predictions):,} images",
            self._accuracy() or "no accuracy",
        )

    def _accuracy(self) -> str:
        accuracy = self.evaluation.accuracy
        said = f"accuracy {accuracy.pooled:.3f}" if accuracy.pooled is not None else ""
        if accuracy.ci95:
            low, high = accuracy.ci95
            said += f" [{low:.3f}, {high:.3f}] by {self.evaluation.bootstrap.unit}"
        return said

    def _repr_html_(self) -> str:
        """Show a notebook the numbers by class, and accuracy with its interval."""
        rows = [
            (
                label,
                f"{found.images:,}",
                *(
                    "" if value is None else f"{value:.3f}"
                    for value in (found.recall.pooled, found.specificity.pooled, found.auc.pooled)
                ),
            )
            for label, found in self.evaluation.per_class.items()
        ]
        return notebook.table(
            f"{self.model['model']} on {self.dataset}",
            ["class", "images", "sensitivity", "specificity", "AUC"],
            rows,
            "; ".join([self._accuracy(), *self.warnings]),
        )


def evaluate_bundle(
    bundle: Bundle, manifest: Manifest, *, jobs: int | None = None, seed: int = 0
) -> HeldOut:
    """Try a saved model on a labelled data set.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    manifest : Manifest
        Labelled images, without faults. Intervals resample its patients, else its groups.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Of the resampling.

    Returns
    -------
    HeldOut

    Raises
    ------
    UsageError
        If no image has a class that the model knows.
    GliaboostError
        If none of these can be read.
    """
    import pandas as pd

    manifest.check()
    table = manifest.table
    if table["label"].isna().all():
        raise UsageError(f"{manifest.name} has no labels; predict names classes without them")
    known = table["label"].isin(bundle.classes).to_numpy()
    others = Counter(str(label) for label in table.loc[~known, "label"].dropna())
    if not known.any():
        raise UsageError(
            f"{manifest.name} has the classes {', '.join(sorted(others))}; this model tells "
            f"{', '.join(bundle.classes)} apart. Name the same --target as in training, or rename "
            "with: gliaboost manifest edit --rename OLD=NEW"
        )
    rows = [int(row) for row in known.nonzero()[0]]
    paths = manifest.paths
    found = predict(bundle, [paths[row] for row in rows], jobs=jobs)
    frame = found.to_frame()
    beside = table.iloc[rows].reset_index(drop=True)
    facts = {"label": beside["label"].astype(str)}
    facts |= {c: beside[c] for c in ("patient", "group") if c in beside}
    frame = pd.concat([frame[["path"]], pd.DataFrame(facts), frame.drop(columns="path")], axis=1)
    failed = {p.name: str(p.error) for p in found if p.error is not None}
    frame = frame[frame["error"].isna()].drop(columns="error").reset_index(drop=True)
    if frame.empty:
        raise GliaboostError(
            f"none of the {len(rows)} images can be read; the first: {next(iter(failed.values()))}"
        )
    new = frame[~frame["seen"].isin(["file", "copy"])]
    seen = len(frame) - len(new)
    return HeldOut(
        model=bundle.summary(),
        dataset=named(manifest),
        classes=list(bundle.classes),
        evaluation=evaluate(frame, bundle.classes, seed=seed),
        unseen=evaluate(new, bundle.classes, seed=seed) if seen and len(new) else None,
        predictions=frame,
        other_classes=dict(sorted(others.items())),
        failed=failed,
        warnings=[
            *_warnings(found, others, frame, bundle.classes),
            *warnings_of_unknown(bundle.metrics.get("pretrained_on", {})),
        ],
    )


def _warnings(
    found: Predictions, others: Counter[str], frame: pd.DataFrame, classes: Sequence[str]
) -> list[str]:
    said = list(found.warnings)
    if others:
        listed = ", ".join(f"{n:,} {label}" for label, n in sorted(others.items()))
        said.append(f"left out, as the model does not know their class: {listed}")
    absent = [c for c in classes if c not in set(frame["label"])]
    if absent:
        said.append(
            f"no image of {', '.join(absent)}: accuracy and sensitivity are of the other classes"
        )
    if "patient" not in frame or frame["patient"].isna().all():
        said.append(
            "patients are not known: if some of them were in training, the numbers are too high"
        )
    return said
