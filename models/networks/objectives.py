"""What a network learns to do: how a batch is changed, what an answer costs, how it is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

if TYPE_CHECKING:
    from gliaboost.models.networks.augmentation import Augmentation


# Devices whose library prepares every layer anew for each shape of a batch, which takes longer than
# a batch: there all batches are made of one shape.
PREPARES_SHAPES = ("cuda",)


class Examples(NamedTuple):
    """What is learned from, or judged on.

    Attributes
    ----------
    images : uint8 tensor [N, 1, S, S]
    targets : tensor [N, ...], or tuple of such
        As the objective wants them: ``int64 [N]`` classes, ``[N, 1, S, S]`` masks, or both.
    """

    images: torch.Tensor
    targets: Any

    def at(self, rows: torch.Tensor | slice) -> Examples:
        """Choose some."""
        chosen = (
            tuple(each[rows] for each in self.targets)
            if isinstance(self.targets, tuple)
            else self.targets[rows]
        )
        return Examples(self.images[rows], chosen)


class Objective(NamedTuple):
    """What `gliaboost.models.networks.training.train_network` is given to train for.

    Attributes
    ----------
    transform : callable
        Given ``float32 [n, 1, S, S]`` images from 0 to 1, their targets and a generator; returns
        both, changed alike: a mask is mirrored with its image.
    loss : callable
        Given the network's output as float32, a tuple where it is one, and the changed targets;
        returns a scalar.
    judge : callable
        Given the network, `Examples` and a batch size; returns numbers for the history.
        ``validation_loss`` among them chooses the epoch: the least is the best.
    """

    transform: Callable[[torch.Tensor, Any, torch.Generator], tuple[torch.Tensor, Any]]
    loss: Callable[[Any, Any], torch.Tensor]
    judge: Callable[[torch.nn.Module, Examples, int], dict[str, float]]


def classification(
    augmentation: Augmentation, class_weight: torch.Tensor, label_smoothing: float
) -> Objective:
    """Tell classes: weighted cross-entropy on augmented and perhaps blended images.

    Parameters
    ----------
    augmentation : Augmentation
        Of training images.
    class_weight : float32 tensor [K]
        What each class weighs, in training and in judging.
    label_smoothing : float
        0 to below 1.
    """

    def transform(
        images: torch.Tensor, labels: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        changed = augmentation(images, generator)
        targets = torch.nn.functional.one_hot(labels, len(class_weight)).float()
        return augmentation.mixed(changed, targets, generator)

    def loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(
            logits, targets, weight=class_weight, label_smoothing=label_smoothing
        )

    def judge(network: torch.nn.Module, examples: Examples, batch_size: int) -> dict[str, float]:
        return judge_classes(network, examples, batch_size, class_weight)

    return Objective(transform, loss, judge)


def judge_classes(
    network: torch.nn.Module, examples: Examples, batch_size: int, class_weight: torch.Tensor
) -> dict[str, float]:
    """Measure log loss and accuracy, each class weighing as `class_weight` says.

    Returns
    -------
    dict
        ``validation_loss`` and ``validation_accuracy``.
    """
    logits = outputs(network, examples.images, batch_size)
    weight = class_weight[examples.targets]
    loss = torch.nn.functional.cross_entropy(logits, examples.targets, reduction="none")
    right = (logits.argmax(dim=1) == examples.targets).float()
    return {
        "validation_loss": float((loss * weight).sum() / weight.sum()),
        "validation_accuracy": float((right * weight).sum() / weight.sum()),
    }


def outputs(network: torch.nn.Module, images: torch.Tensor, batch_size: int) -> torch.Tensor:
    """Run a network in evaluation mode on ``uint8 [N, 1, S, S]`` images; float32."""
    network.eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            some = images[start : start + batch_size]
            found.append(network(grey(as_long(some, start, batch_size)))[: len(some)].float())
    return torch.cat(found)


def as_long(some: torch.Tensor, start: int, length: int) -> torch.Tensor:
    """Repeat a last batch's last row until it is as long as those before, on a GPU.

    What is computed of the repeated rows is for the caller to leave out.

    Parameters
    ----------
    some : tensor [n, ...]
    start : int
        How many rows were before; 0: there was no batch.
    length : int
        Of those batches.

    Returns
    -------
    tensor [length, ...], or `some`
    """
    if some.device.type not in PREPARES_SHAPES or not start or len(some) == length:
        return some
    return torch.cat([some, some[-1:].expand(length - len(some), *some.shape[1:])])


def grey(images: torch.Tensor) -> torch.Tensor:
    """Bring ``uint8`` images to float32 from 0 to 1."""
    return images.float().div_(255)
