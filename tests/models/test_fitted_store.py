"""What extractors learned is kept whole, checked on reading, and runs nothing."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from gliaboost.errors import DamagedWarning, StoreError
from gliaboost.features.fitted import digest_of
from gliaboost.models.fitted_store import FittedStore, _digest

STATE = {"bytes": b"\x00\x01", "list": [1, 2.5, None, "word"]}


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    store = FittedStore(tmp_path / "fitted")
    assert store.read("ab") is None
    store.write("ab", STATE, 1.5)
    assert store.read("ab") == (STATE, 1.5)
    assert [path.name for path in store.folder.iterdir()] == ["ab.joblib"]


def test_what_is_damaged_is_passed_over_and_replaced(tmp_path: Path) -> None:
    store = FittedStore(tmp_path)
    store.write("ab", STATE, 1.5)
    path = tmp_path / "ab.joblib"
    whole = path.read_bytes()
    for damaged in (whole[:-9], whole.replace(b"word", b"ward"), b"", pickle.dumps(print)):
        path.write_bytes(damaged)
        with pytest.warns(DamagedWarning, match="is set aside as .*the extractor learns again"):
            assert store.read("ab") is None
    assert (tmp_path / "ab.joblib.damaged-4").read_bytes() == pickle.dumps(print)
    store.write("ab", STATE, 2.5)
    assert store.read("ab") == (STATE, 2.5)


def test_other_seconds_are_damage_too(tmp_path: Path) -> None:
    store = FittedStore(tmp_path)
    store.write("ab", STATE, 1.5)
    path = tmp_path / "ab.joblib"
    path.write_bytes(path.read_bytes().replace(struct.pack(">d", 1.5), struct.pack(">d", 2.5)))
    with pytest.warns(DamagedWarning):
        assert store.read("ab") is None


def test_a_file_of_an_older_version_hashed_the_state_alone(tmp_path: Path) -> None:
    store = FittedStore(tmp_path)
    store.write("ab", STATE, 1.5)
    path = tmp_path / "ab.joblib"
    now = _digest(STATE, 1.5).encode()
    path.write_bytes(path.read_bytes().replace(now, digest_of(STATE).encode()))
    assert store.read("ab") == (STATE, 1.5)


def test_a_file_of_another_fit_is_none_of_this(tmp_path: Path) -> None:
    store = FittedStore(tmp_path)
    store.write("ab", STATE, 1.5)
    (tmp_path / "ab.joblib").rename(tmp_path / "cd.joblib")
    with pytest.warns(UserWarning, match="is damaged"):
        assert store.read("cd") is None


def test_what_is_not_plain_or_cannot_be_written_is_refused(tmp_path: Path) -> None:
    store = FittedStore(tmp_path)
    with pytest.raises(StoreError, match="a value of type float64"):
        store.write("ab", {"level": np.float64(2)}, 1.5)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        FittedStore(tmp_path / "file").write("ab", STATE, 1.5)
