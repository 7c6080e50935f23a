"""What a network learns where it segments: overlap, certainty by pixel, and the tumour's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from gliaboost.models.networks.objectives import Examples, Objective, as_long, grey

if TYPE_CHECKING:
    from gliaboost.models.networks.augmentation import Augmentation

# Pixels added to both sides of Dice, so that an image without a tumour has one too.
SMOOTH = 10.0


class Costs(NamedTuple):
    """What each image's answer costs.

    Attributes
    ----------
    overlap : float32 tensor [N]
        1 - Dice of the probability of any tumour.
    pixel : float32 tensor [N]
        Cross-entropy of tumour or not, averaged over the pixels.
    kind : float32 tensor [N]
        Cross-entropy of the kinds among each other, averaged over the tumour's pixels: averaged
        over all, a tumour of two percent would say little of its kind. 0 without a tumour.
    """

    overlap: torch.Tensor
    pixel: torch.Tensor
    kind: torch.Tensor


def segmentation(augmentation: Augmentation) -> Objective:
    """Tell a tumour's pixels, and its kind where there are several: Dice and cross-entropy.

    Targets are ``uint8 [N, 1, S, S]``: 0 outside, 1 to K inside a tumour of that kind. An image
    whose mask is empty is learned as one without a tumour.

    Parameters
    ----------
    augmentation : Augmentation
        Of images and masks alike.

    Returns
    -------
    Objective
        Its ``validation_loss`` is that of the mask alone: a network that begins to be too sure of
        kinds may still draw better outlines.
    """

    def loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        costs = segmentation_costs(logits, masks)
        ill = (masks > 0).flatten(1).any(dim=1).sum().clamp(min=1)
        return costs.overlap.mean() + costs.pixel.mean() + costs.kind.sum() / ill

    return Objective(augmentation.with_masks, loss, judge_masks)


def segmentation_costs(logits: torch.Tensor, masks: torch.Tensor) -> Costs:
    """Measure each image's costs.

    Parameters
    ----------
    logits : float32 tensor [N, 1 + K, H, W]
        The background's first.
    masks : uint8 tensor [N, 1, H, W]
        0 outside, 1 to K inside.

    Returns
    -------
    Costs
    """
    codes = masks[:, 0].long()
    inside = codes > 0
    among = torch.logsumexp(logits, dim=1)
    outside_log = logits[:, 0] - among
    inside_log = torch.logsumexp(logits[:, 1:], dim=1) - among
    pixel = -torch.where(inside, inside_log, outside_log).flatten(1).mean(dim=1)

    probability, truth = inside_log.exp().flatten(1), inside.flatten(1).float()
    both = (probability * truth).sum(dim=1)
    dice = (2 * both + SMOOTH) / (probability.sum(dim=1) + truth.sum(dim=1) + SMOOTH)

    kinds = torch.log_softmax(logits[:, 1:], dim=1)
    right = kinds.gather(1, (codes - 1).clamp(min=0)[:, None])[:, 0].flatten(1)
    kind = -(right * truth).sum(dim=1) / truth.sum(dim=1).clamp(min=1)
    return Costs(1 - dice, pixel, kind)


def judge_masks(network: torch.nn.Module, examples: Examples, batch_size: int) -> dict[str, float]:
    """Measure the costs and Dice of masks, batch by batch.

    Returns
    -------
    dict
        ``validation_loss`` (overlap and pixels), ``validation_dice`` (of pixels above one half,
        averaged over images; 1 where an empty mask is left empty, 0 where it is not) and, of
        several kinds, ``validation_accuracy``: of images with a tumour whose kind has most
        probability inside the true mask.
    """
    network.eval()
    several = False
    sums = torch.zeros(4, dtype=torch.float64)
    with torch.inference_mode():
        for start in range(0, len(examples.images), batch_size):
            some = examples.at(slice(start, start + batch_size))
            logits = network(grey(as_long(some.images, start, batch_size))).float()
            logits, masks = logits[: len(some.images)], some.targets
            costs = segmentation_costs(logits, masks)
            dice, right, ill = mask_answers(logits, masks)
            sums += torch.stack(
                [(costs.overlap + costs.pixel).sum(), dice.sum(), right.sum(), ill.sum()]
            ).to("cpu", torch.float64)
            several = logits.shape[1] > 2
    count = len(examples.images)
    judged = {"validation_loss": float(sums[0]) / count, "validation_dice": float(sums[1]) / count}
    if several and sums[3]:
        judged["validation_accuracy"] = float(sums[2] / sums[3])
    return judged


def mask_answers(
    logits: torch.Tensor, masks: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Give each image's Dice, whether its kind is right, and whether there is a tumour."""
    probabilities = torch.softmax(logits, dim=1)
    inside = masks[:, 0] > 0
    found = probabilities[:, 0] < 0.5
    both = (found & inside).sum(dim=(1, 2))
    total = found.sum(dim=(1, 2)) + inside.sum(dim=(1, 2))
    dice = torch.where(total > 0, 2 * both / total.clamp(min=1), 1.0)
    ill = inside.any(dim=2).any(dim=1)
    mass = (probabilities[:, 1:] * inside[:, None]).sum(dim=(2, 3))
    right = (mass.argmax(dim=1) + 1 == masks.amax(dim=(1, 2, 3)).long()) & ill
    return dice.float(), right.float(), ill.float()
