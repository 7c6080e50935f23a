"""Which device and precision torch can use here, and images as its networks take them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from gliaboost import devices
from gliaboost._compat import let_threads_sleep
from gliaboost.devices import Unavailable
from gliaboost.errors import GliaboostError, MissingExtraError, UsageError
from gliaboost.features.embedding.batching import SINGLE, out_of_memory
from gliaboost.parallel import map_in_order, threads

if TYPE_CHECKING:
    import torch

T = TypeVar("T")
R = TypeVar("R")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
REMEDY = "install a CUDA build of torch (https://pytorch.org/get-started) on a machine with a GPU"


def import_torch(purpose: str = "a network") -> Any:
    """Import torch, or name the extra that brings it."""
    let_threads_sleep()
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("torch", "torch", purpose) from error
    return torch


def why_no_cuda() -> str | None:
    """Say why torch cannot use a GPU here, None if it can."""
    torch = import_torch()
    if torch.version.cuda is None:
        return f"torch {torch.__version__} is a build without CUDA"
    if not torch.cuda.is_available():
        return "torch sees no NVIDIA GPU"
    return None


def compute(device: str) -> None:
    """Prove that torch can compute on a device.

    Raises
    ------
    RuntimeError
        If it cannot.
    """
    torch = import_torch()
    reason = why_no_cuda() if device == "cuda" else None
    if reason is not None:
        raise RuntimeError(reason)
    torch.ones(1, device=device).sum().item()


def cuda_for_networks() -> Unavailable | None:
    """Say what keeps networks from a GPU here, without importing torch into this process."""
    reason = devices.why_no_cuda(__name__, "compute")
    return None if reason is None else Unavailable(reason, REMEDY)


def choose_torch_device(device: str) -> str:
    """Resolve ``auto``, and refuse what cannot be had; see `gliaboost.devices.choose_device`.

    Examples
    --------
    >>> choose_torch_device("cpu")
    'cpu'
    """

    def why_not() -> Unavailable | None:
        reason = why_no_cuda()
        return None if reason is None else Unavailable(reason, REMEDY)

    return devices.choose_device(device, "a network cannot run", why_not)


def choose_precision(precision: str, device: str) -> str:
    """Resolve ``auto``: half precision where the hardware gains from it, else float32.

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
    """
    if precision not in PRECISIONS:
        raise UsageError(f"precision={precision!r}; expected one of {', '.join(PRECISIONS)}")
    if precision != "auto":
        return precision
    if device == "cuda":
        return "float16"
    cpu = import_torch().cpu
    # Private names, absent in some versions: without them float32 is the sound choice.
    gains = any(
        getattr(cpu, name, lambda: False)()
        for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    )
    return "bfloat16" if gains else "float32"


# The setting below is the process', and a GPU runs one batch after the other anyway.
_gpu = threading.RLock()


@contextmanager
def without_tf32(device: str) -> Iterator[None]:
    """Let a GPU's float32 convolutions be float32, as on the CPU; one thread at a time.

    By default they round their factors to TF32, which has 10 bits, and the same image would have
    other numbers on a GPU. All else that cuDNN was told stays: its own `flags` sets what is not
    named to a default, and would turn cuDNN off.

    Parameters
    ----------
    device : str
        ``"cuda"``; for ``"cpu"`` nothing is done.
    """
    if device == "cpu":
        yield
        return
    cudnn = import_torch().backends.cudnn
    with _gpu:
        before = cudnn.allow_tf32
        cudnn.allow_tf32 = False
        try:
            yield
        finally:
            cudnn.allow_tf32 = before


_thread = threading.local()


@contextmanager
def torch_threads(jobs: int | None) -> Iterator[None]:
    """Let torch use so many threads, and leave it as it was found.

    A pool's thread that took one core (`take_one_core`) keeps to it.

    Parameters
    ----------
    jobs : int, optional
        From 1; None: as torch was told.
    """
    if jobs is None or hasattr(_thread, "told"):
        yield
        return
    torch = import_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(jobs)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def take_one_core() -> None:
    """Let torch use one core in this thread, if it is one of a pool; the main thread has all.

    A pool's threads each carry a batch of their own; if torch then split every batch over all
    cores again, they would wait for each other. The setting is the thread's alone.
    """
    if threading.current_thread() is threading.main_thread() or hasattr(_thread, "told"):
        return
    import_torch().set_num_threads(1)
    _thread.told = True


def one_by_one(task: Callable[[T], R], items: Iterable[T], device: str = "cpu") -> list[R]:
    """Do a task with each item alone, on the CPU on one core each, side by side as torch may.

    How a network's sums are cut depends on how many images it is given at once and on how many
    cores it shares them out to. Alone and on one core an image has the same answer to the last
    bit, however many threads there are, and whichever images lie beside it.

    Parameters
    ----------
    task : callable
        Takes an item.
    items : iterable
        Of the task.
    device : str
        Where the task computes; on ``"cuda"`` it is done in the caller's thread.

    Returns
    -------
    list
        What the task returned, in order.

    Raises
    ------
    GliaboostError
        If memory runs out.
    """

    def alone(item: T) -> R:
        try:
            return task(item)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise GliaboostError(SINGLE) from error
            raise

    in_main = threading.current_thread() is threading.main_thread()
    if device == "cpu" and in_main and not hasattr(_thread, "told"):
        with threads(import_torch().get_num_threads(), take_one_core) as aside:
            return list(map_in_order(alone, items, executor=aside))
    if device == "cpu":
        take_one_core()
    return [alone(item) for item in items]


def resized(
    images: NDArray[np.uint8] | torch.Tensor, size: int, interpolation: str, device: str
) -> torch.Tensor:
    """Bring grey images to a network's size, with antialiasing.

    Parameters
    ----------
    images : uint8 array [N, H, W]
        0 to 255.
    size : int
        Height and width to make.
    interpolation : str
        ``"bilinear"`` or ``"bicubic"``.
    device : str
        Where to work.

    Returns
    -------
    float32 tensor [N, 1, size, size]
        0 to 1, on `device`.
    """
    torch = import_torch()
    batch = (
        images
        if isinstance(images, torch.Tensor)
        else torch.from_numpy(np.ascontiguousarray(images))
    )
    if device == "cuda" and batch.device.type == "cpu":
        batch = batch.pin_memory().to(device, non_blocking=True)
    grey = batch[:, None].to(torch.float32).div_(255)
    if grey.shape[-2:] != (size, size):
        grey = torch.nn.functional.interpolate(
            grey, (size, size), mode=interpolation, align_corners=False, antialias=True
        ).clamp_(0, 1)
    return grey  # type: ignore[no-any-return]
