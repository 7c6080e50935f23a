"""What a network learns where it draws a mask and names a class: one loss for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from gliaboost.models.networks.mask_objective import mask_answers, segmentation_costs
from gliaboost.models.networks.objectives import Examples, Objective, as_long, grey

if TYPE_CHECKING:
    from gliaboost.models.networks.augmentation import Augmentation


class Taught(NamedTuple):
    """What a row teaches.

    Attributes
    ----------
    labels : int64 tensor [N]
        Classes, from 0.
    masks : uint8 tensor [N, 1, S, S]
        0 outside, inside 1 and more: the class from 1.
    masked : bool tensor [N]
        Whether it is known where the tumour is; the others teach their class alone.
    """

    labels: torch.Tensor
    masks: torch.Tensor
    masked: torch.Tensor


def multitask(
    augmentation: Augmentation, class_weight: torch.Tensor, label_smoothing: float
) -> Objective:
    """Tell classes, and draw masks where they are known.

    Targets are `Taught`, as a tuple. The loss is the classes' weighted cross-entropy and, of rows
    with a known mask, overlap, pixels and kinds as in
    `gliaboost.models.networks.mask_objective.segmentation`, each averaged.

    Parameters
    ----------
    augmentation : Augmentation
        Of images and masks alike.
    class_weight : float32 tensor [K]
        What each class weighs, in training and in judging.
    label_smoothing : float
        0 to below 1.

    Returns
    -------
    Objective
        Its ``validation_loss`` is that of the classes: the answer is a class.
    """

    def transform(
        images: torch.Tensor,
        targets: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        generator: torch.Generator,
    ) -> tuple[torch.Tensor, Taught]:
        taught = Taught(*targets)
        changed, masks = augmentation.with_masks(images, taught.masks, generator)
        return changed, taught._replace(masks=masks)

    def loss(output: tuple[torch.Tensor, torch.Tensor], taught: Taught) -> torch.Tensor:
        logits, mask = output
        named = torch.nn.functional.cross_entropy(
            logits, taught.labels, weight=class_weight, label_smoothing=label_smoothing
        )
        costs = segmentation_costs(mask, taught.masks)
        known = taught.masked.float()
        ill = known * (taught.masks > 0).flatten(1).any(dim=1)
        drawn = ((costs.overlap + costs.pixel) * known).sum() / known.sum().clamp(min=1)
        return named + drawn + (costs.kind * known).sum() / ill.sum().clamp(min=1)

    def judge(network: torch.nn.Module, examples: Examples, batch_size: int) -> dict[str, float]:
        return judge_both(network, examples, batch_size, class_weight)

    return Objective(transform, loss, judge)


def judge_both(
    network: torch.nn.Module, examples: Examples, batch_size: int, class_weight: torch.Tensor
) -> dict[str, float]:
    """Measure the classes' log loss and accuracy, and Dice of the masks that are known.

    Returns
    -------
    dict
        ``validation_loss`` and ``validation_accuracy``, each class weighing as `class_weight`
        says, and ``validation_dice`` as in
        `gliaboost.models.networks.mask_objective.judge_masks`, where a mask is known.
    """
    network.eval()
    sums = torch.zeros(5, dtype=torch.float64)
    with torch.inference_mode():
        for start in range(0, len(examples.images), batch_size):
            some = examples.at(slice(start, start + batch_size))
            taught = Taught(*some.targets)
            given = grey(as_long(some.images, start, batch_size))
            logits, mask = (each[: len(some.images)].float() for each in network(given))
            weight = class_weight[taught.labels]
            cost = torch.nn.functional.cross_entropy(logits, taught.labels, reduction="none")
            right = (logits.argmax(dim=1) == taught.labels).float()
            known = taught.masked.float()
            dice = mask_answers(mask, taught.masks)[0] * known
            found = [(cost * weight).sum(), (right * weight).sum(), weight.sum()]
            sums += torch.stack([*found, dice.sum(), known.sum()]).to("cpu", torch.float64)
    judged = {
        "validation_loss": float(sums[0] / sums[2]),
        "validation_accuracy": float(sums[1] / sums[2]),
    }
    if sums[4]:
        judged["validation_dice"] = float(sums[3] / sums[4])
    return judged
