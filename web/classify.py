"""Classify: pictures in, answers out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from gliaboost._face.answers import bundle_facts
from gliaboost._face.shortcomings import remedies, shortcomings
from gliaboost.web.asked import answers_of
from gliaboost.web.batch import show_downloads, show_table
from gliaboost.web.holding import clear, holding, show_faults, show_samples, uploader
from gliaboost.web.loaded import Models
from gliaboost.web.picture import show_picture
from gliaboost.web.words import facts, plain

if TYPE_CHECKING:
    from gliaboost.models.segmentation.bundle import SegmenterBundle


def show_classify(models: Models) -> None:
    """Show the page on which pictures are classified."""
    names = list(models.classifiers)
    name = names[0] if len(names) == 1 else st.selectbox("Model", names, key="model")
    bundle = models.classifiers[name]
    with st.expander("What the model was trained on"):
        st.html(facts([("File", str(models.places[name].name)), *bundle_facts(bundle)]))
    if lacks := [*shortcomings(bundle), *remedies(bundle)]:
        st.info(plain(" ".join(lacks)))
    uploader("Drop brain slices here")
    show_samples(models.places[name])
    show_faults()
    own = holding()
    if not own.uploads:
        return
    answers = answers_of(bundle)
    number = next(iter(answers))
    if len(answers) > 1:
        show_table(answers)
        number = st.selectbox(
            "Picture",
            list(answers),
            format_func=lambda n: f"{n + 1}. {own.uploads[n].name}",
            key="picture",
        )
    show_picture(number, answers[number], bundle, _segmenter(models))
    st.divider()
    show_downloads(answers, bundle)
    st.button("Clear the page", key="clear", on_click=clear)


def _segmenter(models: Models) -> SegmenterBundle | None:
    names = list(models.segmenters)
    if len(names) > 1:
        return models.segmenters[st.selectbox("Segmenter", names, key="segmenter")]
    return models.segmenters[names[0]] if names else None
