"""Answers, explanations and outlines of a session's pictures: asked once, a visitor at a time."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from gliaboost._face.answers import Answer, answer, explanation_of
from gliaboost.errors import GliaboostError
from gliaboost.models.segmentation.prediction import segment_pictures
from gliaboost.models.segmentation.tumour_map import TumourMap, tumour_map
from gliaboost.web.holding import chosen_slice, holding, slice_number
from gliaboost.web.loaded import asking

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.explain.attribution import Explanation
    from gliaboost.models.segmentation.bundle import SegmenterBundle

T = TypeVar("T")
# Pictures that are asked about together: others wait no longer than for these.
BATCH, OUTLINED = 8, 2


def answers_of(bundle: Bundle) -> dict[int, Answer]:
    """Answer all pictures, of a scan the slice that is looked at; by number."""
    own = holding()
    places = {
        number: (bundle.sha256, number, slice_number(number, one))
        for number, one in own.uploads.items()
    }
    wanted = [place for place in places.values() if place not in own.answers]
    for part in _shown(wanted, BATCH, "Answered"):
        sources = [own.uploads[number].slices[at].source for _, number, at in part]
        with asking().answer():
            found = answer(bundle, sources)
        own.answers |= dict(zip(part, found, strict=True))
    return {number: own.answers[place] for number, place in places.items()}


def unanswered(bundle: Bundle, number: int) -> list[int]:
    """List the slices of a scan that were not asked about yet."""
    return _lacking(holding().answers, bundle.sha256, number)


def answer_scan(bundle: Bundle, number: int) -> None:
    """Answer all slices of a scan, whenever nobody waits for the answer on a picture."""
    own = holding()
    slices, wanted = own.uploads[number].slices, unanswered(bundle, number)
    for part in _shown(wanted, BATCH, "Answered"):
        with asking().rest():
            found = answer(bundle, [slices[at].source for at in part])
        for at, one in zip(part, found, strict=True):
            own.answers[bundle.sha256, number, at] = one


def unoutlined(bundle: SegmenterBundle, number: int) -> list[int]:
    """List the slices of a scan in which no tumour was looked for yet."""
    return _lacking(holding().outlined, bundle.sha256, number)


def outline_scan(bundle: SegmenterBundle, number: int) -> None:
    """Look for a tumour in all slices of a scan, whenever nobody waits for an answer."""
    own = holding()
    slices, wanted = own.uploads[number].slices, unoutlined(bundle, number)
    for part in _shown(wanted, OUTLINED, "Outlined"):
        place = slices[part[0]].place
        with asking().rest():
            found = segment_pictures(
                bundle,
                [slices[at].source for at in part],
                spacing=None if place is None else place.spacing,
            )
        for at, one in zip(part, found, strict=True):
            kept = replace(one, place=slices[at].place, pictured=None)
            own.outlined[bundle.sha256, number, at] = kept


def _lacking(known: Container[tuple[str, int, int]], model: str, number: int) -> list[int]:
    """List the slices of an upload of which a model has said nothing yet."""
    every = range(len(holding().uploads[number].slices))
    return [at for at in every if (model, number, at) not in known]


def _shown(wanted: Sequence[T], size: int, done: str) -> Iterator[Sequence[T]]:
    """Give several by parts, and show how many are done with; of one alone nothing is shown."""
    count = len(wanted)
    bar = st.progress(0.0, f"{done} 0 of {count}") if count > 1 else None
    for start in range(0, count, size):
        part = wanted[start : start + size]
        yield part
        if bar is not None:
            number = start + len(part)
            bar.progress(number / count, f"{done} {number} of {count}")
    if bar is not None:
        bar.empty()


def explanation(bundle: Bundle, number: int) -> Explanation | str:
    """Say what the answer of one picture rests on, or why that cannot be told."""
    own = holding()
    upload = own.uploads[number]
    place = (f"why {bundle.sha256}", number, slice_number(number, upload))
    if place not in own.drawn:
        with asking().rest():
            own.remember(place, explanation_of(bundle, chosen_slice(number, upload).source))
    found: Explanation | str = own.drawn[place]
    return found


def tumour(bundle: SegmenterBundle, number: int) -> TumourMap | str:
    """Look for a tumour on one picture, or say why that cannot be done."""
    own = holding()
    upload = own.uploads[number]
    place = (f"where {bundle.sha256}", number, slice_number(number, upload))
    if place not in own.drawn:
        looked = chosen_slice(number, upload)
        spacing = None if looked.place is None else looked.place.spacing
        try:
            with asking().rest():
                own.remember(place, tumour_map(bundle, looked.source, spacing=spacing))
        except GliaboostError as error:
            own.remember(place, str(error))
    found: TumourMap | str = own.drawn[place]
    return found
