from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gliaboost.models.networks.checkpoint import Checkpoint, training_identity  # noqa: E402

STATE: dict[str, Any] = {"step": 7, "weights": {"a": torch.arange(3.0)}, "history": [{"loss": 0.5}]}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "c.pt", "one")
    assert kept.read() is None
    kept.write(STATE)
    found = kept.read()
    assert found is not None
    assert torch.equal(found["weights"]["a"], STATE["weights"]["a"])
    assert (found["step"], found["history"]) == (7, [{"loss": 0.5}])
    kept.write({**STATE, "step": 8})
    found = kept.read()
    assert found is not None
    assert found["step"] == 8
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


def test_another_trainings_file_is_passed_over_without_a_word(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    Checkpoint(tmp_path / "c.pt", "one").write(STATE)
    assert Checkpoint(tmp_path / "c.pt", "two").read() is None
    assert not recwarn.list


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_cut_file_is_passed_over_with_a_warning(tmp_path: Path, share: float) -> None:
    kept = Checkpoint(tmp_path / "c.pt", "one")
    kept.write(STATE)
    data = kept.path.read_bytes()
    kept.path.write_bytes(data[: int(share * len(data))])
    with pytest.warns(UserWarning, match=r"c\.pt is damaged .* training begins anew"):
        assert kept.read() is None


class Attack:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("pickled", [True, False])
def test_nothing_in_the_file_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pickled: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    kept = Checkpoint(tmp_path / "c.pt", "one")
    crafted = {"identity": "one", "state": Attack()}
    if pickled:
        kept.path.write_bytes(pickle.dumps(crafted))
    else:
        torch.save(crafted, kept.path)
    with pytest.warns(UserWarning, match="damaged"):
        assert kept.read() is None
    assert not (tmp_path / "ran").exists()


def test_a_failed_write_keeps_the_epoch_before(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "c.pt", "one")
    kept.write(STATE)
    with pytest.raises(Exception, match="pickle"):
        kept.write({"cannot": lambda: None})
    found = kept.read()
    assert found is not None
    assert found["step"] == 7
    assert [p.name for p in tmp_path.iterdir()] == ["c.pt"]


def test_all_that_a_training_depends_on_is_in_its_identity() -> None:
    images = np.arange(32, dtype=np.uint8).reshape(2, 4, 4)
    codes, facts = {"codes": np.array([0, 1])}, [["a", "b"], {"epochs": 3}, "cpu"]
    found = [
        training_identity(images, codes, facts),
        training_identity(images[::-1], codes, facts),
        training_identity(images.reshape(2, 2, 8), codes, facts),
        training_identity(images, {"kinds": np.array([0, 1])}, facts),
        training_identity(images, {"codes": np.array([1, 0])}, facts),
        training_identity(images, codes, [["a", "c"], {"epochs": 3}, "cpu"]),
        training_identity(images, codes, [["a", "b"], {"epochs": 4}, "cpu"]),
    ]
    assert len(set(found)) == len(found)
    # How an array lies in memory is no part of what it says.
    assert training_identity(np.asfortranarray(images), codes, facts) == found[0]
