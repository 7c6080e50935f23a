from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError, WeightsError
from gliaboost.features.embedding.backbones import (
    create_backbone,
    weights_checksum,
)
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.embedding.weights import read_weights
from gliaboost.files import sha256_file

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
MOBILENET = (
    Path(__file__).parents[2].parent / "shared" / "weights" / "mobilenetv2_100_notop.safetensors"
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def packaged() -> Any:
    return create_backbone(PACKAGED, "package")


def same(a: Any, b: Any) -> bool:
    left, right = a.state_dict(), b.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


def test_the_packaged_network_has_learned_to_see(packaged: Any) -> None:
    # ImageNet's stripes and plain walls differ for a trained network far more than for a fresh one.
    y, x = np.mgrid[:64, :64]
    pictures = np.stack([(x // 4 % 2) * 255.0, np.full((64, 64), 128.0), (x + y) * 2.0])
    batch = torch.from_numpy(((pictures / 255 - 0.5) / 0.5).astype(np.float32))
    with torch.inference_mode():
        rows = torch.nn.functional.normalize(packaged(batch[:, None].expand(-1, 3, -1, -1)))
        fresh = create_backbone(PACKAGED, "random")
        noise = torch.nn.functional.normalize(fresh(batch[:, None].expand(-1, 3, -1, -1)))
    assert float(rows[0] @ rows[1]) < 0.8 < float(noise[0] @ noise[1])


@pytest.mark.parametrize("kind", ["safetensors", "checkpoint", "wrapped"])
def test_a_file_gives_what_was_saved(tmp_path: Path, packaged: Any, kind: str) -> None:
    path = tmp_path / "weights"
    state = packaged.state_dict()
    if kind == "safetensors":
        safetensors.save_file(state, path)
    elif kind == "checkpoint":
        torch.save(state, path)
    else:
        parts = {f"module.{k}": v for k, v in state.items()}
        torch.save({"epoch": 3, "state_dict": parts}, path)
    assert same(create_backbone(PACKAGED, str(path)), packaged)
    assert weights_checksum(PACKAGED, str(path)) == sha256_file(path)


def test_a_head_of_any_width_is_left_out(tmp_path: Path, packaged: Any) -> None:
    path = tmp_path / "with-head.safetensors"
    head = {"classifier.weight": torch.zeros(7, 1280), "classifier.bias": torch.zeros(7)}
    safetensors.save_file({**packaged.state_dict(), **head}, path)
    assert same(create_backbone(PACKAGED, str(path)), packaged)


def test_real_weights_of_mobilenet() -> None:
    if not MOBILENET.is_file():
        pytest.skip(f"no weights at {MOBILENET}")
    state = read_weights(MOBILENET)
    model = create_backbone("mobilenet_v2", str(MOBILENET))
    assert torch.equal(model.state_dict()["conv_stem.weight"], state["conv_stem.weight"])
    with pytest.raises(WeightsError, match=r"no weights of resnet50.* missing .*unknown"):
        create_backbone("resnet50", str(MOBILENET))


def test_another_width_of_the_same_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.pth"
    torch.save(create_backbone("mobilenetv3_small_075", "random").state_dict(), path)
    with pytest.raises(WeightsError, match=r"of another shape \(first: .* instead of"):
        create_backbone("mobilenetv3_small_100", str(path))


@pytest.mark.parametrize("kind", ["safetensors", "checkpoint"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused(
    tmp_path: Path, packaged: Any, kind: str, share: float
) -> None:
    path = tmp_path / "cut"
    state = {k: v for k, v in packaged.state_dict().items() if k.startswith("blocks.0")}
    (safetensors.save_file if kind == "safetensors" else torch.save)(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match="cut short"):
        read_weights(path)


class Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("open('BOMB', 'w').close()",))


@pytest.mark.parametrize("dump", [pickle.dump, torch.save], ids=["pickle", "torch"])
def test_a_pickle_posing_as_weights_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dump: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        dump({"state_dict": Bomb()}, file)
    with pytest.raises(WeightsError, match=r"refused, nothing in it was run|no weights file"):
        read_weights(path)
    assert not (tmp_path / "BOMB").exists()


@pytest.mark.parametrize(
    ("saved", "message"),
    [({"a": 3}, "no tensors"), ([1, 2], "holds a list"), ({}, "holds a dict")],
)
def test_a_checkpoint_of_something_else_is_refused(
    tmp_path: Path, saved: Any, message: str
) -> None:
    torch.save(saved, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match=message):
        read_weights(tmp_path / "other.pth")


def test_the_package_is_for_its_own_backbone_only() -> None:
    with pytest.raises(UsageError, match="'package' are those of tf_efficientnet_lite0"):
        create_backbone("resnet18", "package")


def test_random_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    first = create_backbone("mobilenetv3_small_050", "random", seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert same(first, create_backbone("mobilenetv3_small_050", "random", seed=1))
    assert not same(first, create_backbone("mobilenetv3_small_050", "random", seed=2))
    assert weights_checksum("resnet18", "random", seed=1) == "random-1"


@pytest.mark.integration
def test_a_missing_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['timm'] = None\n"
        "from gliaboost.features.embedding.backbones import create_backbone\n"
        "create_backbone('resnet18', 'random')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "needs timm, which is not installed: pip install 'gliaboost[torch]'" in done.stderr
