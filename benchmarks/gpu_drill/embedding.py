"""Step 4: frozen embeddings against the bare forward of the same network, in each precision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import torch

from benchmarks.gpu_drill.data import Slices, slices
from benchmarks.gpu_drill.findings import Findings, Given, seconds_of
from gliaboost._compat import available_cores
from gliaboost.features.chunks import BATCH
from gliaboost.features.embedding.extractor import Embedding
from gliaboost.features.embedding.frozen import FrozenNetwork, load_frozen
from gliaboost.features.embedding.torch_device import without_tf32

# Random weights take as long as trained ones; of ResNet50 none come with the package.
BACKBONES = {"tf_efficientnet_lite0": "package", "resnet50": "random"}
PRECISIONS = ("float16", "bfloat16", "float32")
FEW_PRECISIONS = ("float32",)
IMAGES = 2048


def run(findings: Findings, given: Given) -> None:
    """Measure each backbone in each precision: ours first, then the bare network."""
    taken = slices(given)
    findings.note("slices", taken.described)
    findings.note("weights", BACKBONES)
    count = 3 if given.dry else IMAGES
    repeats = -(-count // len(taken.images))
    host = torch.from_numpy(taken.images).repeat(repeats, 1, 1)[:count]
    for backbone, weights in BACKBONES.items():
        for precision in FEW_PRECISIONS if given.dry else PRECISIONS:
            name = f"{backbone}, {precision}"
            if given.left() < 8:
                findings.skip(name, "no time was left")
                continue
            with findings.attempt(name):
                # Several times slower, and as many images would take the time of all others.
                some = host[: max(3, count // 4)] if precision == "float32" else host
                findings.note(name, measured(backbone, weights, precision, some, given))
    with findings.attempt("against_cpu"):
        findings.note("against_cpu", against_cpu(taken, given))


def measured(
    backbone: str, weights: str, precision: str, host: torch.Tensor, given: Given
) -> dict[str, Any]:
    """Count images a second of ours, from each kind of memory, and of the bare network."""
    extractor = Embedding(backbone, weights, precision=precision, device=given.device)
    spec = extractor.spec()["parameters"]
    network = load_frozen(backbone, weights, spec["sha256"], "", given.device, precision)
    there = host.to(given.device)
    for _ in range(1 if given.dry else 3):  # the search for a batch size comes to its end
        extractor.transform(there)
    ours = {"device memory": seconds_of(lambda: extractor.transform(there), given)}
    if given.device == "cuda":
        pinned = host.pin_memory()
        ours["pinned host memory"] = seconds_of(lambda: extractor.transform(pinned), given)
        array = host.numpy()
        ours["NumPy array"] = seconds_of(lambda: extractor.transform(array), given)
        # As `extract` hands images over, and what larger parts would bring.
        for size in (BATCH, 16 * BATCH):
            parts = [array[i : i + size] for i in range(0, len(array), size)]
            with ThreadPoolExecutor(available_cores()) as pool:
                ours[f"NumPy arrays of {size}, in threads"] = seconds_of(
                    lambda pool=pool, parts=parts: list(pool.map(extractor.transform, parts)), given
                )
    bare = {f"batch {network.size.now}": forward(network, there, network.size.now, given)}
    if not given.dry:
        for batch in {256, 1024} - {network.size.now}:
            bare[f"batch {batch}"] = forward(network, there, batch, given)
        if precision != "float32":
            bare["autocast, batch 256"] = autocast(backbone, weights, precision, there, given)
        bare["not channels last, batch 256"] = forward(
            network, there, 256, given, torch.contiguous_format
        )
        bare["fastest algorithms, batch 256"] = searched(network, there, given)
    count = len(host)
    best = min(bare.values())
    result = {
        "batch": network.size.now,
        "images_a_second": {k: round(count / s, 1) for k, s in ours.items()},
        "bare_images_a_second": {k: round(count / s, 1) for k, s in bare.items()},
        "share_of_best_bare": {k: round(best / s, 3) for k, s in ours.items()},
    }
    if given.device == "cuda":
        result["peak_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
        torch.cuda.reset_peak_memory_stats()
    return result


def forward(
    network: FrozenNetwork,
    images: torch.Tensor,
    batch: int,
    given: Given,
    layout: torch.memory_format = torch.channels_last,
) -> float:
    """Time the bare network on tensors that are ready."""
    ready = [
        network.prepared(part).contiguous(memory_format=layout) for part in images.split(batch)
    ]

    def call() -> None:
        for part in ready:
            network.model(part)

    # As in the extractor, which promises the CPU's numbers.
    with torch.inference_mode(), without_tf32(given.device):
        return seconds_of(call, given)


def autocast(
    backbone: str, weights: str, precision: str, images: torch.Tensor, given: Given
) -> float:
    """Time the same network in float32 under autocast."""
    whole = load_frozen(backbone, weights, "", "", given.device, "float32")
    with torch.autocast(given.device, dtype=getattr(torch, precision)):
        return forward(whole, images, 256, given)


def searched(network: FrozenNetwork, images: torch.Tensor, given: Given) -> float:
    """Time the bare network where cuDNN has tried its algorithms."""
    with ExitStack() as stack:
        before = torch.backends.cudnn.benchmark
        torch.backends.cudnn.benchmark = True
        stack.callback(setattr, torch.backends.cudnn, "benchmark", before)
        return forward(network, images, 256, given)


def against_cpu(taken: Slices, given: Given) -> dict[str, float]:
    """Return how far columns are from the CPU's in float32, relative to the largest."""
    few = taken.images[: 2 if given.dry else 16]
    want = Embedding(device="cpu").transform(few)
    off = {}
    for precision in FEW_PRECISIONS if given.dry else PRECISIONS:
        got = Embedding(precision=precision, device=given.device).transform(few)
        off[precision] = float(abs(got - want).max() / abs(want).max())
    return off
