"""Benchmark: begin a run, watch it, and read the report of any."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gliaboost._face.jobs import jobs_in
from gliaboost._face.presets import PRESETS
from gliaboost._face.shown_page import redrawn_report, reported_runs
from gliaboost.web.settings import AppSettings
from gliaboost.web.working import ELSEWHERE, begin_on, embed, show_end, watch


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
    reported = [folder.name for folder in reported_runs(runs)]
    names = [*jobs, *(name for name in reported if name not in jobs)]
    if not names:
        st.info("No run is there yet.")
        return
    name = st.selectbox("Run", names, key="run")
    job = jobs.get(name)
    if job is not None and job.state == "running":
        watch(job.folder, runs)
        return
    if job is not None:
        show_end(job)
    if name in reported:
        embed(_report(runs / name), f"Report of {name}")


def _report(folder: Path) -> str:
    """Draw a report once in a session, until its results change."""
    stamp = (str(folder), max(f.stat().st_mtime_ns for f in folder.glob("*.json")))
    if st.session_state.get("report", (None, ""))[0] != stamp:
        with st.spinner("Drawing the report"):
            st.session_state["report"] = (stamp, redrawn_report(folder))
    return str(st.session_state["report"][1])
