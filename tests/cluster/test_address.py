from __future__ import annotations

import json
from pathlib import Path

import pytest

from gliaboost.cluster.address import LocalWorkers, Scheduler, read_address
from gliaboost.errors import UsageError


@pytest.mark.parametrize(("text", "count"), [("local", None), ("local:1", 1), (" LOCAL:16 ", 16)])
def test_local_workers_are_counted(text: str, count: int | None) -> None:
    assert read_address(text) == LocalWorkers(count)


@pytest.mark.parametrize(
    "url", ["tcp://10.0.0.1:8786", "tls://head.cluster:8786", "tcp://[::1]:8786"]
)
def test_an_address_is_a_schedulers(url: str) -> None:
    assert read_address(f"{url}/") == read_address(url) == Scheduler(url)


@pytest.mark.parametrize(
    "text",
    [
        *("local:0", "local:-1", "local:two", "local:", "local:9999", "tcp://host"),
        *("tcp://:8786", "http://host:80", "tcp://host:8786/x", "nowhere.json", "", "."),
    ],
)
def test_what_is_no_cluster_is_refused_with_what_is_one(text: str) -> None:
    with pytest.raises(UsageError, match="expected local"):
        read_address(text)


def test_an_address_without_its_kind_is_recognised() -> None:
    with pytest.raises(UsageError, match="did you mean tcp://head:8786"):
        read_address("head:8786")


def test_a_schedulers_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"type": "Scheduler", "address": "tcp://10.0.0.1:8786"}))
    assert read_address(str(file)) == Scheduler("tcp://10.0.0.1:8786")


@pytest.mark.parametrize("text", ["", '{"address": "tcp', "[]", "{}", '{"address": 3}', "\xff"])
def test_a_file_that_is_none_or_half_written_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(text, "latin-1")
    with pytest.raises(UsageError, match=r"scheduler.json holds no scheduler's address"):
        read_address(str(file))
