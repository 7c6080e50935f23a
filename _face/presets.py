"""Presets: what is computed and fitted where nobody says more than how much it may cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gliaboost._face.choices import Choice
from gliaboost._face.faults import Faults
from gliaboost._face.naming import FeatureNames
from gliaboost._face.words import CLASSICAL
from gliaboost.errors import UsageError
from gliaboost.progress import Progress
from gliaboost.spelling import did_you_mean, spelled

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest


class Preset(NamedTuple):
    """What goes together.

    Attributes
    ----------
    features : str
        Extractors, by comma.
    models : str
        What a benchmark compares, by comma.
    model : str
        What `train` fits.
    """

    features: str
    models: str
    model: str


LOOKING = f"{CLASSICAL},embedding,region"
# From the cheapest to the dearest; the first is what happens without a word.
PRESETS = {
    "fast": Preset(CLASSICAL, "xgboost,lightgbm", "lightgbm"),
    "good": Preset(LOOKING, "stacked", "stacked"),
    "best": Preset(LOOKING, "stacked,cnn-multitask,hybrid", "stacked"),
}
USUAL = "fast"


def preset_of(faults: Faults, name: str) -> Preset:
    """Find a preset by its name, in any case, and note where there is none.

    Examples
    --------
    >>> preset_of(Faults(), "Good").model
    'stacked'
    """
    found = spelled(name, PRESETS)
    if found is None:
        faults.note(
            UsageError(
                f"no preset {name!r}; expected one of {', '.join(PRESETS)}"
                f"{did_you_mean(name, PRESETS)}"
            )
        )
    return PRESETS[found or USUAL]


def as_far_as_masks_go(
    choice: Choice, features: FeatureNames | None, table: Manifest, progress: Progress
) -> Choice:
    """Leave out what a preset would learn from masks, where a data set has none, and say so.

    Parameters
    ----------
    choice : Choice
        What was chosen.
    features : str, Extractor or iterable, optional
        What was asked for by name: all of that is meant, and nothing is left out.
    table : Manifest
        The data.
    progress : Progress
        Hears of it.

    Returns
    -------
    Choice
    """
    from gliaboost.features.fitted import lacking_masks

    if features is not None:
        return choice
    lacking = [e for e in choice.extractors if lacking_masks([e], table)]
    if not lacking:
        return choice
    names = ", ".join(e.name for e in lacking)
    progress.line(
        f"without {names}: no row of {table.name} has a mask; --region SEG.joblib takes a "
        "segmenter that was trained on another data set"
    )
    kept = [e for e in choice.extractors if e not in lacking]
    return replace(choice, extractors=kept)
