"""Weights of backbones: read from a file that cannot run code, and checked."""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost.errors import MissingExtraError, UsageError, WeightsError
from gliaboost.features.embedding.checkpoint_limits import checkpoint_fault
from gliaboost.files import sha256_file

if TYPE_CHECKING:
    import torch

# Who takes weights is not known here: an extractor or a network.
NAMING = (
    "--set embedding.weights=FILE (safetensors, or a checkpoint of tensors; for a network "
    "cnn-finetune.weights or hybrid.weights)"
)
# Some fifty times what a large network's takes.
MOST_HEADER = 8 * 2**20
# Where checkpoints of training scripts keep the model itself.
_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model")


def find_weights(file: str, sha256: str = "") -> Path:
    """Find a weights file: as named, else by its bare name in ``$GLIABOOST_WEIGHTS``.

    Parameters
    ----------
    file : str
        A path.
    sha256 : str
        The first digits of its SHA-256, 16 or more; empty: any content will do.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    UsageError
        If there is no such file.
    WeightsError
        If its content is another.
    """
    path = Path(file).expanduser()
    folder = os.environ.get("GLIABOOST_WEIGHTS")
    if not path.is_file() and folder:
        path = Path(folder) / path.name
    if not path.is_file():
        raise UsageError(
            f"no weights file {file}; name a safetensors file or a checkpoint with --set "
            "embedding.weights=FILE (cnn-finetune.weights, hybrid.weights), put it into the folder "
            "$GLIABOOST_WEIGHTS, or choose package, hub (timm's download) or random (untrained)"
        )
    found = file_checksum(path)
    if not found.startswith(sha256):
        raise WeightsError(
            f"{path} has SHA-256 {found[:16]}..., expected {sha256[:16]}...: other weights than "
            "those of the training; put the right file there"
        )
    return path


def file_checksum(path: Path) -> str:
    """Return a file's SHA-256, remembered while its size and time stay the same."""
    status = path.stat()
    return _file_checksum(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _file_checksum(path: Path, size: int, time: int) -> str:
    return sha256_file(path)


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Read tensors by name from a safetensors file or a checkpoint, running nothing in it.

    Parameters
    ----------
    path : pathlib.Path
        Safetensors, or what `torch.save` wrote of tensors alone; a state under ``state_dict`` or
        ``model`` is found.

    Returns
    -------
    dict of str to tensor
        On the CPU.

    Raises
    ------
    WeightsError
        If the file is cut short, holds other objects, or is neither.
    """
    with path.open("rb") as file:
        head = file.read(16)
    state = _safetensors(path) if head[8:9] == b"{" else _checkpoint(path)
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}


def header_fault(first: bytes, size: int) -> str | None:
    """Say what is wrong with how long a safetensors file says that its header is.

    Its tensors can take no more than the file has, but the header is parsed whole.

    Parameters
    ----------
    first : bytes
        The file's first eight.
    size : int
        The file's, in bytes.

    Returns
    -------
    str or None
        To follow the file's name; None where nothing is wrong.

    Examples
    --------
    >>> header_fault((200).to_bytes(8, "little"), 1000) is None
    True
    >>> header_fault((10**9).to_bytes(8, "little"), 1000)
    'is damaged or cut short (a header of 1,000,000,000 bytes in a file of 1,000)'
    """
    header = int.from_bytes(first[:8], "little")
    if header > size:
        return f"is damaged or cut short (a header of {header:,} bytes in a file of {size:,})"
    if header > MOST_HEADER:
        return f"describes its tensors in {header:,} bytes, more than {MOST_HEADER:,}"
    return None


def _safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise MissingExtraError("safetensors", "torch", "reading weights") from error
    with path.open("rb") as file:
        fault = header_fault(file.read(8), path.stat().st_size)
    if fault is not None:
        raise WeightsError(f"{path} {fault}; copy it again")
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(f"{path} is damaged or cut short ({error}); copy it again") from error


def _checkpoint(path: Path) -> dict[str, torch.Tensor]:
    import torch

    fault = checkpoint_fault(path)
    if fault is not None:
        raise WeightsError(
            f"{path} {fault}: refused, nothing in it was run. Expected safetensors, or a "
            "checkpoint of tensors alone"
        )
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"asks for {asked[1]}" if asked else "holds more than tensors, or is cut short"
        raise WeightsError(
            f"{path} {what}: refused, nothing in it was run. Expected safetensors, or a checkpoint "
            "of tensors alone"
        ) from error
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        raise WeightsError(
            f"{path} is no weights file, or is cut short ({type(error).__name__}: {said}); "
            "copy it again, or name a safetensors file"
        ) from error
    if isinstance(found, Mapping):
        for wrapper in _WRAPPERS:
            if isinstance(found.get(wrapper), Mapping):
                found = found[wrapper]
                break
    if not isinstance(found, Mapping) or not found:
        raise WeightsError(f"{path} holds a {type(found).__name__}; expected tensors by name")
    wrong = [str(name) for name, value in found.items() if not isinstance(value, torch.Tensor)]
    if wrong:
        raise WeightsError(
            f"{path} holds {len(wrong)} value(s) that are no tensors (first: {wrong[0]}); expected "
            "a state_dict"
        )
    for name, value in found.items():
        if value.layout is not torch.strided or value.is_meta:
            kind = "no values (the meta device)" if value.is_meta else f"layout {value.layout}"
            raise WeightsError(f"{path}: {name} has {kind}; expected plain tensors")
        # A view may show a few values again and again: whoever copies it takes them all.
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise WeightsError(
                f"{path}: {name} has {value.numel():,} values and fewer are there; expected "
                "tensors that are whole"
            )
    return {str(name): value for name, value in found.items()}


def digest(state: Mapping[str, torch.Tensor]) -> str:
    """Hash tensors with their names, 64 hexadecimal digits, whatever file they came from."""
    import torch

    total = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        total.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return total.hexdigest()
