"""What a bundle cannot say of its answers, and how to make one that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gliaboost._face.answers import certainty_of

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle


def of_certainty(bundle: Bundle) -> str:
    """Say what a bundle lacks to tell how sure its answers are; nothing where it can tell."""
    certainty = certainty_of(bundle)
    if certainty is None:
        return (
            "This model cannot tell how sure its answers are: its probabilities are not "
            "calibrated, and no class is ruled out."
        )
    if certainty.strangeness is None:
        return f"This model learned from {certainty.units} patients: too few to rule out a class."
    return ""


def of_refusal(bundle: Bundle) -> str:
    """Say what a bundle lacks to refuse what is no brain slice; nothing where it can."""
    from gliaboost.models.familiarity.familiarity import limit

    if not bundle.familiarity:
        return (
            "This model refuses nothing, not even a cat, and cannot tell whether a picture was in "
            "its training set."
        )
    if limit(bundle.familiarity) is None:
        return "This model was trained on too few pictures to refuse any."
    return ""


def shortcomings(bundle: Bundle) -> list[str]:
    """Say in sentences what a bundle does not know of its answers; nothing where it knows all.

    Examples
    --------
    >>> from gliaboost.models.bundle import Bundle
    >>> bare = Bundle("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> [said[:40] for said in shortcomings(bare)]
    ['This model cannot tell how sure its answ', 'This model refuses nothing, not even a c']
    """
    return [said for said in (of_certainty(bundle), of_refusal(bundle)) if said]


def remedies(bundle: Bundle) -> list[str]:
    """Say in sentences how to make a bundle that lacks nothing; nothing where it lacks nothing.

    Examples
    --------
    >>> from gliaboost.models.bundle import Bundle
    >>> fold = Bundle("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> fold.metrics["experiment"], fold.metrics["fold"] = "lightgbm+hog", "1"
    >>> for said in remedies(fold):
    ...     print(said)
    A benchmark keeps the bare model of a fold (here fold 1 of lightgbm+hog), to be measured.
    One that can is trained: gliaboost train DATA --model lightgbm
    """
    if not shortcomings(bundle):
        return []
    said = []
    if "experiment" in bundle.metrics:
        fold, experiment = bundle.metrics.get("fold"), bundle.metrics["experiment"]
        said.append(
            f"A benchmark keeps the bare model of a fold (here fold {fold} of {experiment}), to be "
            "measured."
        )
    named = dict.fromkeys(str(spec.get("name")) for spec in bundle.features)
    words = f" --features {','.join(named)}" if named else ""
    few = bool(bundle.familiarity) and certainty_of(bundle) is not None
    more = " on more patients" if few else ""
    return [
        *said,
        f"One that can is trained{more}: gliaboost train DATA --model {bundle.model}{words}",
    ]


def lacking(bundle: Bundle) -> list[tuple[str, str]]:
    """Set the shortcomings as one more fact of a bundle, if it has any."""
    said = shortcomings(bundle)
    return [("What it lacks", " ".join(said))] if said else []
