"""A pretrained encoder with a light decoder: the network that the boosters' masks are held to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.devices import Unavailable
from gliaboost.errors import MissingExtraError
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.embedding.pretraining import without_words
from gliaboost.features.embedding.torch_device import (
    choose_torch_device,
    cuda_for_networks,
    import_torch,
    torch_threads,
)
from gliaboost.models.networks.memory import advice_on_memory
from gliaboost.models.networks.on_backbone import OnBackbone
from gliaboost.models.networks.parameters import DECODER_LEGAL, shared_legal, training_plan
from gliaboost.models.parameter_checks import Legal, check_parameters, illegal
from gliaboost.models.segmentation.base import TUMOUR, Segmenter
from gliaboost.models.segmentation.decision import Decision, choose_decision
from gliaboost.models.segmentation.held_out_rows import held_out_rows
from gliaboost.models.segmentation.registry import register

if TYPE_CHECKING:
    from gliaboost.models.networks.training import AfterEpoch, Trained
    from gliaboost.models.networks.unet import UNet

# Maps of so many images are held at once while the decision is chosen.
HELD = 32


@register
class UNetSegmenter(OnBackbone, Segmenter):
    """A U-Net on a pretrained backbone: Dice and cross-entropy, the decoder first, then all layers.

    Ronneberger, Fischer, Brox, "U-Net", MICCAI 2015. Images of any size are brought to one, and
    maps back to theirs.

    Parameters
    ----------
    backbone : str
        A preset of `gliaboost.features.embedding.timm_names` or any convolutional timm name.
    weights : str
        ``package``, ``hub``, a safetensors file or checkpoint, or ``random``.
    sha256 : str
        First digits that a weights file's SHA-256 must have; empty: any.
    trained_on : str
        What a file's weights were learned from, for the report, which marks one that does not tell.
    size : int
        Side to which images and masks are resized, 32 to 4096.
    width : int
        The decoder's channels at the finest stride, 1 to 256; twice as many at each coarser one.
    by_class : bool
        Tell the classes of tumours by pixel, or a tumour from none alone.
    epochs : int
        Of all layers, at most, from 1.
    head_epochs : int
        Of the decoder alone before, from 0.
    batch_size : int
        Images a step, from 2.
    learning_rate : float
        Peak of AdamW's rate for the decoder.
    first_rate : float
        The first layer's rate as a share of that, above 0, at most 1.
    weight_decay : float
        From 0.
    ema : float
        Decay of the running mean of the weights that is judged and kept; 0: none.
    flip : bool
        Mirror left and right while training.
    validation_fraction : float
        Share of the training images, by whole patients, that chooses the epoch and the decision;
        0: the last epoch, and the decision unchosen.
    patience : int
        Stop after so many epochs without a better validation loss; 0: never.
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

    Attributes
    ----------
    validation_ : bool array [N]
        Training rows that were held out; no patient is on both sides.
    best_epoch_ : int
        The epoch whose weights were kept, from 1; those of the decoder alone count.
    history_ : list of dict
        For each epoch ``epoch``, ``loss``, ``validation_loss``, ``validation_dice``,
        ``validation_accuracy`` (where rows were held out), ``learning_rate``, ``seconds``,
        ``images_per_second``, ``layers``.

    Examples
    --------
    >>> UNetSegmenter(size=8).parameter_faults()[0]
    'size=8, expected a whole number from 32 to 4096'
    """

    name: ClassVar[str] = "unet"
    title: ClassVar[str] = "U-Net"
    library: ClassVar[str] = "torch"

    def __init__(
        self,
        *,
        backbone: str = PACKAGED,
        weights: str = "package",
        sha256: str = "",
        trained_on: str = "",
        size: int = 256,
        width: int = 16,
        by_class: bool = True,
        epochs: int = 14,
        head_epochs: int = 1,
        batch_size: int = 24,
        learning_rate: float = 2e-3,
        first_rate: float = 0.2,
        weight_decay: float = 0.02,
        ema: float = 0.99,
        flip: bool = True,
        validation_fraction: float = 0.1,
        patience: int = 5,
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
        self.width = width
        self.by_class = by_class
        self.epochs = epochs
        self.head_epochs = head_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.first_rate = first_rate
        self.weight_decay = weight_decay
        self.ema = ema
        self.flip = flip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.mirror = mirror
        self.precision = precision
        self.device = device
        self.jobs = jobs
        self.seed = seed

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices; a GPU is proven by torch, asked in a child process."""
        return {"cpu": None, "cuda": cuda_for_networks()}

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, and whether backbone and weights are there."""
        faults = illegal(self, self._legal())
        if find_spec("torch") is None:
            faults.append(str(MissingExtraError("torch", "torch", f"segmenter {self.name}")))
        return [*faults, *self.backbone_faults(f"segmenter {self.name}")]

    def fit(
        self,
        images: ArrayLike,
        masks: ArrayLike,
        labels: Sequence[str] | NDArray[Any] | None = None,
        groups: ArrayLike | None = None,
        *,
        checkpoint: Path | None = None,
        after_epoch: AfterEpoch | None = None,
    ) -> Self:
        """Learn from images and their masks.

        Parameters
        ----------
        images, masks, labels, groups
            As for `Segmenter.fit`.
        checkpoint : path-like, optional
            File that is written after each epoch. If it is of these images, masks and parameters,
            training goes on from there; remove it when the result is safe.
        after_epoch : callable, optional
            Called with (epochs done, epochs to do, entry of ``history_``); what it raises ends the
            training.

        Returns
        -------
        UNetSegmenter
            Itself.

        Raises
        ------
        UsageError
            As `Segmenter.fit`, or if a parameter is illegal or the device is not to be had.
        GliaboostError
            If the loss is no longer finite, or memory runs out.
        """
        self._beside = checkpoint, after_epoch
        try:
            return super().fit(images, masks, labels, groups)
        finally:
            # They are no part of what was learned, and might not be copied.
            del self._beside

    def _fit(
        self,
        images: NDArray[np.uint8],
        masks: NDArray[np.bool_],
        labels: NDArray[Any],
        groups: NDArray[Any],
    ) -> None:
        check_parameters(self, self._legal())
        torch = import_torch(f"segmenter {self.name}")
        device = choose_torch_device(self.device)
        ill: NDArray[np.bool_] = np.asarray(masks.any(axis=(1, 2)))
        if not self.by_class:
            self.classes_ = np.asarray([TUMOUR])
            labels = np.full(len(labels), TUMOUR)
        self.validation_ = held_out_rows(labels, ill, groups, self.validation_fraction, self.seed)
        kinds = 1 + np.searchsorted(self.classes_, np.where(ill, labels, self.classes_[0]))

        from gliaboost.models.networks.network import to_safetensors
        from gliaboost.models.networks.unet import pretrained_unet

        with torch_threads(self.jobs), advice_on_memory(self.name, self.batch_size):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                network = pretrained_unet(
                    len(self.classes_),
                    self.backbone,
                    self.weights,
                    self.size,
                    self.width,
                    sha256=self.sha256,
                    seed=self.seed,
                )
            trained = self._trained(network, images, masks, kinds, groups, device)
        self.history_, self.best_epoch_ = trained.history, trained.best_epoch
        self.device_ = device
        about = {"network": network.about, "mirror": self.mirror}
        self.native_ = to_safetensors(trained.state, about)
        self.decision_ = self._chosen_decision(images, masks)

    def _trained(
        self,
        network: UNet,
        images: NDArray[np.uint8],
        masks: NDArray[np.bool_],
        kinds: NDArray[np.int64],
        groups: NDArray[Any],
        device: str,
    ) -> Trained:
        import torch

        from gliaboost.models.networks.augmentation import Augmentation
        from gliaboost.models.networks.checkpoint import Checkpoint, training_identity
        from gliaboost.models.networks.mask_objective import segmentation
        from gliaboost.models.networks.objectives import Examples
        from gliaboost.models.networks.prediction import ready_images
        from gliaboost.models.networks.training import train_network
        from gliaboost.models.networks.unet_maps import ready_masks

        checkpoint, after_epoch = self._beside
        saved = None
        if checkpoint is not None:
            facts = [groups.tolist(), self.name, without_words(self.get_params()), device]
            known = {"masks": masks, "kinds": kinds}
            saved = Checkpoint(Path(checkpoint), training_identity(images, known, facts))
        ready = ready_images(images, network.given, device)
        targets = ready_masks(masks, kinds, self.size, device)

        def chosen(rows: NDArray[np.bool_]) -> Examples:
            places = torch.from_numpy(np.flatnonzero(rows)).to(device)
            return Examples(ready[places], targets[places])

        return train_network(
            network,
            chosen(~self.validation_),
            chosen(self.validation_) if self.validation_.any() else None,
            training_plan(self, device),
            segmentation(Augmentation(flip=self.flip, rotation=15, scale=0.2)),
            device,
            checkpoint=saved,
            after_epoch=after_epoch,
        )

    def _predict_maps(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        import_torch(f"segmenter {self.name}")
        from gliaboost.models.networks.unet_maps import unet_maps

        # A network trained on a GPU answers without one too.
        device = choose_torch_device("cpu" if self.device == "cpu" else "auto")
        with torch_threads(self.jobs):
            return unet_maps(self.native_, images, len(self.classes_), device)

    def _to_bytes(self) -> bytes:
        return self.native_

    def _from_bytes(self, native: bytes) -> None:
        import_torch(f"segmenter {self.name}")
        from gliaboost.models.networks.unet import restore_unet

        restore_unet(native, len(self.classes_))
        self.native_ = native

    def _chosen_decision(self, images: NDArray[np.uint8], masks: NDArray[np.bool_]) -> Decision:
        rows = np.flatnonzero(self.validation_)
        if not len(rows):
            return Decision()

        def examples() -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
            for some in np.array_split(rows, -(-len(rows) // HELD)):
                maps = self._predict_maps(images[some]).sum(axis=1)
                yield from zip(np.minimum(maps, np.float32(1)), masks[some], strict=True)

        return choose_decision(examples())

    def _legal(self) -> Legal:
        return {
            **shared_legal(self),
            **DECODER_LEGAL,
            "by_class": ("True or False", lambda v: isinstance(v, bool)),
        }
