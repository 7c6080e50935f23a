"""A network that draws the tumour and names it: the class head looks inside the predicted mask."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from gliaboost.errors import UsageError
from gliaboost.features.base import check_images
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.embedding.torch_device import choose_torch_device, import_torch
from gliaboost.models.networks.classifier import NetworkClassifier
from gliaboost.models.networks.on_backbone import OnBackbone
from gliaboost.models.networks.parameters import DECODER_LEGAL
from gliaboost.models.parameter_checks import Legal
from gliaboost.models.registry import register

if TYPE_CHECKING:
    import torch

    from gliaboost.models.networks.multitask import MultiTask
    from gliaboost.models.networks.network import Network, Trainable
    from gliaboost.models.networks.objectives import Objective
    from gliaboost.models.networks.training import AfterEpoch


@register
class MultiTaskCNN(OnBackbone, NetworkClassifier):
    """A pretrained encoder with a light decoder, and a class head that pools inside its mask.

    Rows without a known mask train the class alone; without any it is told so and draws nothing.

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
    epochs : int
        Of all layers, at most, from 1.
    head_epochs : int
        Of the class head alone before, from 0.
    batch_size : int
        Images a step, from 2.
    learning_rate : float
        Peak of AdamW's rate for the class head.
    first_rate : float
        The first layer's rate as a share of that, above 0, at most 1.
    weight_decay : float
        From 0.
    label_smoothing, dropout : float
        Of the class, 0 to below 1.
    ema : float
        Decay of the running mean of the weights that is judged and kept; 0: none.
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
        As for `gliaboost.models.networks.cnn.ScratchCNN`.

    Examples
    --------
    >>> MultiTaskCNN(size=16).parameter_faults()[0]
    'size=16, expected a whole number from 32 to 4096'
    """

    name: ClassVar[str] = "cnn-multitask"
    title: ClassVar[str] = "Multi-task CNN"

    def __init__(
        self,
        *,
        backbone: str = PACKAGED,
        weights: str = "package",
        sha256: str = "",
        trained_on: str = "",
        size: int = 256,
        width: int = 16,
        epochs: int = 14,
        head_epochs: int = 0,
        batch_size: int = 24,
        learning_rate: float = 1.5e-3,
        first_rate: float = 0.2,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.1,
        dropout: float = 0.2,
        ema: float = 0.99,
        flip: bool = True,
        validation_fraction: float = 0.1,
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
        self.width = width
        self.epochs = epochs
        self.head_epochs = head_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.first_rate = first_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.ema = ema
        self.flip = flip
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.class_weight = class_weight
        self.mirror = mirror
        self.precision = precision
        self.device = device
        self.jobs = jobs
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        masks: ArrayLike | None = None,
        masked: ArrayLike | None = None,
        checkpoint: Path | None = None,
        after_epoch: AfterEpoch | None = None,
    ) -> Self:
        """Train on images, their labels and their masks.

        Parameters
        ----------
        X, y, groups, checkpoint, after_epoch
            As for `NetworkClassifier.fit`.
        masks : bool array [N, H, W], optional
            True inside the tumour, empty for an image without one.
        masked : bool array [N], optional
            Whether it is known where the tumour is; the others' masks are not looked at. Default:
            of all where there are masks.

        Returns
        -------
        MultiTaskCNN
            Itself.

        Raises
        ------
        UsageError
            If masks have another shape than the images, or are no truths; and as
            `NetworkClassifier.fit` does.

        Warns
        -----
        UserWarning
            If no tumour is known, so that only the class is learned.
        """
        images = check_images(X)
        beside = _masks_beside(images, masks, masked)
        return self._fitted(images, y, groups, beside, checkpoint, after_epoch)

    def predict_maps(self, X: ArrayLike) -> NDArray[np.float32]:
        """Give each class's probability of being the tumour's at each pixel.

        Parameters
        ----------
        X : uint8 array [N, H, W]

        Returns
        -------
        float32 array [N, K, H, W]
            Classes as ``classes_``; what is missing to 1 is the probability of no tumour.
        """
        check_is_fitted(self)
        import_torch(f"model {self.name}")
        from gliaboost.models.networks.restoring import load_network
        from gliaboost.models.networks.unet_maps import pixel_maps

        device = choose_torch_device(self._predicts_on())
        network, about = load_network(self.native_, device)
        drawing: Any = network
        return pixel_maps(
            drawing.mask, network.given, check_images(X), device, mirror=bool(about.get("mirror"))
        )

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters, and whether backbone and weights are there."""
        return [
            *super().parameter_faults(),
            *self.backbone_faults(f"model {self.name}"),
        ]

    def _network(self, classes: int) -> MultiTask:
        from gliaboost.models.networks.multitask import multitask_network

        return multitask_network(
            classes,
            self.backbone,
            self.weights,
            self.size,
            self.width,
            self.dropout,
            sha256=self.sha256,
            seed=self.seed,
        )

    def _trainable(self, network: Network) -> Trainable:
        from gliaboost.models.networks.multitask import BothAnswers, MultiTask

        assert isinstance(network, MultiTask)
        return BothAnswers(network)

    def _targets(self, labels: torch.Tensor, beside: Mapping[str, Any], device: str) -> Any:
        import torch

        from gliaboost.models.networks.multitask_objective import Taught
        from gliaboost.models.networks.unet_maps import ready_masks

        kinds = 1 + labels.cpu().numpy()
        masks = ready_masks(beside["masks"], kinds, self.size, device)
        return Taught(labels, masks, torch.from_numpy(beside["masked"]).to(device))

    def _objective(self, learned: NDArray[np.int64], device: str) -> Objective:
        from gliaboost.models.networks.augmentation import Augmentation
        from gliaboost.models.networks.multitask_objective import multitask

        augmentation = Augmentation(flip=self.flip, rotation=15, scale=0.15)
        return multitask(augmentation, self._weight(learned, device), self.label_smoothing)

    def _legal(self) -> Legal:
        return DECODER_LEGAL


def _masks_beside(
    images: NDArray[np.uint8], masks: ArrayLike | None, masked: ArrayLike | None
) -> dict[str, NDArray[np.bool_]]:
    inside = np.zeros(images.shape, bool) if masks is None else np.asarray(masks)
    known = np.full(len(images), masks is not None) if masked is None else np.asarray(masked)
    wrong = [
        f"{name} of shape {list(given.shape)} and dtype {given.dtype}, expected bool {list(shape)}"
        for name, given, shape in (
            ("masks", inside, images.shape),
            ("masked", known, images.shape[:1]),
        )
        if given.shape != shape or given.dtype != np.bool_
    ]
    if wrong:
        raise UsageError(f"cnn-multitask: {'; '.join(wrong)}")
    if not inside[known].any():
        warnings.warn(
            "cnn-multitask: no training image has a mask that is not empty, so only the class is "
            "learned; fill the manifest's mask column, or take cnn-finetune",
            stacklevel=3,
        )
        known = np.zeros(len(images), bool)
    return {"masks": inside & known[:, None, None], "masked": known}
