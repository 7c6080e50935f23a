"""One loss for mask and class, held against its parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

pytest.importorskip("torch")

import torch

from gliaboost.models.networks import objectives
from gliaboost.models.networks.augmentation import Augmentation
from gliaboost.models.networks.mask_objective import segmentation_costs
from gliaboost.models.networks.multitask_objective import Taught, judge_both, multitask
from gliaboost.models.networks.objectives import Examples

STILL = Augmentation(flip=False, rotation=0, scale=0, shift=0, intensity=0, noise=0)
WEIGHT = torch.tensor([1.0, 2.0, 0.5])


def given(count: int = 6, side: int = 9) -> tuple[Any, Any, Taught]:
    rng = np.random.default_rng(0)
    logits = torch.from_numpy(rng.normal(0, 2, (count, 3)).astype(np.float32))
    mask = torch.from_numpy(rng.normal(0, 2, (count, 4, side, side)).astype(np.float32))
    labels = torch.arange(count) % 3
    masks = torch.zeros(count, 1, side, side, dtype=torch.uint8)
    masks[:, :, 2:5, 3:8] = (1 + labels)[:, None, None, None].to(torch.uint8)
    masks[4:] = 0
    masked = torch.tensor([True, True, False, True, True, False])
    return logits, mask, Taught(labels, masks, masked)


def test_the_loss_is_the_classes_and_that_of_known_masks() -> None:
    logits, mask, taught = given()
    named = torch.nn.functional.cross_entropy(
        logits, taught.labels, weight=WEIGHT, label_smoothing=0.1
    )
    known = [0, 1, 3, 4]
    costs = segmentation_costs(mask[known], taught.masks[known])
    drawn = (costs.overlap + costs.pixel).mean() + costs.kind[:3].mean()
    got = multitask(STILL, WEIGHT, 0.1).loss((logits, mask), taught)
    torch.testing.assert_close(got, named + drawn)


def test_a_row_without_a_known_mask_teaches_its_class_alone() -> None:
    logits, mask, taught = given()
    mask.requires_grad_()
    logits.requires_grad_()
    loss: Any = multitask(STILL, WEIGHT, 0.0).loss((logits, mask), taught)
    loss.backward()
    assert mask.grad is not None
    assert logits.grad is not None
    assert mask.grad.flatten(1).any(dim=1).tolist() == taught.masked.tolist()
    assert logits.grad.any(dim=1).all()


def test_without_any_mask_the_loss_is_the_classes() -> None:
    logits, mask, taught = given()
    blind = taught._replace(masked=torch.zeros(6, dtype=torch.bool))
    named = torch.nn.functional.cross_entropy(logits, taught.labels, weight=WEIGHT)
    torch.testing.assert_close(multitask(STILL, WEIGHT, 0.0).loss((logits, mask), blind), named)


def test_masks_move_with_their_images_and_labels_stay() -> None:
    _, _, taught = given()
    objective = multitask(Augmentation(intensity=0, noise=0), WEIGHT, 0.0)
    images = (taught.masks > 0).float()
    moved, changed = objective.transform(images, taught, torch.Generator().manual_seed(0))
    assert changed.labels is taught.labels
    assert not torch.equal(changed.masks, taught.masks)
    assert float(((moved > 0.5) == (changed.masks > 0)).float().mean()) > 0.9


class Fixed(torch.nn.Module):
    """Answers with what is laid down for each image, which its first pixel names."""

    def __init__(self, logits: Any, mask: Any) -> None:
        super().__init__()
        self.logits, self.mask = logits, mask

    def forward(self, images: Any) -> Any:
        rows = (images[:, 0, 0, 0] * 255).round().long()
        return self.logits[rows], self.mask[rows]


@pytest.mark.parametrize("whole_batches", [(), ("cpu",)], ids=["as they are", "whole"])
@pytest.mark.parametrize("batch", [1, 4, 100])
def test_judgement_is_scikit_learns_and_dice_of_known_masks(
    batch: int, whole_batches: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objectives, "PREPARES_SHAPES", whole_batches)
    logits, mask, taught = given()
    mask[4, 0] += 30
    images = torch.zeros(6, 1, 9, 9, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.arange(6)
    judged = judge_both(Fixed(logits, mask), Examples(images, tuple(taught)), batch, WEIGHT)
    y, p = taught.labels.numpy(), torch.softmax(logits, dim=1).numpy()
    weight = WEIGHT.numpy()[y]
    assert judged["validation_loss"] == pytest.approx(
        log_loss(y, p, sample_weight=weight, labels=[0, 1, 2]), rel=1e-5
    )
    right = p.argmax(axis=1) == y
    assert judged["validation_accuracy"] == pytest.approx((right * weight).sum() / weight.sum())
    dice = []
    for k in (0, 1, 3):
        found = torch.softmax(mask[k], dim=0)[0].numpy() < 0.5
        truth = taught.masks[k, 0].numpy() > 0
        dice.append(2 * (found & truth).sum() / (found.sum() + truth.sum()))
    assert judged["validation_dice"] == pytest.approx(np.mean([*dice, 1.0]), rel=1e-5)
    blind = taught._replace(masked=torch.zeros(6, dtype=torch.bool))
    assert "validation_dice" not in judge_both(
        Fixed(logits, mask), Examples(images, tuple(blind)), batch, WEIGHT
    )
