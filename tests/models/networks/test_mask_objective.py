"""What a mask costs, held against plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from gliaboost.models.networks import objectives
from gliaboost.models.networks.augmentation import Augmentation
from gliaboost.models.networks.mask_objective import (
    SMOOTH,
    judge_masks,
    segmentation,
    segmentation_costs,
)
from gliaboost.models.networks.objectives import Examples

STILL = Augmentation(flip=False, rotation=0, scale=0, shift=0, intensity=0, noise=0)


def given(kinds: int = 3, count: int = 5, side: int = 9) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (count, 1 + kinds, side, side)).astype(np.float32)
    masks = np.zeros((count, 1, side, side), np.uint8)
    for i in range(count - 1):  # the last has no tumour
        masks[i, :, 2 : 4 + i, 1:5] = 1 + i % kinds
    return torch.from_numpy(logits), torch.from_numpy(masks)


def plain_costs(logits: Any, masks: Any) -> list[tuple[float, float, float]]:
    found = []
    for each, mask in zip(logits.numpy().astype(float), masks[:, 0].numpy(), strict=True):
        p = np.exp(each) / np.exp(each).sum(axis=0)
        tumour, truth = 1 - p[0], mask > 0
        dice = (2 * tumour[truth].sum() + SMOOTH) / (tumour.sum() + truth.sum() + SMOOTH)
        pixel = -np.where(truth, np.log(tumour), np.log(p[0])).mean()
        kind = 0.0
        if truth.any():
            rows, columns = np.nonzero(truth)
            among = p[mask[truth], rows, columns] / tumour[truth]
            kind = -np.log(among).mean()
        found.append((1 - dice, pixel, kind))
    return found


@pytest.mark.parametrize("kinds", [1, 2, 3])
def test_costs_are_those_of_plain_numpy(kinds: int) -> None:
    logits, masks = given(kinds)
    want = np.array(plain_costs(logits, masks))
    got = np.stack([c.numpy() for c in segmentation_costs(logits, masks)], axis=1)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-6)
    # An image counts once, however large its tumour; of kinds only those with one.
    loss = float(segmentation(STILL).loss(logits, masks))
    means = want[:, 0].mean() + want[:, 1].mean() + want[:-1, 2].mean()
    assert loss == pytest.approx(means, rel=1e-4)


def test_one_kind_costs_nothing_to_tell() -> None:
    assert not segmentation_costs(*given(kinds=1)).kind.any()


def test_certain_answers_stay_finite() -> None:
    logits, masks = given()
    sure = (1e4 * logits).requires_grad_()
    loss: Any = segmentation(STILL).loss(sure, masks)
    loss.backward()
    assert bool(torch.isfinite(loss))
    assert sure.grad is not None
    assert bool(torch.isfinite(sure.grad).all())


def test_a_tumour_where_there_is_none_costs_and_no_mask_at_all_is_learned_from() -> None:
    logits, masks = given()
    masks[:] = 0
    quiet = logits.clone()
    quiet[:, 0] = 12
    objective = segmentation(STILL)
    assert float(objective.loss(quiet, masks)) < 0.01 < float(objective.loss(logits, masks))


def test_masks_move_with_their_images() -> None:
    _, masks = given()
    images = (masks > 0).float()
    objective = segmentation(Augmentation(intensity=0, noise=0))
    moved, targets = objective.transform(images, masks, torch.Generator().manual_seed(0))
    assert targets.dtype == torch.uint8
    assert not torch.equal(targets, masks)
    assert set(torch.unique(targets).tolist()) <= {0, 1, 2, 3}
    # Edges are blended in images and not in masks.
    assert float(((moved > 0.5) == (targets > 0)).float().mean()) > 0.9


class Fixed(torch.nn.Module):
    """Answers with logits laid down for each image, which its first pixel names."""

    def __init__(self, logits: Any) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, images: Any) -> Any:
        return self.logits[(images[:, 0, 0, 0] * 255).round().long()]


@pytest.mark.parametrize("whole_batches", [(), ("cpu",)], ids=["as they are", "whole"])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_judgement_is_plain_numpys_whatever_the_batch(
    batch: int, whole_batches: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectives, "PREPARES_SHAPES", whole_batches)
    logits, masks = given(count=6)
    logits[1, 0] += 9  # finds nothing
    logits[5, 0] += 30  # rightly finds nothing
    images = torch.zeros(6, 1, 9, 9, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.arange(6)
    judged = judge_masks(Fixed(logits), Examples(images, masks), batch)
    p = torch.softmax(logits, dim=1).numpy()
    dice, right = [], []
    for each, mask in zip(p, masks[:, 0].numpy(), strict=True):
        found, truth = each[0] < 0.5, mask > 0
        both = found.sum() + truth.sum()
        dice.append(2 * (found & truth).sum() / both if both else 1)
        if truth.any():
            right.append(each[1:, truth].sum(axis=1).argmax() + 1 == mask.max())
    assert dice[5] == 1
    costs = np.array(plain_costs(logits, masks))
    assert judged["validation_dice"] == pytest.approx(np.mean(dice), rel=1e-5)
    assert judged["validation_accuracy"] == pytest.approx(np.mean(right))
    assert judged["validation_loss"] == pytest.approx(costs[:, :2].sum(axis=1).mean(), rel=1e-4)


def test_one_kind_has_no_accuracy() -> None:
    logits, masks = given(kinds=1)
    images = torch.zeros(5, 1, 9, 9, dtype=torch.uint8)
    assert set(judge_masks(Fixed(logits), Examples(images, masks), 2)) == {
        "validation_loss",
        "validation_dice",
    }
