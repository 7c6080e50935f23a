"""Altered files through every reader: an answer or a typed error, in little time and memory.

``python -m benchmarks.fuzz`` does it as long as is asked; its totals are in docs/reliability.md.
"""

from __future__ import annotations

import contextlib
import functools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import altered, readers, run
from gliaboost.errors import GliaboostError

READERS = (
    "decode",
    "mask",
    "dicom",
    "nifti",
    "manifest",
    "csv",
    "predictions",
    "bundle",
    "results",
)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rng=st.randoms(use_true_random=False), which=st.integers(0, 99))
def test_an_altered_file_is_read_or_refused(
    name: str, tmp_path: Path, rng: random.Random, which: int
) -> None:
    good, ending, read = known()[name]
    path = tmp_path / f"f.{ending}"
    path.write_bytes(altered(good[which % len(good)], rng))
    with contextlib.suppress(GliaboostError):
        read(path)


@pytest.mark.parametrize("name", READERS)
def test_the_good_files_are_read(name: str, tmp_path: Path) -> None:
    good, ending, read = known()[name]
    for number, data in enumerate(good):
        path = tmp_path / f"{number}.{ending}"
        path.write_bytes(data)
        read(path)


@pytest.mark.fire
def test_a_minute_of_altered_files_raises_nothing_else(tmp_path: Path) -> None:
    counts = run(60, 7, tmp_path / "kept")
    assert {name: count["faults"] for name, count in counts.items()} == dict.fromkeys(READERS, 0)


@functools.cache
def known() -> dict[str, tuple[list[bytes], str, Callable[[Path], object]]]:
    return readers()
