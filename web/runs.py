"""Benchmark: begin a run, watch it, and read the report of any."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import streamlit as st

from gliaboost._face.jobs import Job, jobs_in
from gliaboost._face.presets import PRESETS
from gliaboost._face.shown_page import redrawn_report, reported_runs
from gliaboost.web.framed import embed
from gliaboost.web.settings import AppSettings
from gliaboost.web.words import plain
from gliaboost.web.working import ELSEWHERE, begin_on, show_end, watch


def show_benchmark(settings: AppSettings) -> None:
    """Show the page on which models are measured."""
    if not settings.local:
        st.info(ELSEWHERE)
        return
    runs = Path(settings.runs)
    given = st.text_input("Folder, archive or manifest with labels", key="measured")
    preset = st.selectbox("Preset", list(PRESETS), key="preset", help="fast takes minutes.")
    if st.button("Start the benchmark", key="begin-benchmark"):
        job = begin_on("benchmark", given, runs, ["--preset", preset])
        if job is not None:
            st.session_state["run"] = job.folder.name
    jobs = {job.folder.name: job for job in jobs_in(runs) if job.kind == "benchmark"}
    reported = {folder.name: folder for folder in reported_runs(runs)}
    names = _latest_first(jobs, reported)
    if not names:
        st.info("No run is there yet.")
        return
    states = {name: job.state for name, job in jobs.items()}
    ends = {name: f" ({state})" for name, state in states.items() if state != "done"}
    # By name: what stands behind it changes, and a choice that is no longer offered is lost.
    if (chosen := st.session_state.get("run")) in names:
        st.session_state["run"] = chosen
    name = st.selectbox("Run", names, key="run", format_func=lambda n: f"{n}{ends.get(n, '')}")
    if states.get(name) == "running":
        watch(jobs[name].folder, runs)
        return
    if name in jobs:
        show_end(jobs[name])
    if name in reported:
        embed(_report(reported[name]), f"Report of {name}")
    elif states[name] == "done":
        st.error(plain(f"It ended well, but {jobs[name].folder} holds no results any more."))


def _latest_first(jobs: Mapping[str, Job], reported: Mapping[str, Path]) -> list[str]:
    """Sort runs by when they were begun; those of the command line by when they last wrote."""
    moments = {
        name: f"{datetime.fromtimestamp(folder.stat().st_mtime):%Y-%m-%d %H:%M:%S}"
        for name, folder in reported.items()
    } | {name: job.begun for name, job in jobs.items()}
    return sorted(moments, key=lambda name: (moments[name], name), reverse=True)


def _report(folder: Path) -> str:
    """Draw a report once in a session, until its results change."""
    stamp = (str(folder), max(f.stat().st_mtime_ns for f in folder.glob("*.json")))
    if st.session_state.get("report", (None, ""))[0] != stamp:
        with st.spinner("Drawing the report"):
            st.session_state["report"] = (stamp, redrawn_report(folder))
    return str(st.session_state["report"][1])
