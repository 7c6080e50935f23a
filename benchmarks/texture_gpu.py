"""The GPU kernels: images a second on the device and from pinned memory, and against the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contenders import Images, our_bank
from benchmarks.measure import take_turns
from benchmarks.pictures import slices
from gliaboost.features import GLCM, HOG, LBP

IMAGES = 512
SIZE = 256


def gpu() -> dict[str, Any]:
    """Time every kernel of the default bank, or say why not."""
    try:
        import torch
    except ImportError:
        return {"skipped": "torch is not installed"}
    if not torch.cuda.is_available():
        return {"skipped": "no GPU at hand"}
    images, _ = slices(IMAGES, SIZE)
    host = torch.from_numpy(images).pin_memory()
    return {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "images": len(images),
        **rates(images, host, host.to("cuda"), torch.cuda.synchronize),
    }


def rates(images: Images, host: Any, there: Any, wait: Callable[[], object]) -> dict[str, Any]:
    """Measure images a second, and the largest difference from the CPU."""
    import torch

    bank = [HOG(), LBP(), GLCM()]

    def whole(tensor: Any) -> Any:
        return torch.cat([e.transform(tensor) for e in bank], 1)

    def waited(call: Callable[[Any], Any], tensor: Any) -> Callable[[], None]:
        def run() -> None:
            call(tensor)
            wait()

        return run

    calls = {
        "default bank": waited(whole, there),
        "default bank, from pinned memory": waited(whole, host),
        **{e.name: waited(e.transform, there) for e in bank},
    }
    seconds = take_turns(calls, rounds=15, seconds=30)
    few = slice(0, 32)
    ours, cpu = whole(there[few]).cpu().numpy(), our_bank()(images[few])
    return {
        "images_a_second": {name: len(images) / t for name, t in seconds.items()},
        "largest_difference": float(np.max(np.abs(ours - cpu) / np.maximum(1.0, np.abs(cpu)))),
    }
