"""One picture's answer, with all that a reader must know of it: how sure, how strange, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.explain.attribution import Explanation
    from gliaboost.models.prediction import Prediction
    from gliaboost.reports.statistics.certainty import Certainty

NOT_SURE = "not sure: show it to a human"
UNCALIBRATED = (
    "as the model gives them: this bundle holds no pictures out of fold by which to calibrate them"
)


@dataclass(frozen=True)
class Answer:
    """What a bundle says of one picture.

    Attributes
    ----------
    name : str
        What the picture is called.
    predicted : str or None
        The most probable class; None where the picture was refused or cannot be read.
    probabilities : dict of str to float
        By class, the greatest first; calibrated where the bundle can. Empty without an answer.
    calibrated : bool
        Whether they are.
    inside : tuple of str or None
        Classes that cannot be ruled out, the likeliest first; None where the bundle does not know.
    alpha : float or None
        Share of such sets that may lack the true class.
    refused : str or None
        Why the picture is none that the model can speak of.
    typicality : float or None
        Share of training pictures that look at least as unusual.
    seen : str
        Whether it was in the training set, in words; else nothing.
    error : str or None
        Why it cannot be read.
    """

    name: str
    predicted: str | None = None
    probabilities: dict[str, float] | None = None
    calibrated: bool = False
    inside: tuple[str, ...] | None = None
    alpha: float | None = None
    refused: str | None = None
    typicality: float | None = None
    seen: str = ""
    error: str | None = None

    @property
    def sure(self) -> bool | None:
        """Whether exactly one class cannot be ruled out; None where that is not known."""
        return None if self.inside is None else len(self.inside) == 1

    @property
    def verdict(self) -> str:
        """The answer in a few words.

        Examples
        --------
        >>> Answer("a.png", "glioma", {"glioma": 0.9, "healthy": 0.1}, True, ("glioma",)).verdict
        'glioma'
        >>> Answer("a.png", error="is empty").verdict
        'unreadable'
        """
        if self.error is not None:
            return "unreadable"
        if self.refused is not None:
            return "refused"
        return NOT_SURE if self.sure is False else str(self.predicted)

    def certainty_words(self) -> str:
        """Say in a sentence what cannot be ruled out."""
        if self.inside is None:
            return "Which classes can be ruled out is not known for this bundle."
        most = f"{1 - (self.alpha or 0):.0%}"
        if not self.inside:
            return f"No class fits well enough for {most} certainty."
        if self.sure:
            return f"All other classes are ruled out, with {most} certainty for a new patient."
        return f"Cannot be ruled out, with {most} certainty: {', '.join(self.inside)}."

    def notes(self) -> list[str]:
        """Say in sentences what belongs to the answer."""
        if self.error is not None or self.refused is not None:
            return [f"{self.error or self.refused}."]
        said = [self.certainty_words()]
        if not self.calibrated:
            said.append(f"Probabilities {UNCALIBRATED}.")
        return [*said, self.seen] if self.seen else said


def answer(
    bundle: Bundle, sources: Sequence[ImageSource], *, jobs: int | None = None
) -> list[Answer]:
    """Ask a bundle about pictures.

    Parameters
    ----------
    bundle : Bundle
        From `load`.
    sources : sequence of ImageSource
        One picture each.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    list of Answer
        In order.
    """
    from gliaboost.models.familiarity.familiarity import limit
    from gliaboost.models.prediction import predict

    certainty = certainty_of(bundle)
    least = limit(bundle.familiarity) if bundle.familiarity else None
    return [_answer(one, certainty, least) for one in predict(bundle, sources, jobs=jobs)]


def certainty_of(bundle: Bundle) -> Certainty | None:
    """Read how sure a bundle's answers are; None where it does not know."""
    from gliaboost.reports.statistics.certainty import Certainty

    known = (bundle.metrics.get("estimate") or {}).get("certainty")
    return Certainty.from_dict(known) if isinstance(known, dict) else None


def _answer(one: Prediction, certainty: Certainty | None, least: float | None) -> Answer:
    import numpy as np

    if one.error is not None:
        return Answer(one.name, error=one.error)
    # Of few training pictures those themselves may lie farther out than new ones do.
    if one.familiarity is not None and one.familiarity.unlike and not one.familiarity.seen:
        typicality = one.familiarity.typicality
        said = (
            "unlike the pictures that the model was trained on: only "
            f"{typicality:.1%} of them look so unusual, and it answers above {least:.1%}"
        )
        return Answer(one.name, refused=said, typicality=typicality)
    raw = np.array(list(one.probabilities.values()))
    shown = raw if certainty is None else certainty.calibrated(raw)
    order = np.argsort(-raw, kind="stable")
    classes = list(one.probabilities)
    inside = None
    if certainty is not None:
        kept = certainty.inside(raw)
        inside = tuple(classes[k] for k in order if kept[k])
    return Answer(
        one.name,
        one.predicted,
        {classes[k]: float(shown[k]) for k in order},
        certainty is not None,
        inside,
        None if certainty is None else certainty.alpha,
        typicality=one.typicality,
        seen=_SEEN[one.seen or ""],
    )


_SEEN = {
    "": "",
    "file": "This picture was in its training set: how well it does here says nothing.",
    "copy": (
        "This picture, a copy of it or its neighbour in the scan was in its training set: how well "
        "it does here says little."
    ),
}


def answers_frame(answers: Sequence[Answer], classes: Sequence[str]) -> pd.DataFrame:
    """Set answers as a table, one row a picture.

    Returns
    -------
    pandas.DataFrame
        ``picture``, ``answer``, ``predicted``, ``proba_<class>``, ``calibrated``,
        ``not_ruled_out``, ``typicality``, ``in_training_set``, ``note``.

    Examples
    --------
    >>> answers_frame([Answer("a.png", error="is empty")], ["glioma"])["answer"].tolist()
    ['unreadable']
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "picture": one.name,
                "answer": one.verdict,
                "predicted": one.predicted,
                **{f"proba_{c}": (one.probabilities or {}).get(c) for c in classes},
                "calibrated": one.calibrated,
                "not_ruled_out": None if one.inside is None else ", ".join(one.inside),
                "typicality": one.typicality,
                "in_training_set": bool(one.seen),
                "note": one.error or one.refused or "",
            }
            for one in answers
        ]
    )


def explanation_of(bundle: Bundle, source: ImageSource) -> Explanation | str:
    """Say what the decision on one picture rests on, or in words why that cannot be told."""
    from gliaboost.errors import GliaboostError
    from gliaboost.models.explain.attribution import explain

    try:
        return explain(bundle, source)
    except GliaboostError as error:
        return str(error)


def ask_once(bundle: str, segmenters: Sequence[str] = ()) -> None:
    """Ask models about an empty picture, so that the next answer comes at once.

    Parameters
    ----------
    bundle : str
        A classifier's file; nothing: that of the demonstration, if it is made.
    segmenters : sequence of str
        Files of segmenters.

    Raises
    ------
    GliaboostError
        If a model cannot be opened or asked.
    """
    import numpy as np

    from gliaboost._face.demo_model import made_before
    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.models.bundle import load
    from gliaboost.models.segmentation.bundle import load_segmenter
    from gliaboost.models.segmentation.tumour_map import tumour_map

    files = [bundle, *segmenters] if bundle else made_before()
    if not files:
        return
    empty = ImageSource.from_array("empty", np.zeros((64, 64), np.uint8))
    opened = load(files[0])
    answer(opened, [empty])
    explanation_of(opened, empty)
    for file in files[1:]:
        tumour_map(load_segmenter(file), empty)


def bundle_facts(bundle: Bundle) -> list[tuple[str, str]]:
    """Say what a bundle is and what it was trained on: names and values, none of them empty.

    Examples
    --------
    >>> from gliaboost.models.bundle import Bundle
    >>> one = Bundle("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> bundle_facts(one)[0], bundle_facts(one)[-1][0]
    (('Model', 'lightgbm'), 'On new patients')
    """
    from gliaboost._face.estimate import estimate_words

    metrics = bundle.metrics
    counts = metrics.get("classes")
    shares = (
        ", ".join(f"{name} {n:,}" for name, n in counts.items())
        if isinstance(counts, dict)
        else ", ".join(bundle.classes)
    )
    patients = metrics.get("patients")
    said = f"{metrics['images']:,} pictures" if isinstance(metrics.get("images"), int) else ""
    if said:
        said += f" of {patients:,} patients" if patients else ", patients not known"
    found = [
        ("Model", bundle.model),
        ("Features", ", ".join(str(spec.get("name")) for spec in bundle.features) or "the picture"),
        ("Trained on", said),
        ("Classes", shares),
        ("Trained", bundle.created[:10]),
        ("Data set", f"manifest {bundle.manifest[:12]}" if bundle.manifest else ""),
        ("On new patients", estimate_words(bundle)),
    ]
    return [(name, value) for name, value in found if value]
