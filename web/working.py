"""Commands that run on by themselves: begun, shown while they run, and how they ended."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from gliaboost._face.jobs import Job, begin, jobs_in
from gliaboost.errors import GliaboostError
from gliaboost.web.words import plain, small

# Seconds between two looks at a log.
PAUSE = 2
ELSEWHERE = (
    "This page is open to others, so folders of this machine are not shown on it. Start gliaboost "
    "app without --address to see them."
)


def begin_on(kind: str, given: str, runs: Path, options: list[str] | None = None) -> Job | None:
    """Begin a command on what a visitor named; say in a red line why not."""
    if not given.strip():
        st.error("Name a folder, an archive or a manifest first\\.")
        return None
    try:
        return begin(kind, Path(given.strip()).expanduser(), runs, options=options or [])
    except (GliaboostError, OSError) as error:
        st.error(plain(str(error)))
        return None


@st.fragment(run_every=PAUSE)
def watch(folder: Path, runs: Path) -> None:
    """Show a running command's last lines, every two seconds; when it ends the page is new."""
    job = next((job for job in jobs_in(runs) if job.folder == folder), None)
    if job is None:
        return
    if job.state != "running":
        st.rerun()
    st.info("It runs, and goes on if you close this page.")
    _show_log(job.log() or ["..."])
    st.button("Stop it", key="stop", on_click=job.stop)


def show_end(job: Job) -> None:
    """Say how a command ended, where it did not end well."""
    if job.state in ("failed", "stopped"):
        how = "was stopped" if job.state == "stopped" else "failed"
        st.error(f"It {how}\\.")
        _show_log(job.log() or ["It said nothing."])
        st.html(small(f"gliaboost {' '.join(job.words)}"))


def _show_log(lines: list[str]) -> None:
    """Set lines under each other, long ones broken: what scrolls sideways no keyboard reaches."""
    st.code("\n".join(lines), language=None, wrap_lines=True)
