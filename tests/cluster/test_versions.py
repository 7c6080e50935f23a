from __future__ import annotations

import subprocess
import sys

import pytest

from gliaboost.cluster.versions import ASKED, check_versions, facts
from gliaboost.errors import ClusterError


def test_a_worker_is_asked_by_a_text_alone() -> None:
    # A worker that has no gliaboost can read no function of it.
    assert eval(ASKED) == facts()
    code = f"import sys; sys.modules['gliaboost'] = None; eval({ASKED!r})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ModuleNotFoundError" in found.stderr


def test_the_same_versions_are_silent() -> None:
    assert check_versions({"tcp://a:1": facts(), "tcp://b:1": facts()}) == []


@pytest.mark.parametrize("name", ["gliaboost", "Python"])
def test_another_gliaboost_or_python_is_refused(name: str) -> None:
    other = facts() | {name: "0.0.7"}
    with pytest.raises(ClusterError, match=rf"tcp://b:1 has {name} 0\.0\.7, here is .*install"):
        check_versions({"tcp://a:1": facts(), "tcp://b:1": other})


def test_all_workers_that_differ_are_counted() -> None:
    absent = ModuleNotFoundError("No module named 'gliaboost'")
    with pytest.raises(
        ClusterError, match=r"tcp://a:1 has no gliaboost .*'gliaboost'\).* and 1 more"
    ):
        check_versions({"tcp://a:1": absent, "tcp://b:1": facts() | {"gliaboost": "9"}})


def test_what_numbers_rest_on_is_told_and_not_refused() -> None:
    notes = check_versions({"tcp://a:1": facts() | {"xgboost": "9.9", "torch": ""}})
    assert notes[0].startswith("workers have xgboost 9.9, here is ")
    assert notes[1].startswith("workers have torch none, here is ")
