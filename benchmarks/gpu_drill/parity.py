"""Step 1: torch's and Triton's kernels against the CPU's, on real and on adversarial slices."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_drill.data import slices
from benchmarks.gpu_drill.findings import Findings, Given
from gliaboost.features.fisher import on_tensors
from gliaboost.features.fisher.extractor import Fisher
from gliaboost.features.kernels.circles import METHODS
from gliaboost.features.kernels.cooccurrence import PROPERTIES, glcm_offsets
from gliaboost.features.kernels.cpu import glcm as cpu_glcm
from gliaboost.features.kernels.cpu import hog as cpu_hog
from gliaboost.features.kernels.cpu import lbp as cpu_lbp
from gliaboost.features.kernels.gpu import glcm, hog, lbp
from gliaboost.features.kernels.gpu.chunks import runs_triton

Images = NDArray[np.uint8]
ANGLES = [0.0, math.pi / 4, math.pi / 2, 3 * math.pi / 4]
# What the kernels promise: codes and counts the same, numbers within this.
TOLERANCE = 1e-5


def run(findings: Findings, given: Given) -> None:
    """Compare every kernel in every way on every kind of image."""
    kinds = {**adversarial(given.dry), **real(findings, given)}
    ways = ["torch"]
    if runs_triton(torch.device(given.device)):
        ways.append("triton")
    else:
        findings.skip("triton", "Triton is not installed")
    worst: dict[str, float] = {}
    failed = []
    fisher = ("Fisher vectors", Fisher.tolerance, *fisher_vectors_of(kinds["slices"]))
    for name, allowed, ours, theirs in [*kernels(given.dry), fisher]:
        for kind, images in kinds.items():
            with findings.attempt(f"{name}, {kind}"):
                want = np.asarray(theirs(images))
                there = torch.from_numpy(images).to(given.device)
                for way in ways:
                    off = differs(in_this_way(way, ours, there), want)
                    key = f"{way}: {name}"
                    worst[key] = max(worst.get(key, 0.0), off)
                    if not off <= allowed:
                        failed.append(f"{key}, {kind}: {off:g}")
        findings.note("largest_difference", worst)
        findings.note("beyond_what_is_promised", failed)


def in_this_way(way: str, kernel: Callable[[Any], Any], images: Any) -> NDArray[Any]:
    """Run a kernel by plain torch, or as it runs of itself: by Triton."""
    with ExitStack() as stack:
        if way == "torch":
            for module in (hog, lbp, glcm):
                stack.enter_context(mock.patch.object(module, "runs_triton", lambda _: False))
        out: NDArray[Any] = kernel(images).cpu().numpy()
        return out


def differs(got: NDArray[Any], want: NDArray[Any]) -> float:
    """Return the largest difference, relative above 1; infinite where the shapes differ."""
    if got.shape != want.shape or not np.array_equal(np.isnan(got), np.isnan(want)):
        return math.inf
    a, b = (np.nan_to_num(np.asarray(v, dtype=np.float64)) for v in (got, want))
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b)), initial=0.0))


def fisher_vectors_of(images: Images) -> tuple[Callable[[Any], Any], Callable[[Images], Any]]:
    """Give the device's encoding and the CPU's, by one small vocabulary of some slices."""
    fisher = Fisher(modes=8, dims=16, cells=(5,), samples=2000)
    fisher.fit(images, groups=np.arange(len(images)))
    given = {"vocabulary": fisher.vocabulary_, "stride": fisher.stride, "cells": (5,)}
    return partial(on_tensors.fisher_vectors, **given), fisher.transform


def kernels(dry: bool) -> list[tuple[str, float, Callable[[Any], Any], Callable[[Images], Any]]]:
    """List name, how far its numbers may be apart, the device's kernel, and the CPU's."""
    found: list[tuple[str, float, Callable[[Any], Any], Callable[[Images], Any]]] = []
    for label, options in {
        "HOG 8 px, 3 x 3": {},
        "HOG 16 px, 2 x 2, soft bins": {
            "pixels_per_cell": (16, 16),
            "cells_per_block": (2, 2),
            "soft_bins": True,
        },
        "HOG square root": {"transform_sqrt": True, "block_norm": "L1-sqrt", "orientations": 12},
    }.items():
        found.append(
            (label, TOLERANCE, partial(hog.hog, **options), partial(cpu_hog.hog, **options))
        )
    circles = [(8, 1.0)] if dry else [(8, 1.0), (16, 2.0), (24, 3.0)]
    for method in ("uniform", "var") if dry else METHODS:
        for points, radius in circles if method in ("uniform", "nri_uniform") else circles[:2]:
            options = {"method": method, "grid": (3, 2)}
            ours = partial(lbp.lbp_histograms, points=[points], radii=[radius], **options)
            theirs = partial(cpu_lbp.lbp_histograms, points=[points], radii=[radius], **options)
            found.append((f"LBP {method} P={points} R={radius:g}", 0.0, ours, theirs))
    offsets = glcm_offsets([1, 4], ANGLES[:2] if dry else ANGLES)
    for levels in (32,) if dry else (8, 32, 64, 256):
        options = {"offsets": offsets, "levels": levels, "grid": (2, 2)}
        ours = partial(glcm.glcm_counts, **options)
        theirs = partial(cpu_glcm.glcm_counts, **options)
        found.append((f"GLCM counts, {levels} levels", 0.0, ours, theirs))
        options = {"offsets": offsets, "levels": levels, "properties": PROPERTIES}
        ours = partial(glcm.glcm_properties, **options)
        theirs = partial(cpu_glcm.glcm_properties, **options)
        found.append((f"GLCM properties, {levels} levels", TOLERANCE, ours, theirs))
    return found


def adversarial(dry: bool) -> dict[str, Images]:
    """Make images that hide nothing: flat, all ties, all different, odd sides."""
    rng = np.random.default_rng(0)
    side = 32 if dry else 96
    y, x = np.mgrid[:side, :side]
    flat = np.stack([np.full((side, side), v, np.uint8) for v in (0, 7, 255)])
    checkers = np.stack([((y // s + x // s) % 2 * 255).astype(np.uint8) for s in (1, 2, 8)])
    ramps = np.stack([x * 255 // (side - 1), y * 255 // (side - 1), (x + y) % 256])
    point = np.zeros((2, side, side), np.uint8)
    point[0, side // 2, side // 2] = point[1, 0, 0] = 255
    shape = (1, 33, 35) if dry else (5, 97, 131)
    kinds = {
        "noise, odd sides": rng.integers(0, 256, shape, dtype=np.uint8),
        "few values, many ties": (rng.integers(0, 3, shape) * 80).astype(np.uint8),
        "flat": flat,
        "checkers": checkers,
        "ramps": ramps.astype(np.uint8),
        "single points": point,
        # Whose roots' differences make angles of exactly 30 and 60 degrees.
        "squares": rng.choice(np.array([0, 1, 3, 4, 9, 12], np.uint8), shape),
    }
    if dry:
        return {name: kinds[name] for name in ("noise, odd sides", "checkers")}
    return {**kinds, "noise, large": rng.integers(0, 256, (2, 1024, 768), dtype=np.uint8)}


def real(findings: Findings, given: Given) -> dict[str, Images]:
    """Take some slices, over all patients."""
    taken = slices(given)
    findings.note("slices", taken.described)
    few = taken.images[:: max(1, len(taken.images) // (1 if given.dry else 24))]
    return {"slices": np.ascontiguousarray(few)}
