"""The training loop: head first, then all layers; the best epoch wins; a kill loses one epoch."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from gliaboost.errors import GliaboostError
from gliaboost.models.networks.checkpoint import Checkpoint
from gliaboost.models.networks.network import Trainable
from gliaboost.models.networks.objectives import PREPARES_SHAPES, Examples, Objective, grey

Entry = dict[str, Any]
# Given (epochs done, epochs to do, the entry of `history`); what it raises ends the training.
AfterEpoch = Callable[[int, int, Entry], None]
# Depths that get a learning rate of their own.
DEPTHS = 8
# Rate at the end of the cosine, as a share of its height.
LAST_RATE = 0.01
CLIP = 1.0
_PRIME = 1_000_003


@dataclass(frozen=True)
class Plan:
    """How to train.

    Parameters
    ----------
    epochs : int
        Of all layers together, at most, from 1.
    head_epochs : int
        Before those, of the head alone, from 0.
    batch_size : int
        Images a step.
    learning_rate : float
        Of the head, and of the last layer.
    first_rate : float
        Rate of the first layer as a share of the last's; between, it grows evenly in powers.
    weight_decay : float
        AdamW's, on weights alone: not on biases and normalisation.
    warmup : float
        Share of the steps in which the rate rises.
    ema : float
        Decay of the running mean of the weights that is judged and kept; 0: the weights themselves.
    patience : int
        Stop after so many epochs without a better validation; 0: never.
    precision : str
        ``float32``, ``bfloat16`` or ``float16``.
    seed : int
        Same seed, rows and threads on a CPU: same network.
    """

    epochs: int = 8
    head_epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 1e-3
    first_rate: float = 0.1
    weight_decay: float = 0.02
    warmup: float = 0.1
    ema: float = 0.99
    patience: int = 0
    precision: str = "float32"
    seed: int = 0


class Trained(NamedTuple):
    """The best epoch's weights, which epoch that was, and what happened in each."""

    state: dict[str, torch.Tensor]
    best_epoch: int
    history: list[Entry]


def train_network(
    network: Trainable,
    training: Examples,
    validation: Examples | None,
    plan: Plan,
    objective: Objective,
    device: str,
    *,
    checkpoint: Checkpoint | None = None,
    after_epoch: AfterEpoch | None = None,
) -> Trained:
    """Train, and return the best epoch's weights, or the last's where nothing is validated.

    Parameters
    ----------
    network : Trainable
        Altered in place.
    training, validation : Examples
        Disjoint by patient; that is the caller's duty.
    plan : Plan
        How to train.
    objective : Objective
        What to train for.
    device : str
        ``"cpu"`` or ``"cuda"``.
    checkpoint : Checkpoint, optional
        Read first, written after each epoch.
    after_epoch : callable, optional
        Called with (epochs done, epochs to do, the entry of `history`); what it raises ends the
        training.

    Returns
    -------
    Trained

    Raises
    ------
    GliaboostError
        If the loss is no longer finite.
    """
    run = _Run(network, training, plan, objective, device)
    total = plan.head_epochs + plan.epochs
    history: list[Entry] = []
    best: tuple[float, int, dict[str, torch.Tensor]] = (math.inf, 0, {})
    known = checkpoint.read() if checkpoint is not None else None
    if known is not None:
        run.load(known["run"])
        history = known["history"]
        best = (known["best"]["score"], known["best"]["epoch"], known["best"]["state"])
    for epoch in range(len(history), total):
        if plan.patience and history and len(history) - best[1] >= plan.patience:
            break
        begun = time.perf_counter()
        entry: Entry = {"epoch": epoch + 1, "loss": run.epoch(epoch)}
        seconds = time.perf_counter() - begun
        if validation is not None:
            entry.update(objective.judge(run.judged, validation, plan.batch_size))
        entry.update(
            learning_rate=run.rate,
            seconds=seconds,
            images_per_second=len(training.images) / seconds,
            layers="head" if epoch < plan.head_epochs else "all",
        )
        history.append(entry)
        score = entry.get("validation_loss", -float(epoch))
        # An epoch of the head alone is never the answer where all layers are to be trained.
        if score < best[0] or validation is None or best[1] <= plan.head_epochs < epoch + 1:
            best = (score, epoch + 1, _copied(run.judged))
        if checkpoint is not None:
            checkpoint.write(
                {
                    "run": run.state(),
                    "history": history,
                    "best": {"score": best[0], "epoch": best[1], "state": best[2]},
                }
            )
        if after_epoch is not None:
            after_epoch(epoch + 1, total, entry)
    return Trained(best[2], best[1], history)


class _Run:
    """What changes from step to step: weights, their running mean, the optimiser."""

    def __init__(
        self,
        network: Trainable,
        training: Examples,
        plan: Plan,
        objective: Objective,
        device: str,
    ) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.training, self.plan, self.device = training, plan, device
        self.objective = objective
        self.judged: Trainable = copy.deepcopy(network) if plan.ema else network
        # All of a kind at once: a GPU would spend most of a step on launching them one by one.
        self.means, self.counts = _pairs(self.judged, network)
        self.optimiser = torch.optim.AdamW(parameter_groups(network, plan), lr=plan.learning_rate)
        self.scaler = torch.amp.GradScaler(device, enabled=plan.precision == "float16")
        self.steps = max(1, -(-len(training.images) // plan.batch_size))
        self.step = 0
        self.rate = 0.0

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "judged": self.judged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.step,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.judged.load_state_dict(state["judged"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])
        self.step = state["step"]

    def epoch(self, epoch: int) -> float:
        """Go through the training images once; return the mean loss."""
        head_only = epoch < self.plan.head_epochs
        self.network.train()
        # A frozen body keeps its statistics too.
        self.network.body.train(not head_only)
        self.network.body.requires_grad_(not head_only)
        with _seeded(self.plan.seed * _PRIME + epoch, self.device) as generator:
            order = torch.randperm(
                len(self.training.images), generator=generator, device=generator.device
            )
            if self.device in PREPARES_SHAPES:
                order = in_whole_batches(order, self.plan.batch_size)
            total = torch.zeros((), device=self.device)
            for rows in torch.split(order, self.plan.batch_size):
                if len(rows) == 1 and self.steps > 1:
                    continue  # batch normalisation knows nothing from a single image
                total += self._step(rows, generator, head_only) * len(rows)
        loss = float(total) / len(order)
        if not math.isfinite(loss):
            raise GliaboostError(
                f"the loss became {loss} in epoch {epoch + 1} at a learning rate of "
                f"{self.plan.learning_rate:g}; try a tenth of it, or precision float32 instead of "
                f"{self.plan.precision}"
            )
        return loss

    def _step(
        self, rows: torch.Tensor, generator: torch.Generator, head_only: bool
    ) -> torch.Tensor:
        plan = self.plan
        some = self.training.at(rows)
        images, targets = self.objective.transform(grey(some.images), some.targets, generator)
        self._set_rate(head_only)
        with torch.autocast(
            self.device,
            dtype=getattr(torch, plan.precision),
            enabled=plan.precision != "float32",
        ):
            output = self.network(images)
        loss = self.objective.loss(_floats(output), targets)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self.scaler.unscale_(self.optimiser)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.step += 1
        if plan.ema:
            self._average()
        return loss.detach()

    def _set_rate(self, head_only: bool) -> None:
        plan = self.plan
        self.rate = plan.learning_rate
        if not head_only:
            done = self.step - plan.head_epochs * self.steps
            self.rate *= rate_factor(done, plan.epochs * self.steps, plan.warmup)
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * group["share"]

    @torch.no_grad()
    def _average(self) -> None:
        # The first steps count little: the mean would otherwise be one of beginnings.
        decay = min(self.plan.ema, (1 + self.step) / (10 + self.step))
        for means, news in self.means:
            torch._foreach_lerp_(means, news, 1 - decay)
        for counts, news in self.counts:
            torch._foreach_copy_(counts, news)


def in_whole_batches(order: torch.Tensor, batch_size: int) -> torch.Tensor:
    """Fill the last of several batches with rows from the beginning.

    On an H100 a smaller last batch cost as much as three epochs, in every fold: its layers, and
    their gradients, were prepared for it alone.

    Examples
    --------
    >>> in_whole_batches(torch.tensor([4, 0, 3, 1, 2]), 2).tolist()
    [4, 0, 3, 1, 2, 4]
    >>> in_whole_batches(torch.tensor([1, 0]), 4).tolist()
    [1, 0]
    """
    missing = -len(order) % batch_size if len(order) > batch_size else 0
    return torch.cat([order, order[:missing]])


def rate_factor(done: int, steps: int, warmup: float) -> float:
    """Rise evenly, then fall as half a cosine to a hundredth.

    Examples
    --------
    >>> [round(rate_factor(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 10)]
    [0.5, 1.0, 1.0, 0.51, 0.01]
    """
    rising = max(1, round(warmup * steps)) if warmup else 0
    if done < rising:
        return (done + 1) / rising
    share = (done - rising) / max(1, steps - rising)
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def parameter_groups(network: Trainable, plan: Plan) -> list[dict[str, Any]]:
    """Group parameters by depth, for their learning rate, and by kind, for weight decay."""
    body = list(network.body.parameters())
    groups: dict[tuple[float, bool], list[torch.nn.Parameter]] = {}
    for place, parameter in enumerate([*body, *network.head.parameters()]):
        depth = min(DEPTHS, place * DEPTHS // max(1, len(body)))
        share = plan.first_rate ** (1 - depth / DEPTHS)
        groups.setdefault((share, parameter.ndim > 1), []).append(parameter)
    return [
        {
            "params": parameters,
            "share": share,
            "lr": plan.learning_rate * share,
            "weight_decay": plan.weight_decay if decays else 0.0,
        }
        for (share, decays), parameters in groups.items()
    ]


Pairs = list[tuple[list[torch.Tensor], list[torch.Tensor]]]


def _pairs(judged: Trainable, network: Trainable) -> tuple[Pairs, Pairs]:
    """Lay two networks' values side by side, by dtype: those to average, and those to copy.

    Both share the networks' memory, which all steps write in place.
    """
    new = network.state_dict()
    kinds: dict[torch.dtype, tuple[list[torch.Tensor], list[torch.Tensor]]] = {}
    for name, value in judged.state_dict().items():
        mine, theirs = kinds.setdefault(value.dtype, ([], []))
        mine.append(value)
        theirs.append(new[name])
    floats = [pair for dtype, pair in kinds.items() if dtype.is_floating_point]
    return floats, [pair for dtype, pair in kinds.items() if not dtype.is_floating_point]


def _floats(output: Any) -> Any:
    if isinstance(output, tuple):
        return tuple(each.float() for each in output)
    return output.float()


def _copied(network: Trainable) -> dict[str, torch.Tensor]:
    return {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}


@contextmanager
def _seeded(seed: int, device: str) -> Iterator[torch.Generator]:
    """Seed dropout and a generator for one epoch, so that a resumed run draws the same."""
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield torch.Generator(device).manual_seed(seed)
