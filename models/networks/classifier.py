"""What the networks share: checks, validation by patient, the scikit-learn face, bytes."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from gliaboost.datasets.inner_splits import inner_validation
from gliaboost.devices import Unavailable
from gliaboost.errors import MissingExtraError, UsageError
from gliaboost.features.base import check_images
from gliaboost.features.embedding.pretraining import without_words
from gliaboost.features.embedding.torch_device import (
    choose_torch_device,
    cuda_for_networks,
    import_torch,
    torch_threads,
)
from gliaboost.models.base import Classifier
from gliaboost.models.networks.memory import advice_on_memory
from gliaboost.models.networks.parameters import shared_legal, training_plan
from gliaboost.models.networks.prediction import (
    network_outputs,
    network_probabilities,
    ready_images,
)
from gliaboost.models.parameter_checks import Legal, check_parameters, illegal
from gliaboost.models.rows import row_groups

if TYPE_CHECKING:
    import torch

    from gliaboost.models.networks.network import Network, Trainable
    from gliaboost.models.networks.objectives import Examples, Objective
    from gliaboost.models.networks.training import AfterEpoch, Plan

Image = NDArray[np.uint8]


class NetworkClassifier(Classifier):
    """A network that learns from images, behind the same face as the boosters.

    Attributes
    ----------
    classes_ : array [K]
        Sorted labels seen in training.
    n_features_in_ : int
        Pixels of an image.
    validation_ : bool array [N]
        Training rows that were held out to choose the epoch; no patient is on both sides.
    best_epoch_ : int
        The epoch whose weights were kept, from 1; head epochs count.
    history_ : list of dict
        For each epoch ``epoch``, ``loss``, ``validation_loss``, ``validation_accuracy`` (where rows
        were held out), ``learning_rate``, ``seconds``, ``images_per_second``, ``layers``.
    images_per_second_ : float
        Training images of all layers' epochs by their seconds.
    device_ : str
        Where it was fitted.
    native_ : bytes
        Weights and description, as safetensors.
    """

    takes: ClassVar[str] = "images"
    library: ClassVar[str] = "torch"

    # What every network has; a subclass lists them in its constructor.
    epochs: int
    batch_size: int
    learning_rate: float
    label_smoothing: float
    mix: str
    flip: bool
    validation_fraction: float
    patience: int
    class_weight: str | None
    mirror: bool
    precision: str
    device: str
    jobs: int | None
    seed: int

    @abstractmethod
    def _network(self, classes: int) -> Network:
        """Build the network that training begins with."""

    def _plan(self, device: str) -> Plan:
        """Say how to train; here by the parameters that are a plan's."""
        return training_plan(self, device)

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        *,
        checkpoint: Path | None = None,
        after_epoch: AfterEpoch | None = None,
    ) -> Self:
        """Train on images.

        Parameters
        ----------
        X : uint8 array [N, H, W]
            Grey images; a memory map will do.
        y : array [N]
            Labels.
        groups : array [N], optional
            Patient of each image; none is on both sides of the validation. Default: every image by
            itself.
        checkpoint : path-like, optional
            File that is written after each epoch. If it is of these images and parameters, training
            goes on from there; remove it when the result is safe.
        after_epoch : callable, optional
            Called with (epochs done, epochs to do, entry of ``history_``); what it raises ends the
            training.

        Returns
        -------
        NetworkClassifier
            Itself.

        Raises
        ------
        UsageError
            If a parameter is illegal, there is a single class, or the device is not to be had.
        GliaboostError
            If the loss is no longer finite, or memory runs out.
        """
        return self._fitted(X, y, groups, {}, checkpoint, after_epoch)

    def _fitted(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None,
        beside: Mapping[str, NDArray[Any]],
        checkpoint: Path | None,
        after_epoch: AfterEpoch | None,
    ) -> Self:
        """Train on images and on what is known beside their labels, by name."""
        check_parameters(self, {**shared_legal(self), **self._legal()})
        torch = import_torch(f"model {self.name}")
        device = choose_torch_device(self.device)
        images, labels, patients = check_training(X, y, groups)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.n_features_in_ = int(np.prod(images.shape[1:]))
        self.validation_ = self._held_out(labels, patients)

        from gliaboost.models.networks.checkpoint import Checkpoint
        from gliaboost.models.networks.network import to_safetensors
        from gliaboost.models.networks.training import train_network

        saved = None
        if checkpoint is not None:
            saved = Checkpoint(
                Path(checkpoint), self._identity(images, codes, patients, beside, device)
            )
        with torch_threads(self.jobs), advice_on_memory(self.name, self.batch_size):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(self.seed)
                network = self._network(len(self.classes_))
            examples = self._examples(images, codes, beside, network, device)
            trained = train_network(
                self._trainable(network),
                examples(~self.validation_),
                examples(self.validation_) if self.validation_.any() else None,
                self._plan(device),
                self._objective(codes[~self.validation_], device),
                device,
                checkpoint=saved,
                after_epoch=after_epoch,
            )
        self.history_, self.best_epoch_ = trained.history, trained.best_epoch
        self.device_ = device
        every = [e for e in self.history_ if e["layers"] == "all"] or self.history_
        count = int((~self.validation_).sum())
        self.images_per_second_ = count * len(every) / sum(e["seconds"] for e in every)
        about = {"network": network.about, "mirror": self.mirror}
        self.native_ = to_safetensors(trained.state, about)
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : uint8 array [N, H, W]

        Returns
        -------
        float64 array [N, K]
            Columns as `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        images = check_images(X)
        with torch_threads(self.jobs):
            return network_probabilities(
                self.native_, images, len(self.classes_), self._predicts_on()
            )

    def embed(self, X: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the penultimate layer ``[N, D]`` and the logits ``[N, K]``."""
        check_is_fitted(self)
        images = check_images(X)
        with torch_threads(self.jobs):
            return network_outputs(self.native_, images, self._predicts_on())

    def saliency(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Show where the most probable class is seen, by Grad-CAM; see `Classifier.saliency`."""
        from scipy.special import softmax

        from gliaboost.models.networks.grad_cam import grad_cam
        from gliaboost.models.networks.network import from_safetensors
        from gliaboost.models.networks.restoring import restore

        check_is_fitted(self)
        tensors, about = from_safetensors(self.native_)
        heat, logits = grad_cam(restore(tensors, about["network"]), image)
        return heat, softmax(logits.astype(np.float64))

    def _to_bytes(self) -> bytes:
        return self.native_

    def _from_bytes(self, native: bytes) -> None:
        self.native_ = native

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        faults = illegal(self, {**shared_legal(self), **self._legal()})
        if find_spec("torch") is None:
            faults.append(str(MissingExtraError("torch", "torch", f"model {self.name}")))
        return faults

    @classmethod
    def devices(cls) -> dict[str, Unavailable | None]:
        """Name the devices; a GPU is proven by torch, asked in a child process."""
        return {"cpu": None, "cuda": cuda_for_networks()}

    def _predicts_on(self) -> str:
        # A network trained on a GPU answers without one too.
        return "cpu" if self.device == "cpu" else "auto"

    def _held_out(self, labels: NDArray[Any], patients: NDArray[Any]) -> NDArray[np.bool_]:
        if not self.validation_fraction:
            return np.zeros(len(labels), bool)
        held_out = inner_validation(labels, patients, self.validation_fraction, self.seed)
        if not held_out.any():
            warnings.warn(
                "a class has a single patient in the training images, so none can be held out to "
                "choose the epoch: the last one is kept",
                stacklevel=4,
            )
        return held_out

    def _trainable(self, network: Network) -> Trainable:
        return network

    def _examples(
        self,
        images: Image,
        codes: NDArray[np.int64],
        beside: Mapping[str, NDArray[Any]],
        network: Network,
        device: str,
    ) -> Callable[[NDArray[np.bool_]], Examples]:
        import torch

        from gliaboost.models.networks.objectives import Examples

        labels = torch.from_numpy(codes.astype(np.int64)).to(device)
        everything = Examples(
            ready_images(images, network.given, device), self._targets(labels, beside, device)
        )

        def chosen(mask: NDArray[np.bool_]) -> Examples:
            return everything.at(torch.from_numpy(np.flatnonzero(mask)).to(device))

        return chosen

    def _targets(self, labels: torch.Tensor, beside: Mapping[str, Any], device: str) -> Any:
        return labels

    def _objective(self, learned: NDArray[np.int64], device: str) -> Objective:
        from gliaboost.models.networks.augmentation import Augmentation
        from gliaboost.models.networks.objectives import classification

        augmentation = Augmentation(flip=self.flip, mix=self.mix)
        return classification(augmentation, self._weight(learned, device), self.label_smoothing)

    def _weight(self, learned: NDArray[np.int64], device: str) -> torch.Tensor:
        import torch

        weight = np.ones(len(self.classes_))
        if self.class_weight is not None:
            classes = np.arange(len(weight))
            weight = compute_class_weight(self.class_weight, classes=classes, y=learned)
        return torch.from_numpy(weight.astype(np.float32)).to(device)

    def _identity(
        self,
        images: Image,
        codes: NDArray[np.int64],
        patients: NDArray[Any],
        beside: Mapping[str, NDArray[Any]],
        device: str,
    ) -> str:
        from gliaboost.models.networks.checkpoint import training_identity

        known = {**beside, "codes": codes.astype(np.int64)}
        who = [str(p) for p in patients]
        facts = [who, self.name, without_words(self.get_params()), device]
        return training_identity(images, known, facts)

    def _legal(self) -> Legal:
        return {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


def check_training(
    X: ArrayLike, y: ArrayLike, groups: ArrayLike | None
) -> tuple[Image, NDArray[Any], NDArray[Any]]:
    """Check images, labels and patients of a training.

    Raises
    ------
    UsageError
        If their numbers differ, a row has no group, or there is a single class.
    """
    images = check_images(X)
    labels = np.asarray(y)
    if len(images) != len(labels):
        raise UsageError(f"{len(images)} images, {len(labels)} labels; expected as many of each")
    patients = row_groups(groups, len(labels))
    check_classification_targets(labels)
    kinds = np.unique(labels)
    if len(kinds) < 2:
        only = f" only ({kinds[0]})" if len(kinds) else ""
        raise UsageError(
            f"{len(images)} training image(s) of {len(kinds)} class{only}; training needs 2 classes"
        )
    return images, labels, patients
