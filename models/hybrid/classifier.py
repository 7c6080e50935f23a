"""Networks adapted inside the training part, and a booster on their embeddings and the columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax
from sklearn.utils.validation import check_is_fitted

from gliaboost.datasets.inner_splits import inner_folds
from gliaboost.devices import Unavailable
from gliaboost.errors import UsageError
from gliaboost.features.base import check_images
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.models.base import Classifier
from gliaboost.models.hybrid.blend import best_share
from gliaboost.models.hybrid.prediction import hybrid_probabilities, side_by_side
from gliaboost.models.networks.classifier import NetworkClassifier, check_training
from gliaboost.models.networks.cnn import FinetunedCNN
from gliaboost.models.networks.on_backbone import OnBackbone
from gliaboost.models.parameter_checks import Legal, check_parameters, illegal, one_of, whole
from gliaboost.models.registry import (
    create_model,
    model_names,
    register,
    shared_parameters,
    takes,
)

if TYPE_CHECKING:
    from gliaboost.models.networks.training import AfterEpoch

Rows = NDArray[np.int64]
Matrix = NDArray[np.float32]


# That give columns of an image beside their answer, by way of the same backbones.
NETWORKS = ("cnn-finetune", "cnn-multitask")


@register
class Hybrid(OnBackbone, Classifier):
    """Backbones fine-tuned without a part of the patients each, and a booster on what they see.

    The training patients are divided; for each part a backbone is fine-tuned on the others and
    embeds the part it never saw. Those embeddings and logits stand beside the classical columns,
    and a booster learns from them: never from a memorised image. A test image is embedded by each
    network in turn, so it meets the booster exactly as the training images did, and the answers are
    averaged. The networks' own answer is blended in; its share is the one with the least log loss
    on the same held-out rows, the booster's answers there being cross-fitted too.

    Parameters
    ----------
    network : {"cnn-finetune", "cnn-multitask"}
        What is trained without a part each. The second learns from masks too, and what the booster
        is given of it is pooled inside the mask that it draws, beside the mask's place and size.
    backbone, weights, sha256, trained_on
        As for `FinetunedCNN`.
    size, epochs, head_epochs, batch_size, learning_rate : optional
        As for the network; default: its own. Its other parameters keep their defaults, and every
        epoch is run.
    booster : str
        What learns from the columns: ``"lightgbm"``, ``"xgboost"`` or another model of columns.
    inner_folds : int
        Parts of the patients, and so networks, from 2.
    precision, device, jobs, seed
        As for `FinetunedCNN`; the booster takes them too, but for the precision.

    Attributes
    ----------
    classes_ : array [K]
    n_features_in_ : int
        Classical columns.
    held_out_ : list of int64 array
        Training rows that each network did not see.
    share_ : float
        Weight of the networks' own answer in the blend, 0 to 1.
    history_ : list of dict
        As `NetworkClassifier.history_`, with ``network``, from 1.
    inner_log_loss_ : dict
        Balanced log loss on the held-out rows of ``network``, ``booster`` and ``blend``.
    images_per_second_ : float
        Trained on with all layers, the median of the networks.
    device_ : str
    native_ : bytes
        All of it, as safetensors.

    Notes
    -----
    Stacked generalisation after Wolpert (1992), with cross-fitted first-level models that are all
    kept.
    """

    name: ClassVar[str] = "hybrid"
    title: ClassVar[str] = "Hybrid"
    takes: ClassVar[str] = "both"
    library: ClassVar[str] = "torch"

    def __init__(
        self,
        *,
        network: str = "cnn-finetune",
        backbone: str = PACKAGED,
        weights: str = "package",
        sha256: str = "",
        trained_on: str = "",
        size: int | None = None,
        epochs: int | None = None,
        head_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        booster: str = "lightgbm",
        inner_folds: int = 3,
        precision: str = "auto",
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.network = network
        self.backbone = backbone
        self.weights = weights
        self.sha256 = sha256
        self.trained_on = trained_on
        self.size = size
        self.epochs = epochs
        self.head_epochs = head_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.booster = booster
        self.inner_folds = inner_folds
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
        columns: ArrayLike | None = None,
        masks: ArrayLike | None = None,
        masked: ArrayLike | None = None,
        checkpoint: Path | None = None,
        after_epoch: AfterEpoch | None = None,
    ) -> Self:
        """Fit networks and booster.

        Parameters
        ----------
        X : uint8 array [N, H, W]
            Grey images.
        y : array [N]
        groups : array [N], optional
            Patient of each image.
        columns : float32 array [N, D], optional
            Classical features of the same images.
        masks, masked : optional
            As for `MultiTaskCNN.fit`, where that is the network.
        checkpoint : path-like, optional
            As for `NetworkClassifier.fit`; each network has a file beside it, which ends in its
            number.
        after_epoch : callable, optional
            Called with (epochs done, epochs to do, entry), all networks together.

        Returns
        -------
        Hybrid
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal, or a class has a single patient: none of its images could be
            held out.
        """
        check_parameters(self, _LEGAL)
        images, labels, patients = check_training(X, y, groups)
        classical = _columns(columns, len(images))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.held_out_ = inner_folds(codes, patients, self.inner_folds, self.seed)
        if len(self.held_out_) < 2:
            raise UsageError(
                "a class has a single patient in the training images, and the hybrid needs two: "
                "its booster learns from patients that a network has not seen; use cnn-finetune"
            )
        beside = {"masks": masks, "masked": masked} if self.wants_masks() else {}
        networks, seen = self._networks(images, labels, patients, beside, checkpoint, after_epoch)
        self.history_ = [
            {**entry, "network": k} for k, n in enumerate(networks, 1) for entry in n.history_
        ]
        self.device_ = networks[0].device_
        self.images_per_second_ = float(np.median([n.images_per_second_ for n in networks]))
        self.n_features_in_ = classical.shape[1]
        rows, logits = np.concatenate(self.held_out_), np.empty((len(labels), len(self.classes_)))
        embedded = np.empty((len(labels), seen[0][0].shape[1]), np.float32)
        for held_out, (embedding, scores) in zip(self.held_out_, seen, strict=True):
            embedded[held_out], logits[held_out] = embedding, scores
        # A part whose division left a class out is in no network's held-out rows.
        rows = np.sort(rows)
        matrix = side_by_side(classical, embedded, logits)
        own = softmax(logits[rows].astype(np.float64), axis=1)
        crossed = self._crossed(matrix, labels, codes, patients)[rows]
        booster = self._booster().fit(matrix[rows], labels[rows], groups=patients[rows])
        self.share_, self.inner_log_loss_ = best_share(own, crossed, codes[rows])
        self.native_ = self._packed(networks, booster)
        return self

    def predict_proba(self, X: ArrayLike, columns: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return class probabilities ``[N, K]`` of images and their classical columns."""
        check_is_fitted(self)
        device = "cpu" if self.device == "cpu" else "auto"
        images = check_images(X)
        classical = _columns(columns, len(images))
        return hybrid_probabilities(self.native_, images, classical, jobs=self.jobs, device=device)

    def saliency(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Show where its first network sees the most probable class, by Grad-CAM."""
        from gliaboost.models.networks.grad_cam import grad_cam
        from gliaboost.models.networks.network import from_safetensors, of_network
        from gliaboost.models.networks.restoring import restore

        check_is_fitted(self)
        tensors, about = from_safetensors(self.native_)
        first = restore(of_network(tensors, 0), about["networks"][0]["network"])
        heat, logits = grad_cam(first, image)
        return heat, softmax(logits.astype(np.float64))

    def _to_bytes(self) -> bytes:
        return self.native_

    def _from_bytes(self, native: bytes) -> None:
        self.native_ = native

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices, which are its networks'."""
        return FinetunedCNN.devices()

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        faults = illegal(self, _LEGAL)
        if self.network in NETWORKS:
            faults += self._network(0).parameter_faults()
        return faults

    def wants_masks(self) -> bool:
        """Whether its networks learn from masks."""
        return create_model(self.network).wants_masks()

    def _network(self, number: int) -> NetworkClassifier:
        given = {name: getattr(self, name) for name in _HANDED_ON}
        own = {name: value for name, value in given.items() if value is not None}
        seed = self.seed + number
        network = create_model(self.network, **own, validation_fraction=0.0, seed=seed)
        assert isinstance(network, NetworkClassifier)
        return network

    def _networks(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[Any],
        patients: NDArray[Any],
        beside: Mapping[str, ArrayLike | None],
        checkpoint: Path | None,
        after_epoch: AfterEpoch | None,
    ) -> tuple[list[NetworkClassifier], list[tuple[Matrix, Matrix]]]:
        networks, seen = [], []
        for number, held_out in enumerate(self.held_out_):
            rest = np.setdiff1d(np.arange(len(labels)), held_out)
            network = self._network(number)
            own = {k: np.asarray(v)[rest] for k, v in beside.items() if v is not None}
            file = None if checkpoint is None else Path(f"{checkpoint}.{number + 1}")
            network.fit(
                images[rest],
                labels[rest],
                patients[rest],
                checkpoint=file,
                after_epoch=_of_network(after_epoch, number, len(self.held_out_)),
                **own,
            )
            networks.append(network)
            seen.append(network.embed(images[held_out]))
        return networks, seen

    def _crossed(
        self, matrix: Matrix, labels: NDArray[Any], codes: Rows, patients: NDArray[Any]
    ) -> NDArray[np.float64]:
        """Predict each part's rows by a booster that was fitted on the other parts'."""
        result = np.zeros((len(labels), len(self.classes_)))
        for part in self.held_out_:
            others = np.concatenate([p for p in self.held_out_ if p is not part])
            model = self._booster().fit(matrix[others], labels[others], groups=patients[others])
            known = np.searchsorted(self.classes_, model.classes_)
            result[np.ix_(part, known)] = model.predict_proba(matrix[part])
        return result

    def _booster(self) -> Classifier:
        # Beside a network on a GPU the booster is a small matter: where it cannot follow, the CPU.
        device = "cpu" if self.device == "cpu" else "auto"
        shared = {"device": device, "jobs": self.jobs, "seed": self.seed}
        return create_model(self.booster, **shared_parameters(self.booster, **shared))

    def _packed(self, networks: list[NetworkClassifier], booster: Classifier) -> bytes:
        import torch

        from gliaboost.models.networks.network import from_safetensors, to_safetensors

        tensors, abouts = {}, []
        for number, network in enumerate(networks):
            state, about = from_safetensors(network.native_)
            tensors.update({f"{number}.{name}": tensor for name, tensor in state.items()})
            abouts.append(about)
        tensors["booster"] = torch.frombuffer(bytearray(booster.to_bytes()), dtype=torch.uint8)
        about = {
            "networks": abouts,
            "booster": booster.name,
            "share": self.share_,
            "columns": self.n_features_in_,
        }
        return to_safetensors(tensors, json.loads(json.dumps(about)))


_LEGAL: Legal = {
    "network": one_of(*NETWORKS),
    "booster": (
        "the name of a model of columns, such as lightgbm",
        lambda v: v in model_names() and takes(v) == "columns",
    ),
    "inner_folds": ("a whole number from 2", whole(2)),
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
}
# The rest is each network's to check.
_HANDED_ON = (
    "backbone",
    "weights",
    "sha256",
    "trained_on",
    "size",
    "epochs",
    "head_epochs",
    "batch_size",
    "learning_rate",
    "precision",
    "device",
    "jobs",
)


def _columns(columns: ArrayLike | None, rows: int) -> Matrix:
    if columns is None:
        return np.empty((rows, 0), np.float32)
    matrix = np.asarray(columns, dtype=np.float32)
    if matrix.ndim != 2 or len(matrix) != rows:
        raise UsageError(
            f"classical columns of shape {list(matrix.shape)}; expected [{rows}, D], a row an image"
        )
    return matrix


def _of_network(after_epoch: AfterEpoch | None, number: int, networks: int) -> AfterEpoch | None:
    """Count one network's epochs among those of all."""
    if after_epoch is None:
        return None

    def counted(done: int, total: int, entry: dict[str, Any]) -> None:
        after_epoch(number * total + done, networks * total, {**entry, "network": number + 1})

    return counted
