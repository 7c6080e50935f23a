"""What networks are trained for: classes here; anything else by the same three functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

pytest.importorskip("torch")

import torch

from gliaboost.models.networks import objectives
from gliaboost.models.networks.augmentation import Augmentation
from gliaboost.models.networks.objectives import (
    Examples,
    as_long,
    classification,
    grey,
    judge_classes,
    outputs,
)

STILL = Augmentation(flip=False, rotation=0, scale=0, shift=0, intensity=0, noise=0)


class ByMean(torch.nn.Module):
    """Tells two classes by an image's mean."""

    def forward(self, images: Any) -> Any:
        mean = images.mean(dim=(1, 2, 3))
        return torch.stack([0.5 - mean, mean - 0.5], dim=1) * 4


def examples(count: int = 23) -> Examples:
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (count, 1, 3, 3)).astype(np.uint8))
    return Examples(images, torch.from_numpy(rng.integers(0, 2, count)))


def test_outputs_do_not_depend_on_the_batch() -> None:
    images = examples().images
    torch.testing.assert_close(outputs(ByMean(), images, 5), outputs(ByMean(), images, 100))
    assert float(grey(images).max()) <= 1


def test_judgement_is_scikit_learns_with_the_classes_weighed() -> None:
    given = examples()
    y = given.targets.numpy()
    counts = np.bincount(y)
    weight = len(y) / (2 * counts)
    judged = judge_classes(ByMean(), given, 4, torch.from_numpy(weight.astype(np.float32)))
    logits = outputs(ByMean(), given.images, 100)
    p = torch.softmax(logits, dim=1).numpy()
    expected = log_loss(y, p, sample_weight=weight[y], labels=[0, 1])
    assert judged["validation_loss"] == pytest.approx(expected, rel=1e-5)
    balanced = balanced_accuracy_score(y, p.argmax(axis=1))
    assert judged["validation_accuracy"] == pytest.approx(balanced, rel=1e-5)


def test_classes_become_shares_and_cost_what_torch_says() -> None:
    weight = torch.tensor([1.0, 3.0])
    objective = classification(STILL, weight, 0.1)
    given = examples()
    images, targets = objective.transform(
        grey(given.images), given.targets, torch.Generator().manual_seed(0)
    )
    assert targets.argmax(dim=1).tolist() == given.targets.tolist()
    torch.testing.assert_close(images, grey(given.images), atol=1e-6, rtol=0)
    logits = ByMean()(images)
    plain = torch.nn.CrossEntropyLoss(weight=weight, label_smoothing=0.1)(logits, given.targets)
    # With shares for targets torch divides by the rows, with classes by their weights.
    rows = weight[given.targets].sum() / len(given.targets)
    torch.testing.assert_close(objective.loss(logits, targets), plain * rows)


def test_blending_reaches_the_targets() -> None:
    objective = classification(Augmentation(mix="mixup", mix_alpha=1.0), torch.ones(2), 0.0)
    given = examples()
    _, targets = objective.transform(
        grey(given.images), given.targets, torch.Generator().manual_seed(1)
    )
    assert ((targets > 0) & (targets < 1)).any()


def test_batches_have_one_shape_where_shapes_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    images, seen = examples(11).images, list[int]()

    class Noting(ByMean):
        def forward(self, images: Any) -> Any:
            seen.append(len(images))
            return super().forward(images)

    want = outputs(Noting(), images, 4)
    assert seen == [4, 4, 3]
    monkeypatch.setattr(objectives, "PREPARES_SHAPES", ("cpu",))
    seen.clear()
    torch.testing.assert_close(outputs(Noting(), images, 4), want)
    assert seen == [4, 4, 4]
    seen.clear()
    outputs(Noting(), images[:3], 4)
    assert seen == [3]


def test_the_last_row_is_repeated() -> None:
    rows = torch.arange(6).reshape(3, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objectives, "PREPARES_SHAPES", ("cpu",))
        assert as_long(rows, 4, 5)[:, 0].tolist() == [0, 2, 4, 4, 4]
        assert as_long(rows, 0, 5) is rows
    assert as_long(rows, 4, 5) is rows
