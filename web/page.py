"""The frame of the page: what it is not, what was opened, and one view at a time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from gliaboost.errors import GliaboostError
from gliaboost.web.classify import show_classify
from gliaboost.web.compare import show_compare
from gliaboost.web.data import show_data
from gliaboost.web.demonstration import demonstration
from gliaboost.web.loaded import Models, models_of
from gliaboost.web.runs import show_benchmark
from gliaboost.web.settings import AppSettings
from gliaboost.web.words import plain

BANNER = "Research use only, not a diagnosis. Pictures stay in this computer's memory."


def show(settings: AppSettings) -> None:
    """Show the page.

    Parameters
    ----------
    settings : AppSettings
        From the command line.
    """
    st.set_page_config("gliaboost", layout="centered")
    st.title("gliaboost")
    st.warning(BANNER)
    models = models_of(settings)
    for name, reason in models.faults:
        st.error(f"**{plain(name)}**: {plain(reason)}")
    try:
        if not settings.bundles:
            models = demonstration()
        views = _views(models, settings)
        views[st.radio("View", list(views), horizontal=True, key="view")]()
    except GliaboostError as error:
        st.error(plain(str(error)))
    except Exception as error:  # a stack trace tells a visitor nothing, and may tell too much
        st.error(f"That went wrong ({plain(type(error).__name__)}). Clear the page and try again.")


def _views(models: Models, settings: AppSettings) -> dict[str, Callable[[], None]]:
    views: dict[str, Callable[[], None]] = {}
    if models.classifiers:
        views["Classify"] = lambda: show_classify(models)
    if len(models.classifiers) > 1:
        views["Compare"] = lambda: show_compare(models)
    views["Data"] = lambda: show_data(settings)
    views["Benchmark"] = lambda: show_benchmark(settings)
    return views
