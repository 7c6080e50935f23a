"""Checkpoints that ask for more than they have: refused before torch opens them."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from gliaboost.errors import WeightsError  # noqa: E402
from gliaboost.features.embedding.checkpoint_limits import checkpoint_fault  # noqa: E402
from gliaboost.features.embedding.weights import read_weights  # noqa: E402
from tests.conftest import Trial  # noqa: E402

STATE = {f"layer{n}.weight": torch.ones(3, 4) for n in range(50)}
READ = """
from pathlib import Path
from gliaboost.features.embedding.weights import read_weights
import torch, safetensors.torch
def read(file):
    read_weights(Path(file))
"""


@pytest.mark.parametrize("new", [True, False])
def test_what_torch_saves_is_opened(tmp_path: Path, new: bool) -> None:
    file = tmp_path / "w.pth"
    given: dict[str, Any] = {"_use_new_zipfile_serialization": new}
    torch.save({"model": STATE, "epoch": 3, "betas": (0.9, [1, {"a": (2,)}])}, file, **given)
    assert checkpoint_fault(file) is None
    assert read_weights(file).keys() == STATE.keys()


@pytest.mark.integration
def test_long_lists_and_dicts_are_no_deep_ones(tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    losses = [n / 7 for n in range(150_000)]
    scores = {f"step{n}": n for n in range(110_000)}
    torch.save({"model": STATE, "losses": losses}, file)
    assert checkpoint_fault(file) is None
    assert read_weights(file).keys() == STATE.keys()
    torch.save({"model": STATE, "scores": scores}, file)
    assert checkpoint_fault(file) is None


@pytest.mark.parametrize("new", [True, False])
def test_states_of_modules_and_optimisers_are_opened(tmp_path: Path, new: bool) -> None:
    file = tmp_path / "w.pth"
    net = torch.nn.Sequential(*(torch.nn.Linear(4, 4) for _ in range(30)))
    net[0].weight = net[1].weight
    tuned = torch.optim.AdamW(net.parameters())
    net(torch.ones(1, 4)).sum().backward()
    tuned.step()
    whole = {"model": net.state_dict(), "optimizer": tuned.state_dict(), "net": [*net.parameters()]}
    torch.save(whole, file, _use_new_zipfile_serialization=new)
    assert checkpoint_fault(file) is None
    assert read_weights(file).keys() == net.state_dict().keys()


def in_zip(folder: Path, name: str, text: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """A checkpoint of today with another pickle in it."""
    torch.save(STATE, folder / "whole.pth")
    with (
        zipfile.ZipFile(folder / "whole.pth") as whole,
        zipfile.ZipFile(folder / name, "w", compression) as made,
    ):
        for member in whole.namelist():
            data = text if member.endswith("data.pkl") else whole.read(member)
            made.writestr(member, data)
    return folder / name


DEEP = b"\x80\x02})" + b"\x85" * 200_000 + b"K\x01s."
# Numbers kept and fetched again do not start from nothing.
KEPT = b"\x80\x02()" + (b"\x85" * 50 + b"q\x00h\x00") * 6_000 + b"t}h\x00K\x01s."
MARKS = b"\x80\x02}" + b"(" * 200_000 + b"N" + b"t" * 200_000 + b"K\x01s."
DOUBLED = b")" + b"q\x00h\x00\x86" * 60
TWICE = b"\x80\x02}" + DOUBLED + b"K\x01s."
COUNTER = b"ccollections\nCounter\n"
COUNTED = b"\x80\x02" + COUNTER + b"(" + DOUBLED + b"t\x85R."
# A tuple whose list is filled later, and counted again and again.
FILLED = (
    b"\x80\x02]q\x00\x85q\x01h\x00(" + b"N" * 200_000 + b"e" + COUNTER + b"q\x02"
    b"(" + b"h\x02h\x01R" * 90_000 + b"t."
)
STORED = b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\n" + DOUBLED + b"NK\x01tQ."
MANY = b"\x80\x02" + b"}" * 20_000_000 + b"."


def hostile(folder: Path) -> list[Path]:
    made = [in_zip(folder, "deep-in-zip.pth", DEEP), in_zip(folder, "many-in-zip.pth", MANY)]
    made.append(in_zip(folder, "stored.pth", STORED))
    packed = in_zip(folder, "packed.pth", b"\x80\x02" + b"N" * 2**28 + b".", zipfile.ZIP_DEFLATED)
    for name, data in (
        ("deep.pth", DEEP),
        ("many.pth", MANY),
        ("kept.pth", KEPT),
        ("marks.pth", MARKS),
        ("twice.pth", TWICE),
        ("counted.pth", COUNTED),
        ("filled.pth", FILLED),
        ("memo.pth", b"\x80\x04" + b"N\x94" * 10_000_000 + b"."),
        ("lists.pth", b"\x80\x02" + b"]" * 30_000_000 + b"."),
        ("cut.pth", b"\x80\x02}q\x00"),
        ("header.safetensors", (2**62).to_bytes(8, "little") + b"{}"),
        ("long.safetensors", (60_000_000).to_bytes(8, "little") + b"{" + b" " * 60_000_000),
    ):
        (folder / name).write_bytes(data)
        made.append(folder / name)
    huge = {"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
    text = json.dumps(huge).encode()
    (folder / "huge.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    bomb = folder / "bomb.pth"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        with archive.open("a/data/0", "w", force_zip64=True) as member:
            for _ in range(1100):
                member.write(bytes(2**20))
    view = folder / "view.pth"
    torch.save({"w": torch.zeros(1).expand(2**40)}, view)
    return [*made, packed, folder / "huge.safetensors", bomb, view]


@pytest.mark.integration
def test_small_files_that_ask_for_much_are_refused_in_little_time_and_memory(
    tmp_path: Path, trial: Trial
) -> None:
    assert trial.faults(READ, hostile(tmp_path), "WeightsError") == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (KEPT, "nests values more than 100 deep"),
        (MARKS, "nests values more than 100 deep"),
        (TWICE, "has more than 5,000,000 values in keys"),
        (COUNTED, "has more than 5,000,000 values in keys"),
        (STORED, "has more than 5,000,000 values in keys"),
        (FILLED, "a value changes after another holds it"),
        (b"\x80\x02(q\x00t.", "a mark where a value is due"),
    ],
)
def test_what_is_kept_and_fetched_again_is_counted_as_it_is(
    tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "w.pth").write_bytes(data)
    assert said in str(checkpoint_fault(tmp_path / "w.pth"))


def test_many_members_are_refused_by_the_length_of_their_list(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
    data = bytearray(made.getvalue())
    at = data.rfind(b"PK\x05\x06")
    data[at + 12 : at + 16] = (2**30).to_bytes(4, "little")
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(WeightsError, match="lists its members in 1,073,741,824 bytes"):
        read_weights(tmp_path / "w.pth")
