"""Without a bundle: a model on simulated pictures, made on the spot once and then kept."""

from __future__ import annotations

import streamlit as st

from gliaboost._face.demo_model import DemoModel, demo_model
from gliaboost.web.loaded import Models, models_of
from gliaboost.web.settings import AppSettings

SAID = (
    "No model was named, so this is the demonstration: a small model, trained on simulated "
    "pictures. No number here is clinical. Name your own: gliaboost app model.joblib"
)


def demonstration() -> Models:
    """Say that it is one, and give its models; the first visitor waits until they are made."""
    st.info(SAID)
    with st.spinner("Simulating patients and training on them: once, about a minute"):
        made = _made()
    return models_of(AppSettings((str(made.bundle),), (str(made.segmenter),)))


@st.cache_resource(show_spinner=False)
def _made() -> DemoModel:
    return demo_model()
