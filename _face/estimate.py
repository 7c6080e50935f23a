"""What a model that is fitted on all rows may reach on new patients, noted in its bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.models.bundle import Bundle

# Inner folds, where nobody says how many.
FOLDS = 3
UNKNOWN = (
    "patients are not known: pictures of one patient may lie on both sides of an inner fold, and "
    "the estimate is then too high"
)
NONE = "no estimate of its accuracy: gliaboost benchmark measures it"


def keep_estimate(bundle: Bundle, frame: pd.DataFrame | None) -> None:
    """Note in a bundle what was reached out of fold, if it could be.

    Parameters
    ----------
    bundle : Bundle
        Its ``metrics`` are given ``estimate``, and in it how sure its answers are: ``certainty``.
    frame : pandas.DataFrame, optional
        From `gliaboost.models.estimate.out_of_fold`.
    """
    from gliaboost.reports.statistics.certainty import Certainty
    from gliaboost.reports.statistics.evaluation import evaluate

    if frame is None:
        return
    measured = evaluate(frame, bundle.classes)
    bundle.metrics["estimate"] = {
        "accuracy": measured.accuracy.pooled,
        "ci95": None if measured.accuracy.ci95 is None else list(measured.accuracy.ci95),
        "balanced_accuracy": measured.balanced_accuracy.pooled,
        "macro_auc": measured.macro_auc.pooled,
        "folds": measured.counts.folds,
        "images": measured.counts.images,
        "unit": measured.bootstrap.unit,
        "units": measured.counts.groups,
        "certainty": Certainty.learned(frame, bundle.classes).to_dict(),
    }
    bundle.sha256 = bundle.digest()


def estimate_words(bundle: Bundle) -> str:
    """Say what a bundle may reach on new patients, as far as it was estimated."""
    known = bundle.metrics.get("estimate")
    if not known:
        return NONE
    said = f"accuracy on new {known['unit']}s about {known['accuracy']:.3f}"
    if known["ci95"]:
        said += " [{:.3f}, {:.3f}]".format(*known["ci95"])
    return f"{said}, from {known['folds']} inner folds by {known['unit']}"
