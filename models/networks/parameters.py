"""Parameters that all networks share: what is legal, and what ``auto`` means in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from gliaboost.devices import DEVICES
from gliaboost.features.embedding.torch_device import PRECISIONS, choose_precision, import_torch
from gliaboost.models.parameter_checks import Legal, one_of, whole

if TYPE_CHECKING:
    from gliaboost.models.networks.training import Plan


def number(least: float, most: float, *, open_below: bool = False) -> Callable[[Any], bool]:
    """Return a test for a number in a range, its end excluded."""
    return lambda v: (
        not isinstance(v, bool) and (least < v if open_below else least <= v) and v < most
    )


LEGAL: Legal = {
    "epochs": ("a whole number from 1", whole(1)),
    "head_epochs": ("a whole number from 0", whole(0)),
    "batch_size": ("a whole number from 2", whole(2)),
    "learning_rate": ("more than 0, below 1", number(0, 1, open_below=True)),
    "first_rate": ("more than 0, at most 1", number(0, 1.0000001, open_below=True)),
    "weight_decay": ("a number from 0", number(0, float("inf"))),
    "label_smoothing": ("0 to below 1", number(0, 1)),
    "dropout": ("0 to below 1", number(0, 1)),
    "ema": ("0 to below 1", number(0, 1)),
    "mix": one_of("none", "mixup", "cutmix"),
    "flip": ("True or False", lambda v: isinstance(v, bool)),
    "validation_fraction": ("0, or at most 0.5", number(0, 0.5000001)),
    "patience": ("a whole number from 0", whole(0)),
    "class_weight": ("'balanced' or None", lambda v: v is None or v == "balanced"),
    "mirror": ("True or False", lambda v: isinstance(v, bool)),
    "precision": one_of(*PRECISIONS),
    "device": one_of(*DEVICES),
    "jobs": ("a whole number from 1, or None", lambda v: v is None or whole(1)(v)),
    "seed": ("a whole number from 0 to 2147483647", whole(0, 2**31 - 1)),
}
# Of networks with a decoder, whose maps need room.
DECODER_LEGAL: Legal = {
    "size": ("a whole number from 32 to 4096", whole(32, 4096)),
    "width": ("a whole number from 1 to 256", whole(1, 256)),
}


def shared_legal(model: BaseEstimator) -> Legal:
    """Say what is legal for those of the shared parameters that a network has."""
    own = model.get_params(deep=False)
    return {name: LEGAL[name] for name in LEGAL if name in own}


def training_precision(precision: str, device: str) -> str:
    """Resolve ``auto`` for training: on a GPU bfloat16, whose range needs no scaling of the loss.

    Parameters
    ----------
    precision : str
        ``"auto"``, ``"float32"``, ``"bfloat16"`` or ``"float16"``.
    device : str
        ``"cpu"`` or ``"cuda"``.

    Returns
    -------
    str
        Not ``"auto"``.

    Examples
    --------
    >>> training_precision("float32", "cuda")
    'float32'
    """
    if precision == "auto" and device == "cuda":
        supported = import_torch().cuda.is_bf16_supported()
        return "bfloat16" if supported else "float16"
    return choose_precision(precision, device)


def training_plan(model: BaseEstimator, device: str, **fixed: Any) -> Plan:
    """Say how a network is trained, by those of its parameters that are a plan's.

    Parameters
    ----------
    model : estimator
        With ``precision`` among its parameters.
    device : str
        ``"cpu"`` or ``"cuda"``.
    **fixed
        Of the plan, where the network has no such parameter.

    Returns
    -------
    Plan
    """
    from gliaboost.models.networks.training import Plan

    own = {**model.get_params(deep=False), **fixed}
    own["precision"] = training_precision(own["precision"], device)
    return Plan(**{f.name: own[f.name] for f in fields(Plan) if f.name in own})
