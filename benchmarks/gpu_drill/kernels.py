"""Step 2: images a second of each kernel, the bank and Fisher encoding, and how near copying is."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import torch

from benchmarks.gpu_drill.data import slices
from benchmarks.gpu_drill.findings import Findings, Given, seconds_of
from gliaboost.features import GLCM, HOG, LBP
from gliaboost.features.fisher.extractor import Fisher
from gliaboost.features.fisher.on_tensors import fisher_vectors
from gliaboost.features.kernels.gpu import chunks, glcm, hog, lbp

BATCHES = (64, 256, 1024, 4096)
# Chunks so many times larger than the kernels choose.
SCALES = (1, 4, 16)
FEW_SCALES = (1, 2)


def run(findings: Findings, given: Given) -> None:
    """Measure copies first, then all kernels on batches that grow."""
    taken = slices(given)
    findings.note("slices", taken.described)
    copies = copy_rates(given)
    findings.note("copied_bytes_a_second", copies)
    batches = (1, 2) if given.dry else BATCHES
    repeats = -(-max(batches) // len(taken.images))
    host = torch.from_numpy(taken.images).repeat(repeats, 1, 1)[: max(batches)]
    there = host.to(given.device)
    # What `transform` calls for a tensor on a GPU; a dry run has none, and calls it all the same.
    extractors = (HOG(), LBP(8, 1, grid=1), GLCM(levels=8)) if given.dry else (HOG(), LBP(), GLCM())
    bank = {
        e.name: partial(e._compute, kernels)
        for e, kernels in zip(extractors, (hog, lbp, glcm), strict=True)
    }

    def whole(images: Any) -> Any:
        return torch.cat([transform(images) for transform in bank.values()], 1)

    fisher = Fisher(modes=4, dims=8, samples=500) if given.dry else Fisher()
    few = taken.images[:2] if given.dry else taken.images[:: max(1, len(taken.images) // 200)]
    fisher.fit(few, groups=np.arange(len(few)))
    encode = partial(
        fisher_vectors,
        vocabulary=fisher.vocabulary_,
        stride=fisher.stride,
        cells=fisher.cells,
        device=given.device,
    )
    textures: dict[str, Callable[[Any], Any]] = {"bank": whole, **bank}
    calls = {**textures, "fisher": encode}
    rates: dict[str, dict[str, Any]] = {}
    for batch in batches:
        for name, call in calls.items():
            with findings.attempt(f"{name}, {batch}"):
                rates[f"{name}, device memory, {batch}"] = measured(
                    call, there[:batch], given, copies["within_device"]
                )
        findings.note("rates", rates)
    if given.device == "cuda":
        pinned = host.pin_memory()
        for batch in batches:
            for name, call in calls.items():
                with findings.attempt(f"{name}, pinned, {batch}"):
                    rates[f"{name}, pinned host memory, {batch}"] = measured(
                        call, pinned[:batch], given, copies["from_pinned"]
                    )
            findings.note("rates", rates)
    else:
        findings.skip("pinned_host_memory", "no GPU")
    best = max((r["images_a_second"] for n, r in rates.items() if n.startswith("bank,")), default=0)
    findings.note("bank_images_a_second", best)
    with findings.attempt("profile"):
        findings.note("profile", profile(lambda: whole(there[: batches[-2]]), given))
    with findings.attempt("chunks"):
        findings.note("chunks", larger_chunks(textures, there[: batches[-2]], given))


def measured(call: Callable[[Any], Any], images: Any, given: Given, copy: float) -> dict[str, Any]:
    """Time a kernel; the fewest bytes are each image read once and each column written once."""
    seconds = seconds_of(lambda: call(images), given)
    out = call(images)
    moved = images.numel() + out.numel() * out.element_size()
    return {
        "images_a_second": round(len(images) / seconds, 1),
        "bytes_an_image": moved // len(images),
        "share_of_copying": round(moved / seconds / copy, 5),
    }


def copy_rates(given: Given) -> dict[str, float]:
    """Measure copies: within the device (bytes read plus written), and from pinned memory."""
    size = 1 << (20 if given.dry else 30)
    a = torch.randint(0, 255, (size,), dtype=torch.uint8, device=given.device)
    b = torch.empty_like(a)
    rates = {"within_device": 2 * size / seconds_of(lambda: b.copy_(a), given)}
    if given.device == "cuda":
        host = a[: size // 4].cpu().pin_memory()
        rates["from_pinned"] = len(host) / seconds_of(
            lambda: b[: len(host)].copy_(host, non_blocking=True), given
        )
    return rates


def profile(call: Callable[[], Any], given: Given) -> list[dict[str, Any]]:
    """List what takes the time: the longest kernels, or operations on a CPU."""
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as watched

    cuda = given.device == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if cuda else [])]
    call()
    given.wait()
    with watched(activities=activities) as seen:
        call()
        given.wait()
    key = "self_device_time_total" if cuda else "self_cpu_time_total"
    rows = sorted(seen.key_averages(), key=lambda r: -getattr(r, key))[:25]
    return [
        {"name": r.key[:120], "calls": r.count, "microseconds": round(getattr(r, key), 1)}
        for r in rows
    ]


def larger_chunks(
    calls: dict[str, Callable[[Any], Any]], images: Any, given: Given
) -> dict[str, dict[str, float]]:
    """Measure each kernel with chunks that are larger than it chooses."""
    plain = chunks.in_chunks
    rates: dict[str, dict[str, float]] = {}
    for scale in FEW_SCALES if given.dry else SCALES:

        def scaled(*args: Any, pixels: int = chunks.CHUNK, by: int = scale) -> Any:
            return plain(*args, pixels=pixels * by)

        with ExitStack() as stack:
            for module in (hog, lbp, glcm):
                stack.enter_context(mock.patch.object(module, "in_chunks", scaled))
            rates[f"x {scale}"] = {
                name: round(len(images) / seconds_of(lambda c=call: c(images), given), 1)
                for name, call in calls.items()
            }
    return rates
