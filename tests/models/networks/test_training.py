"""The one training loop: it trains whatever objective it is given, masks among them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from gliaboost.errors import GliaboostError
from gliaboost.models.networks import training
from gliaboost.models.networks.augmentation import Augmentation
from gliaboost.models.networks.network import Trainable
from gliaboost.models.networks.objectives import Examples, Objective, grey, outputs
from gliaboost.models.networks.training import (
    Plan,
    _Run,
    in_whole_batches,
    rate_factor,
    train_network,
)


class PixelNetwork(Trainable):
    """One number a pixel: body and head, as every network has."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 1), torch.nn.ReLU())
        self.head = torch.nn.Conv2d(8, 1, 1)

    def forward(self, images: Any) -> Any:
        return self.head(self.body(images))


def bright_parts(count: int = 12) -> Examples:
    """Dim images with a bright part, which is the mask."""
    drawn = torch.Generator().manual_seed(0)
    images = torch.randint(0, 90, (count, 1, 24, 24), generator=drawn)
    masks = torch.zeros_like(images)
    for i in range(count):
        masks[i, :, 3 : 9 + i % 5, 4 : 10 + i % 3] = 1
    return Examples((images + 140 * masks).to(torch.uint8), masks.float())


def masking(seen: list[Any] | None = None) -> Objective:
    augmentation = Augmentation(intensity=0, noise=0)

    def transform(images: Any, masks: Any, generator: Any) -> Any:
        changed = augmentation.with_masks(images, masks, generator)
        if seen is not None:
            seen.append(changed)
        return changed

    def judge(network: Any, examples: Examples, batch_size: int) -> dict[str, float]:
        inside = outputs(network, examples.images, batch_size) > 0
        both = float((inside & (examples.targets > 0)).sum())
        dice = 2 * both / float(inside.sum() + examples.targets.sum())
        return {"validation_loss": 1 - dice, "validation_dice": dice}

    def loss(output: Any, masks: Any) -> Any:
        return torch.nn.functional.binary_cross_entropy_with_logits(
            output, masks, pos_weight=torch.tensor(8.0)
        )

    return Objective(transform, loss, judge)


def test_a_segmenter_is_trained_by_the_same_loop() -> None:
    torch.manual_seed(0)
    plan = Plan(
        epochs=40, head_epochs=1, batch_size=3, learning_rate=0.1, first_rate=1.0, ema=0.0,
        weight_decay=0.0,
    )  # fmt: skip
    seen: list[Any] = []
    given = bright_parts()
    trained = train_network(PixelNetwork(), given, given, plan, masking(seen), "cpu")
    best = trained.history[trained.best_epoch - 1]
    assert best["validation_dice"] > 0.9
    assert best["validation_loss"] == min(
        e["validation_loss"] for e in trained.history if e["layers"] == "all"
    )
    # What is bright was under the mask after every change too.
    for images, masks in seen[:4]:
        inside = images[masks > 0]
        assert float((inside > 0.5).float().mean()) > 0.9


def test_the_judged_weights_are_the_running_mean_and_its_counts_the_last() -> None:
    torch.manual_seed(0)
    network = PixelNetwork()
    network.body = torch.nn.Sequential(network.body, torch.nn.BatchNorm2d(8))
    network.head.double()
    run = _Run(network, bright_parts(), Plan(ema=0.9), masking(), "cpu")
    before = {k: v.clone() for k, v in run.judged.state_dict().items()}
    with torch.no_grad():
        for value in network.state_dict().values():
            value.add_(1)
    run.step = 10**6  # far from the beginning, where the mean is quicker
    run._average()
    for name, mean in run.judged.state_dict().items():
        step = 0.1 if mean.is_floating_point() else 1
        torch.testing.assert_close(mean, before[name] + step, msg=name)


def test_a_loss_that_is_no_number_ends_it() -> None:
    def nothing(output: Any, targets: Any) -> Any:
        return output.sum() * float("nan")

    objective = masking()._replace(loss=nothing)
    with pytest.raises(GliaboostError, match="the loss became nan in epoch 1"):
        train_network(PixelNetwork(), bright_parts(), None, Plan(), objective, "cpu")


def test_after_each_epoch_the_caller_is_told_and_may_end_it() -> None:
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int, entry: dict[str, Any]) -> None:
        told.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    plan = Plan(epochs=3, head_epochs=1)
    with pytest.raises(KeyboardInterrupt):
        train_network(
            PixelNetwork(), bright_parts(), None, plan, masking(), "cpu", after_epoch=tell
        )
    assert told == [(1, 4), (2, 4)]


def test_the_rate_rises_and_falls() -> None:
    rates = [rate_factor(step, 100, 0.1) for step in range(101)]
    assert rates.index(max(rates)) in (9, 10)
    assert rates[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in pairwise(rates[10:]))
    assert float(grey(torch.full((1, 1, 1, 1), 255, dtype=torch.uint8))) == 1


def test_all_batches_have_one_shape_where_shapes_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, seen = bright_parts(10), list[int]()
    plan = Plan(epochs=1, head_epochs=0, batch_size=4, warmup=0)

    class Noting(PixelNetwork):
        def forward(self, images: Any) -> Any:
            if self.training:
                seen.append(len(images))
            return super().forward(images)

    train_network(Noting(), examples, None, plan, masking(), "cpu")
    assert seen == [4, 4, 2]
    seen.clear()
    monkeypatch.setattr(training, "PREPARES_SHAPES", ("cpu",))
    train_network(Noting(), examples, None, plan, masking(), "cpu")
    assert seen == [4, 4, 4]


def test_a_last_batch_is_filled_from_the_beginning_and_a_single_one_is_not() -> None:
    order = torch.tensor([4, 0, 3, 1, 2])
    assert in_whole_batches(order, 3).tolist() == [4, 0, 3, 1, 2, 4]
    assert in_whole_batches(order, 5).tolist() == order.tolist()
    assert in_whole_batches(order, 9).tolist() == order.tolist()
