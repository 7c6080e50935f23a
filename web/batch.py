"""Many pictures: a table of the answers, and both downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from gliaboost._face.answers import Answer, answers_frame, bundle_facts
from gliaboost._face.shortcomings import lacking
from gliaboost.datasets.decode import decode
from gliaboost.outside_text import csv_frame
from gliaboost.reports.pages.answers_page import answers_page
from gliaboost.web.holding import chosen_slice, holding

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle


def show_table(answers: dict[int, Answer]) -> None:
    """Show one row a picture."""
    rows = [
        {
            "Picture": one.name,
            "Answer": one.verdict,
            "Probability": None if one.probabilities is None else max(one.probabilities.values()),
            "Cannot be ruled out": ", ".join(one.inside or ()),
            "In training set": "yes" if one.seen else "",
        }
        for one in answers.values()
    ]
    show_rows(rows, "The answer on each picture")


def show_rows(rows: list[dict[str, Any]], alt: str) -> None:
    """Show answers as a table, their ``Probability`` in percent.

    Parameters
    ----------
    rows : list of dict
        By head of column.
    alt : str
        For whoever does not see it.
    """
    share = st.column_config.NumberColumn(format="percent")
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={"Probability": share},
        placeholder="",
        alt=alt,
    )


def show_downloads(answers: dict[int, Answer], bundle: Bundle) -> None:
    """Offer the answers as CSV, and as one page that shows the pictures."""
    own = holding()
    frame = answers_frame(list(answers.values()), bundle.classes)
    left, right = st.columns(2)
    left.download_button(
        "Answers as CSV",
        csv_frame(frame).to_csv(index=False).encode(),
        "answers.csv",
        "text/csv",
        key="csv",
        width="stretch",
        on_click="ignore",
    )

    # Made when it is asked for, outside the session: at each look at the page it would cost as much
    # as the answers.
    sources = {n: chosen_slice(n, own.uploads[n]).source for n in answers}

    def page() -> bytes:
        shown = [(one, decode(sources[number])) for number, one in answers.items()]
        return answers_page(shown, [*bundle_facts(bundle), *lacking(bundle)]).encode()

    right.download_button(
        "Answers as one page (HTML)",
        page,
        "answers.html",
        "text/html",
        key="html",
        width="stretch",
        on_click="ignore",
    )
