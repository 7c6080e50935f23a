"""A training's state on disk: whole or not at all, and only for the training it is of."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import DamagedFileError
from gliaboost.files import replacing, set_aside
from gliaboost.seals import contents, sealed


@dataclass(frozen=True)
class Checkpoint:
    """Where one training keeps its last epoch.

    Parameters
    ----------
    path : pathlib.Path
        The file; the caller removes it when the training's result is safe.
    identity : str
        Hash of the data and parameters; another training's file is passed over.
    """

    path: Path
    identity: str

    def read(self) -> dict[str, Any] | None:
        """Return what was last written, None where there is nothing of this training."""
        import torch

        if not self.path.is_file():
            return None
        reason = "its bytes are not those that were written"
        try:
            data = contents(self.path.read_bytes())
            if data is not None:
                # Tensors and plain values alone: nothing in the file can run.
                found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
                state: dict[str, Any] = found["state"]
                return state if found["identity"] == self.identity else None
        except Exception as error:
            reason = type(error).__name__
        set_aside(DamagedFileError(self.path, reason), "the training begins anew")
        return None

    def write(self, state: dict[str, Any]) -> None:
        """Replace the file."""
        import torch

        made = io.BytesIO()
        torch.save({"identity": self.identity, "state": state}, made)
        with replacing(self.path) as temporary:
            temporary.write_bytes(sealed(made.getvalue()))


def training_identity(
    images: NDArray[np.uint8], beside: Mapping[str, NDArray[Any]], facts: Sequence[Any]
) -> str:
    """Hash what a training depends on: 64 hexadecimal digits.

    Parameters
    ----------
    images : uint8 array [N, H, W]
        What is learned from.
    beside : mapping of str to array
        What is known of each image, by name: numbers, not text.
    facts : sequence
        All else, of what JSON has or prints.

    Examples
    --------
    >>> images = np.zeros((2, 4, 4), np.uint8)
    >>> one = training_identity(images, {"codes": np.array([0, 1])}, [{"epochs": 3}, "cpu"])
    >>> one == training_identity(images, {"codes": np.array([1, 0])}, [{"epochs": 3}, "cpu"])
    False
    """
    digest = hashlib.sha256(np.ascontiguousarray(images).data)
    for name in sorted(beside):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(beside[name]).data)
    told = [list(images.shape), *facts]
    digest.update(json.dumps(told, sort_keys=True, default=str).encode())
    return digest.hexdigest()
