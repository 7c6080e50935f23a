"""Data: a manifest at a glance, its audit, and the pairs that the audit found."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gliaboost._face.jobs import Job, jobs_in
from gliaboost._face.shown_page import audited_pairs, audited_picture, guarded_page
from gliaboost.datasets.decode import decode
from gliaboost.errors import DecodeError, GliaboostError
from gliaboost.models.explain.layers import enlarged
from gliaboost.web.framed import embed
from gliaboost.web.settings import AppSettings
from gliaboost.web.words import plain, small
from gliaboost.web.working import ELSEWHERE, begin_on, show_end, watch

# Pixels of a picture of a pair.
SIDE = 360


def show_data(settings: AppSettings) -> None:
    """Show the page on which data sets are looked at."""
    if not settings.local:
        st.info(ELSEWHERE)
        return
    runs = Path(settings.runs)
    given = st.text_input("Folder, archive or manifest on this computer", key="data")
    left, right = st.columns(2)
    for column, kind, words in ((left, "explore", "Look at it"), (right, "audit", "Audit it")):
        if column.button(words, key=f"begin-{kind}", width="stretch"):
            job = begin_on(kind, given, runs)
            if job is not None:
                st.session_state["looked"] = job.folder.name
    jobs = {job.folder.name: job for job in jobs_in(runs) if job.kind in ("explore", "audit")}
    if not jobs:
        return
    name = st.selectbox("What was looked at", list(jobs), key="looked")
    _show(jobs[name], runs)


def _show(job: Job, runs: Path) -> None:
    if job.state == "running":
        watch(job.folder, runs)
        return
    show_end(job)
    if job.state != "done":
        return
    if job.kind == "audit":
        _pairs(job)
    embed(guarded_page(job.page), f"gliaboost {job.kind}")


def _pairs(job: Job) -> None:
    """Click through the pairs of an audit."""
    pairs = audited_pairs(job.folder)
    if not pairs:
        st.success("The audit found no pair of pictures that are alike.")
        return
    key = f"pair-{job.folder.name}"
    at = min(int(st.session_state.get(key, 1)), len(pairs))

    def step(by: int) -> None:
        st.session_state[key] = (at - 1 + by) % len(pairs) + 1

    if len(pairs) > 1:
        st.session_state[key] = at
        back, where, on = st.columns([2, 3, 2], vertical_alignment="bottom")
        back.button("Previous pair", key="pair-back", on_click=step, args=(-1,), width="stretch")
        where.number_input(f"Pair, of {len(pairs):,}", 1, len(pairs), key=key)
        on.button("Next pair", key="pair-on", on_click=step, args=(1,), width="stretch")
    else:
        st.markdown("One pair of pictures is alike.")
    pair = pairs[at - 1]
    st.markdown(f"**{plain(pair.kind)}**{f': {plain(pair.words)}' if pair.words else ''}")
    for column, path in zip(st.columns(2), (pair.first, pair.second), strict=True):
        with column:
            try:
                file = audited_picture(job.folder, Path(job.words[1]), path)
                st.image(enlarged(decode(file), SIDE), width="stretch", alt=path)
            except GliaboostError as error:
                st.error(plain(error.reason if isinstance(error, DecodeError) else str(error)))
            st.html(small(path))
