"""Models, opened once for all visitors; and one at a time asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

import gliaboost
from gliaboost.errors import GliaboostError
from gliaboost.web.settings import AppSettings
from gliaboost.web.turns import Turns

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.segmentation.bundle import SegmenterBundle


@dataclass
class Models:
    """What can be asked.

    Attributes
    ----------
    classifiers : dict of str to Bundle
        By the name of their file.
    places : dict of str to Path
        Their files.
    segmenters : dict of str to SegmenterBundle
        What finds the tumour, by the name of their file.
    faults : list of (file, reason)
        Files that could not be opened.
    """

    classifiers: dict[str, Bundle] = field(default_factory=dict)
    places: dict[str, Path] = field(default_factory=dict)
    segmenters: dict[str, SegmenterBundle] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)


def models_of(settings: AppSettings) -> Models:
    """Open what the settings name, and nothing else."""
    found = Models()
    for given in settings.bundles:
        path = Path(given)
        try:
            name = _free(path.stem, found.classifiers)
            found.classifiers[name] = _classifier(str(path.resolve()), _stamp(path))
            found.places[name] = path
        except GliaboostError as error:
            found.faults.append((path.name, str(error)))
    for given in settings.segmenters:
        path = Path(given)
        try:
            opened = _segmenter(str(path.resolve()), _stamp(path))
            if faults := opened.faults():
                found.faults.append((path.name, faults[0]))
                continue
            found.segmenters[_free(path.stem, found.segmenters)] = opened
        except GliaboostError as error:
            found.faults.append((path.name, str(error)))
    return found


@st.cache_resource(show_spinner=False)
def asking() -> Turns:
    """Give the one lock around prediction."""
    return Turns()


@st.cache_resource(show_spinner=False, max_entries=64)
def _classifier(path: str, stamp: int) -> Bundle:
    return gliaboost.load(path)


@st.cache_resource(show_spinner=False, max_entries=16)
def _segmenter(path: str, stamp: int) -> SegmenterBundle:
    return gliaboost.load_segmenter(path)


def _stamp(path: Path) -> int:
    """Tell a file from what lay in its place before."""
    try:
        return path.stat().st_mtime_ns
    except OSError:  # loading says what is wrong
        return 0


def _free(stem: str, taken: Mapping[str, object]) -> str:
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem} ({count})"
    return name
