"""Networks that learn from images: one from scratch, one on a pretrained backbone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.models.networks import space
from gliaboost.models.networks.classifier import NetworkClassifier
from gliaboost.models.networks.on_backbone import OnBackbone
from gliaboost.models.networks.parameters import training_plan
from gliaboost.models.parameter_checks import Legal, whole
from gliaboost.models.registry import register
from gliaboost.models.search_space import SearchSpace

if TYPE_CHECKING:
    from gliaboost.models.networks.network import Network
    from gliaboost.models.networks.training import Plan


@register
class ScratchCNN(NetworkClassifier):
    """A small residual network with channel attention, trained from nothing.

    Parameters
    ----------
    widths, depths : sequence of int
        Channels and blocks of each stage; every stage after the first halves the sides.
    size : int
        Side to which images are resized, from 16.
    epochs : int
        At most, from 1.
    batch_size : int
        Images a step, from 2.
    learning_rate : float
        Peak of AdamW's rate, which rises over the first tenth and falls as a cosine.
    weight_decay : float
        From 0.
    label_smoothing, dropout : float
        0 to below 1.
    ema : float
        Decay of the running mean of the weights that is judged and kept; 0: none.
    mix : {"none", "mixup", "cutmix"}
        Blend pairs of images and labels.
    flip : bool
        Mirror left and right while training.
    validation_fraction : float
        Share of the training images, by whole patients, that chooses the epoch; 0: the last one.
    patience : int
        Stop after so many epochs without a better validation loss; 0: never.
    class_weight : "balanced" or None
        Weigh classes by their inverse frequency, or all images alike.
    mirror : bool
        Average the mirrored image in when predicting.
    precision : {"auto", "float32", "bfloat16", "float16"}
        While training; ``auto`` is half precision on GPUs, and on CPUs that gain from it.
    device : {"auto", "cpu", "cuda"}
        ``cuda`` without a GPU is an error.
    jobs : int, optional
        Threads of torch; default: as torch was told.
    seed : int
        Same seed, images and threads on a CPU: same network.

    Examples
    --------
    >>> ScratchCNN(widths=(16, 32), depths=(1, 1)).takes
    'images'
    """

    name: ClassVar[str] = "cnn-scratch"
    title: ClassVar[str] = "CNN from scratch"

    def __init__(
        self,
        *,
        widths: Sequence[int] = (32, 64, 128, 256),
        depths: Sequence[int] = (1, 1, 2, 1),
        size: int = 128,
        epochs: int = 30,
        batch_size: int = 32,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        label_smoothing: float = 0.1,
        dropout: float = 0.2,
        ema: float = 0.99,
        mix: str = "none",
        flip: bool = True,
        validation_fraction: float = 0.15,
        patience: int = 8,
        class_weight: str | None = "balanced",
        mirror: bool = True,
        precision: str = "auto",
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.widths = widths
        self.depths = depths
        self.size = size
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.ema = ema
        self.mix = mix
        self.flip = flip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.mirror = mirror
        self.precision = precision
        self.device = device
        self.jobs = jobs
        self.seed = seed

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: the network's size, and how it learns."""
        defaults = cls().get_params()
        first = {name: defaults[name] for name in space.SEARCHED}
        return SearchSpace(space.draw_scratch, {**first, "width": 32, "depth": 2})

    def _network(self, classes: int) -> Network:
        from gliaboost.models.networks.network import scratch_network

        return scratch_network(classes, self.size, self.widths, self.depths, self.dropout)

    def _plan(self, device: str) -> Plan:
        return training_plan(self, device, head_epochs=0, first_rate=1.0)

    def _legal(self) -> Legal:
        return {
            "size": ("a whole number from 16", whole(16)),
            "widths": ("a width for each stage, from 1", _each(1)),
            "depths": (
                f"{_count(self.widths)} whole numbers from 1, as many as widths",
                lambda v: _each(1)(v) and len(v) == len(self.widths),
            ),
        }


@register
class FinetunedCNN(OnBackbone, NetworkClassifier):
    """A pretrained backbone with a new head: the head is trained first, then all layers.

    Parameters
    ----------
    backbone : str
        A preset of `gliaboost.features.embedding.timm_names` or any timm name.
    weights : str
        ``package``, ``hub``, a safetensors file or checkpoint, or ``random``.
    sha256 : str
        First digits that a weights file's SHA-256 must have; empty: any.
    trained_on : str
        What a file's weights were learned from, for the report, which marks one that does not tell.
    size : int, optional
        Side to which images are resized, from 32; default: the backbone's own.
    epochs : int
        Of all layers, at most, from 1.
    head_epochs : int
        Of the head alone before, from 0.
    batch_size : int
        Images a step, from 2.
    learning_rate : float
        Peak of AdamW's rate for the head and the last layers.
    first_rate : float
        The first layer's rate as a share of that, above 0, at most 1.
    weight_decay : float
        From 0.
    label_smoothing, dropout : float
        0 to below 1.
    ema : float
        Decay of the running mean of the weights that is judged and kept; 0: none.
    mix : {"none", "mixup", "cutmix"}
        Blend pairs of images and labels.
    flip : bool
        Mirror left and right while training.
    validation_fraction : float
        Share of the training images, by whole patients, that chooses the epoch; 0: the last one.
    patience : int
        Stop after so many epochs without a better validation loss; 0: never.
    class_weight : "balanced" or None
        Weigh classes by their inverse frequency, or all images alike.
    mirror : bool
        Average the mirrored image in when predicting.
    precision, device, jobs, seed
        As for `ScratchCNN`.

    Examples
    --------
    >>> FinetunedCNN(backbone="mobilenet_v2", weights="random").takes
    'images'
    """

    name: ClassVar[str] = "cnn-finetune"
    title: ClassVar[str] = "Fine-tuned CNN"

    def __init__(
        self,
        *,
        backbone: str = PACKAGED,
        weights: str = "package",
        sha256: str = "",
        trained_on: str = "",
        size: int | None = None,
        epochs: int = 8,
        head_epochs: int = 1,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        first_rate: float = 0.2,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.1,
        dropout: float = 0.2,
        ema: float = 0.99,
        mix: str = "none",
        flip: bool = True,
        validation_fraction: float = 0.15,
        patience: int = 0,
        class_weight: str | None = "balanced",
        mirror: bool = True,
        precision: str = "auto",
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.sha256 = sha256
        self.trained_on = trained_on
        self.size = size
        self.epochs = epochs
        self.head_epochs = head_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.first_rate = first_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.ema = ema
        self.mix = mix
        self.flip = flip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.mirror = mirror
        self.precision = precision
        self.device = device
        self.jobs = jobs
        self.seed = seed

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: how it learns, and how slowly the first layers do."""
        defaults = cls().get_params()
        names = (*space.SEARCHED, "first_rate", "head_epochs")
        return SearchSpace(space.draw_finetuned, {name: defaults[name] for name in names})

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, and whether backbone and weights are there."""
        return [
            *super().parameter_faults(),
            *self.backbone_faults(f"model {self.name}"),
        ]

    def _network(self, classes: int) -> Network:
        from gliaboost.models.networks.network import adapted_network

        return adapted_network(
            classes,
            self.backbone,
            self.weights,
            self.size,
            self.dropout,
            sha256=self.sha256,
            seed=self.seed,
        )

    def _legal(self) -> Legal:
        return {
            "size": ("a whole number from 32, or None", lambda v: v is None or whole(32)(v)),
        }


def _count(values: Any) -> str:
    return str(len(values)) if hasattr(values, "__len__") else "several"


def _each(least: int) -> Callable[[Any], bool]:
    return lambda values: len(values) > 0 and all(whole(least)(v) for v in values)
