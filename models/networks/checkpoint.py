"""A training's state on disk: whole or not at all, and only for the training it is of."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gliaboost.files import replacing


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
        try:
            # Tensors and plain values alone: nothing in the file can run.
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            if found["identity"] != self.identity:
                return None
            state: dict[str, Any] = found["state"]
        except Exception as error:
            warnings.warn(
                f"{self.path} is damaged and is passed over, the training begins anew "
                f"({type(error).__name__})",
                stacklevel=3,
            )
            return None
        return state

    def write(self, state: dict[str, Any]) -> None:
        """Replace the file."""
        import torch

        with replacing(self.path) as temporary:
            torch.save({"identity": self.identity, "state": state}, temporary)
