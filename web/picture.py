"""One picture: the answer, how sure it is, why, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gliaboost._face.answers import UNCALIBRATED, Answer
from gliaboost.datasets.burnt_in import shows_text
from gliaboost.datasets.decode import decode
from gliaboost.models.explain.layers import enlarged, key_of, layered
from gliaboost.models.segmentation.measured_words import measured_words
from gliaboost.models.segmentation.measurements import Measurements, measure
from gliaboost.models.segmentation.outline import PREDICTED, outlined
from gliaboost.models.segmentation.tumour_map import TumourMap
from gliaboost.web.asked import explanation, tumour
from gliaboost.web.holding import chosen_slice, holding
from gliaboost.web.scan import show_scan
from gliaboost.web.words import bars, facts, key, plain, small

if TYPE_CHECKING:
    from gliaboost.datasets.uploads import Upload
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.explain.attribution import Explanation
    from gliaboost.models.segmentation.bundle import SegmenterBundle

# How strong an explanation is drawn at first, in percent.
OPACITY = 60
SIDE = 512


def slice_slider(number: int) -> None:
    """Let the visitor choose a slice of a scan."""
    upload = holding().uploads[number]
    if upload.is_scan:
        count = len(upload.slices)
        st.slider("Slice", 1, count, count // 2 + 1, key=f"slice-{number}")


def show_answer(answer: Answer) -> None:
    """Say the class, the probabilities, and what cannot be ruled out."""
    if answer.error is not None:
        st.error(plain(answer.error))
        return
    if answer.refused is not None:
        st.subheader("No answer")
        st.error(f"Refused: {plain(answer.refused)}\\.")
        return
    st.subheader(plain(answer.verdict))
    st.html(bars(answer.probabilities or {}, answer.inside))
    st.markdown(plain(answer.certainty_words()))
    if not answer.calibrated:
        st.html(small(f"Probabilities {UNCALIBRATED}."))
    else:
        st.html(small("Probabilities are calibrated on patients that the model had not seen."))
    if answer.seen:
        st.warning(plain(answer.seen))


def show_picture(
    number: int, answer: Answer, bundle: Bundle, segmenter: SegmenterBundle | None
) -> None:
    """Show one picture with all that is known of it."""
    upload = holding().uploads[number]
    st.markdown(f"**{plain(upload.name)}**")
    slice_slider(number)
    _slice(number, upload, answer, bundle, segmenter)
    if upload.is_scan:
        show_scan(number, bundle, segmenter)


def _slice(
    number: int, upload: Upload, answer: Answer, bundle: Bundle, segmenter: SegmenterBundle | None
) -> None:
    said, seen = st.columns([5, 6], gap="large")
    with said:
        show_answer(answer)
        if answer.typicality is not None and answer.refused is None:
            st.html(
                small(
                    f"{answer.typicality:.0%} of the training pictures look at least as unusual as "
                    "this one."
                )
            )
        for note in upload.notes:
            st.warning(plain(f"{upload.name}: {note}."))
        picture = decode(chosen_slice(number, upload).source)
        if not upload.notes and shows_text(picture):
            st.warning(
                "A row of letters seems to be burnt into the picture, perhaps a name. The model "
                "sees it too."
            )
    with seen:
        if answer.error is not None or answer.refused is not None:
            st.image(enlarged(picture, SIDE), width="stretch", alt="The picture as it was dropped")
            st.html(small("As it was dropped."))
            return
        opacity = st.slider("Explanation, opacity in %", 0, 100, OPACITY, key="opacity")
        found = show_layers(bundle, number, opacity)
    if segmenter is not None:
        _segmented(number, segmenter)
    elif found is not None:
        _region(found)


def show_layers(bundle: Bundle, number: int, opacity: int) -> Explanation | None:
    """Show what one answer rests on, over its picture; in words where that cannot be told.

    Parameters
    ----------
    bundle : Bundle
        Whose answer.
    number : int
        Of the picture.
    opacity : int
        In percent.
    """
    found = explanation(bundle, number)
    if isinstance(found, str):
        st.info(plain(found))
        return None
    words = f"The picture under the map of what the answer {found.predicted} rests on"
    st.image(layered(found, opacity / 100, side=SIDE), width="stretch", alt=words)
    if found.heat.any():
        st.html(key(key_of(found)))
    else:
        st.info("Nothing that this answer rests on has a place on the picture: there is no map.")
    height, width = found.image.shape
    said = f"As the model sees it, {width} by {height} pixels; the head's outline is white."
    st.html(small(said))
    with st.expander("What the decision rests on"):
        kind = "SHAP values" if found.families else "Grad-CAM"
        st.markdown(plain(f"{kind} of {bundle.model}."))
        for note in found.notes():
            st.markdown(f"- {plain(note)}")
    return found


def _segmented(number: int, segmenter: SegmenterBundle) -> None:
    """Outline the tumour at a threshold of the visitor's, and measure it."""
    st.divider()
    st.subheader("Where, and how large")
    found = tumour(segmenter, number)
    if isinstance(found, str):
        st.error(plain(found))
        return
    upload = holding().uploads[number]
    looked = chosen_slice(number, upload)
    if segmenter.modality and looked.place and looked.place.modality != segmenter.modality:
        st.warning(
            f"This is {looked.place.modality}, and the segmenter was trained on "
            f"{segmenter.modality}: its outline means little here."
        )
    usual = min(99, max(1, round(100 * found.usual)))
    left, right = st.columns([5, 6], gap="large")
    with left:
        chosen = st.slider(
            "Outline where a tumour is at least so probable, in %",
            1,
            99,
            usual,
            key=f"outline-{number}-{looked.source.name}",
        )
        st.html(small(f"The segmenter itself draws it at {usual} %."))
        mask, measured = found.measured(None if chosen == usual else chosen / 100)
        st.html(facts(measured_words(measured)))
    with right:
        _outline(found, mask, measured)


def _outline(found: TumourMap, mask: NDArray[np.bool_], measured: Measurements) -> None:
    whole = measured.whole
    lines = [] if whole is None else [whole.longest, whole.perpendicular]
    scale = SIDE / max(found.image.shape)
    drawn = outlined(found.image, [(mask, PREDICTED)], lines, scale=scale)
    said = "Orange: the outline; yellow: its diameters." if lines else "No tumour was found."
    st.image(drawn, width="stretch", alt=f"The picture with what was found. {said}")
    st.html(small(said))


def _region(found: Explanation) -> None:
    """Show the part that columns look at, where the bundle has one: its own segmenter drew it."""
    for outline in found.outlines:
        if not outline.mask.any():
            continue
        st.divider()
        st.subheader("Where, and how large")
        measured = measure(outline.mask, found.image)
        left, right = st.columns([5, 6], gap="large")
        with left:
            st.markdown(plain(outline.words))
            st.html(facts(measured_words(measured)))
            st.html(small("On the picture as the model sees it; a segmenter (--segment) tells mm."))
        with right:
            scale = SIDE / found.image.shape[0]
            drawn = outlined(found.image, [(outline.mask, PREDICTED)], scale=scale)
            st.image(drawn, width="stretch", alt="The picture with where the features look")
            st.html(small("Orange: where the features look."))
