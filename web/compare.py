"""Compare: several models on one picture, and where they differ."""

from __future__ import annotations

import streamlit as st

from gliaboost._face.agreement import disagreement
from gliaboost._face.shortcomings import of_refusal
from gliaboost.web.asked import answers_of
from gliaboost.web.holding import clear, holding, show_faults, uploader
from gliaboost.web.loaded import Models
from gliaboost.web.picture import show_answer, show_layers, slice_slider
from gliaboost.web.words import plain, small

# Columns beside each other; more models stand below.
BESIDE = 2


def show_compare(models: Models) -> None:
    """Show the page on which models are compared."""
    names = list(models.classifiers)
    chosen = st.pills("Models", names, selection_mode="multi", default=names[:4], key="compared")
    uploader("Drop brain slices here")
    show_faults()
    own = holding()
    if not own.uploads or len(chosen) < 2:
        st.info("Choose two models or more, and drop a picture.")
        return
    answers = {name: answers_of(models.classifiers[name]) for name in chosen}
    apart = {n: disagreement({m: answers[m][n] for m in chosen}) for n in own.uploads}
    number = next(iter(own.uploads))
    if len(own.uploads) > 1:
        st.dataframe(
            [
                {
                    "Picture": upload.name,
                    "Agree": "no" if apart[n] else "yes",
                    **{m: answers[m][n].verdict for m in chosen},
                }
                for n, upload in own.uploads.items()
            ],
            hide_index=True,
            width="stretch",
        )
        number = st.selectbox(
            "Picture",
            list(own.uploads),
            format_func=lambda n: (
                f"{n + 1}. {own.uploads[n].name}{' (differ)' if apart[n] else ''}"
            ),
            key="picture",
        )
    st.markdown(f"**{plain(own.uploads[number].name)}**")
    slice_slider(number)
    if (differ := apart[number]) is not None:
        st.error(plain(differ))
    else:
        st.success("They agree.")
    st.slider("Explanation, opacity in %", 0, 100, 60, key="opacity")
    for start in range(0, len(chosen), BESIDE):
        for column, name in zip(
            st.columns(BESIDE, gap="large"), chosen[start : start + BESIDE], strict=False
        ):
            with column:
                st.markdown(f"**{plain(name)}**")
                answer = answers[name][number]
                show_answer(answer)
                if lacks := of_refusal(models.classifiers[name]):
                    st.html(small(lacks))
                if answer.refused is None and answer.error is None:
                    show_layers(models.classifiers[name], number, st.session_state["opacity"])
    st.button("Clear the page", key="clear", on_click=clear)
