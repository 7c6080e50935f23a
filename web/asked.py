"""Answers, explanations and outlines of a session's pictures: asked once, a visitor at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gliaboost._face.answers import Answer, answer, explanation_of
from gliaboost.errors import GliaboostError
from gliaboost.models.segmentation.tumour_map import TumourMap, tumour_map
from gliaboost.web.holding import chosen_slice, holding, slice_number
from gliaboost.web.loaded import asking

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.explain.attribution import Explanation
    from gliaboost.models.segmentation.bundle import SegmenterBundle

# Pictures that are asked about together: others wait no longer than for these.
BATCH = 8


def answers_of(bundle: Bundle) -> dict[int, Answer]:
    """Answer all pictures, of a scan the slice that is looked at; by number."""
    own = holding()
    places = {
        number: (bundle.sha256, number, slice_number(number, one))
        for number, one in own.uploads.items()
    }
    wanted = [number for number, place in places.items() if place not in own.answers]
    bar = st.progress(0.0, "Asking the model") if len(wanted) > 1 else None
    for start in range(0, len(wanted), BATCH):
        part = wanted[start : start + BATCH]
        sources = [chosen_slice(number, own.uploads[number]).source for number in part]
        with asking().answer():
            found = answer(bundle, sources)
        own.answers |= {places[number]: one for number, one in zip(part, found, strict=True)}
        if bar is not None:
            done = min(start + BATCH, len(wanted))
            bar.progress(done / len(wanted), f"Answered {done} of {len(wanted)}")
    if bar is not None:
        bar.empty()
    return {number: own.answers[place] for number, place in places.items()}


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
