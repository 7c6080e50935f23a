from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from gliaboost.errors import UsageError, WeightsError

torch = pytest.importorskip("torch")

from gliaboost.features.embedding import weights  # noqa: E402
from gliaboost.features.embedding.weights import read_weights  # noqa: E402


def test_a_file_is_searched_in_the_weights_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "w.pth").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"no weights file /gone/w.pth.*GLIABOOST_WEIGHTS"):
        weights.find_weights("/gone/w.pth")
    monkeypatch.setenv("GLIABOOST_WEIGHTS", str(tmp_path))
    assert weights.find_weights("/gone/w.pth") == tmp_path / "w.pth"
    with pytest.raises(WeightsError, match="other weights than those of the training"):
        weights.find_weights("/gone/w.pth", "0" * 16)


def test_the_first_digits_of_the_checksum_will_do(tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    file.write_bytes(b"x")
    digest = hashlib.sha256(b"x").hexdigest()
    assert weights.find_weights(str(file), digest[:16]) == file
    assert weights.file_checksum(file) == digest
    # A file that changes is read again.
    file.write_bytes(b"yy")
    assert weights.file_checksum(file) == hashlib.sha256(b"yy").hexdigest()


STATE = {"a.weight": torch.ones(2), "b": torch.zeros(3)}


@pytest.mark.parametrize(
    "wrapped",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE},
        {"state_dict_ema": STATE, "state_dict": {"other": torch.ones(1)}},
        {"state_dict": {f"module.{k}": v for k, v in STATE.items()}},
    ],
)
def test_a_checkpoints_state_is_found_whatever_it_is_wrapped_in(
    tmp_path: Path, wrapped: Any
) -> None:
    torch.save(wrapped, tmp_path / "w.pth")
    found = read_weights(tmp_path / "w.pth")
    assert found.keys() == STATE.keys()
    assert all(torch.equal(found[k], STATE[k]) for k in STATE)


def test_safetensors_are_known_by_their_content(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(STATE, tmp_path / "w.pth")
    assert read_weights(tmp_path / "w.pth").keys() == STATE.keys()
    data = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(data[:-4])
    with pytest.raises(WeightsError, match="damaged or cut short"):
        read_weights(tmp_path / "w.pth")


class Attack:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({"a": Attack()}, r"asks for posix\.mkdir: refused, nothing in it was run"),
        ([1, 2], "holds a list; expected tensors by name"),
        ({}, "holds a dict; expected tensors by name"),
        ({"a": torch.ones(1), "n": 3}, r"1 value\(s\) that are no tensors \(first: n\)"),
        (
            {"a": torch.ones(1), "b": torch.eye(3).to_sparse()},
            r"b has layout torch\.sparse_coo; expected plain tensors",
        ),
        (
            {"a": torch.ones(3, device="meta")},
            r"a has no values \(the meta device\); expected plain tensors",
        ),
    ],
)
def test_what_is_no_state_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saved: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(saved, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / "w.pth")
    assert not (tmp_path / "ran").exists()


def test_the_digest_tells_tensors_and_names_apart() -> None:
    one = {"a": torch.ones(3), "b": torch.zeros(2)}
    others = [
        {"a": torch.ones(3), "c": torch.zeros(2)},
        {"a": torch.ones(3), "b": torch.zeros(2, 1)},
        {"a": torch.ones(3), "b": torch.tensor([0.0, 1e-9])},
    ]
    assert weights.digest(dict(reversed(one.items()))) == weights.digest(one)
    assert len({weights.digest(s) for s in [one, *others]}) == 4
