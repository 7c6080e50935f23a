from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gliaboost.errors import UsageError  # noqa: E402
from gliaboost.models.base import NativeModelError  # noqa: E402
from gliaboost.models.hybrid.blend import blended  # noqa: E402
from gliaboost.models.hybrid.prediction import hybrid_probabilities, side_by_side  # noqa: E402
from gliaboost.models.networks.network import scratch_network, to_safetensors  # noqa: E402
from gliaboost.models.networks.prediction import (  # noqa: E402
    network_outputs,
    network_probabilities,
)
from gliaboost.models.registry import create_model  # noqa: E402

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 16, 16), dtype=np.uint8)
COLUMNS = RNG.normal(size=(12, 5)).astype(np.float32)
LABELS = np.resize([0, 1], 12)


class Parts:
    """Two networks and a booster on them, and their bytes as a hybrid's."""

    def __init__(self) -> None:
        networks = []
        for seed in range(2):
            torch.manual_seed(seed)
            network = scratch_network(2, 16, (4,), (1,), 0.0)
            torch.nn.init.normal_(network.head.weight)
            networks.append(network)
        self.abouts = [{"network": n.about, "mirror": False} for n in networks]
        self.natives = [
            to_safetensors(n.state_dict(), a) for n, a in zip(networks, self.abouts, strict=True)
        ]
        matrix = side_by_side(COLUMNS, *network_outputs(self.natives[0], IMAGES, "cpu"))
        self.booster = create_model(
            "lightgbm", rounds=5, inner_folds=0, device="cpu", min_rows=1
        ).fit(matrix, LABELS)
        self.tensors = {
            f"{i}.{k}": v for i, n in enumerate(networks) for k, v in n.state_dict().items()
        }
        self.tensors["booster"] = torch.frombuffer(
            bytearray(self.booster.to_bytes()), dtype=torch.uint8
        )

    def packed(self, **changed: Any) -> bytes:
        about = {"networks": self.abouts, "booster": "lightgbm", "share": 0.3, "columns": 5}
        about.update(changed)
        return to_safetensors(self.tensors, {k: v for k, v in about.items() if v is not None})


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_each_network_is_blended_with_the_booster_on_its_own_columns(
    parts: Parts, share: float
) -> None:
    answers = []
    for native in parts.natives:
        matrix = side_by_side(COLUMNS, *network_outputs(native, IMAGES, "cpu"))
        own = network_probabilities(native, IMAGES, 2, "cpu")
        answers.append(blended(own, parts.booster.predict_proba(matrix), share))
    got = hybrid_probabilities(parts.packed(share=share), IMAGES, COLUMNS, 2, device="cpu")
    np.testing.assert_allclose(got, np.mean(answers, axis=0), atol=1e-6)


@pytest.mark.parametrize("columns", [COLUMNS[:, :4], COLUMNS[:3], COLUMNS.ravel()])
def test_other_columns_are_refused(parts: Parts, columns: Any) -> None:
    with pytest.raises(UsageError, match=r"columns of shape .*; this hybrid takes \[12, 5\]"):
        hybrid_probabilities(parts.packed(), IMAGES, columns, device="cpu")


def test_another_number_of_classes_is_refused(parts: Parts) -> None:
    with pytest.raises(NativeModelError, match="the hybrid has 2 classes, 3 are named"):
        hybrid_probabilities(parts.packed(), IMAGES, COLUMNS, 3, device="cpu")


@pytest.mark.parametrize("field", ["networks", "booster", "share", "columns"])
def test_a_missing_part_is_named(parts: Parts, field: str) -> None:
    with pytest.raises(NativeModelError, match=f"cannot be read .*{field}"):
        hybrid_probabilities(parts.packed(**{field: None}), IMAGES, COLUMNS, device="cpu")


def test_columns_stand_in_the_order_that_the_booster_learned() -> None:
    got = side_by_side(np.ones((2, 1), np.float32), np.full((2, 2), 2, np.float32), np.eye(2) + 3.0)
    assert got.tolist() == [[1, 2, 2, 4, 3], [1, 2, 2, 3, 4]]
    assert got.dtype == np.float32
