"""Segmenters by name, and their parameters, checked before any work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost._face.settings import (
    SettingsGiven,
    known_settings,
    read_device,
    read_preparation,
)
from gliaboost._face.words import names
from gliaboost.errors import UsageError
from gliaboost.spelling import did_you_mean, spelled

if TYPE_CHECKING:
    from gliaboost.datasets.prepare import Preparation

# What else people call them.
SEGMENTERS_ELSEWHERE = {
    "boosted": "boosted-pixels",
    "lightgbm": "boosted-pixels",
    "nnunet": "unet",
    "pixels": "boosted-pixels",
    "threshold": "otsu",
    "xgboost": "boosted-pixels",
}


@dataclass(frozen=True)
class SegmenterChoice:
    """Which segmenters are fitted, and how.

    Attributes
    ----------
    segmenters : list of str
        Registered names.
    parameters : mapping of str to mapping
        By segmenter.
    preparation : Preparation
        What images go through.
    device : str
        Where to compute.
    """

    segmenters: Sequence[str]
    parameters: Mapping[str, Mapping[str, Any]]
    preparation: Preparation
    device: str


def choose_segmenters(
    faults: Faults,
    given: str | Iterable[str],
    *,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    device: str = "auto",
    seed: int = 0,
) -> SegmenterChoice:
    """Read names, parameters, preparation and device, and note all that is wrong with them.

    Parameters
    ----------
    faults : Faults
        Notes it. What is returned is whole only if nothing was noted.
    given : str or iterable of str
        Names by comma, in any case.
    settings, prepare, device, seed
        As for `gliaboost.segment_train`.

    Returns
    -------
    SegmenterChoice
        What could be read.
    """
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.segmentation.registry import segmenter_class

    preparation, where = Preparation(), "cpu"
    with faults.noted():
        where = read_device(device)
    with faults.noted():
        preparation = read_preparation(prepare)
    chosen = known_segmenters(faults, given)
    own, lines = known_settings(
        settings, [], chosen, unknown=bool(faults), class_of=segmenter_class
    )
    for line in lines:
        faults.note(UsageError(line))
    for name in chosen:
        with faults.noted():
            _check_segmenter(faults, name, own.get(name, {}), where, seed)
    return SegmenterChoice(chosen, own, preparation, where)


def known_segmenters(faults: Faults, given: str | Iterable[str]) -> list[str]:
    """Read names of segmenters in any case, and note those that are none.

    Examples
    --------
    >>> known_segmenters(Faults(), "Otsu, U-Net")
    ['otsu', 'unet']
    """
    from gliaboost.models.segmentation.registry import segmenter_names

    known = segmenter_names()
    found: list[str] = []
    with faults.noted():
        for word in names(given):
            name = spelled(word, known)
            if name is None:
                asked = did_you_mean(word, known, SEGMENTERS_ELSEWHERE)
                listed = f"no segmenter called {word!r}; the segmenters are: {', '.join(known)}"
                faults.note(UsageError(listed + asked))
            elif name in found:
                faults.note(UsageError(f"{name} is named twice in {given!r}; name each once"))
            else:
                found.append(name)
    return found


def _check_segmenter(
    faults: Faults, name: str, own: Mapping[str, Any], device: str, seed: int
) -> None:
    from gliaboost.models.segmentation.registry import create_segmenter, shared_by_segmenter

    shared = shared_by_segmenter(name, device=device, seed=seed)
    segmenter = create_segmenter(name, **{**shared, **own})
    lines = segmenter.parameter_faults()
    if getattr(segmenter, "device", device) == "cuda" and "device" in shared:
        missing = segmenter.devices().get("cuda")
        if missing is not None:
            lines.append(
                f"cannot train on cuda here: {missing.reason}; use --device cpu, or "
                f"{missing.remedy}"
            )
    faults.add(name, lines)
