"""Speed of the Fisher vectors: ``OMP_NUM_THREADS=1 python -m benchmarks.fisher``.

Prints a table and writes it, with machine and versions, to ``benchmarks/results/fisher.*``.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from skimage.feature import fisher_vector
from sklearn.mixture import GaussianMixture

from benchmarks.measure import machine, table, versions, write
from benchmarks.pictures import slices
from gliaboost.features.fisher.descriptors import describe
from gliaboost.features.fisher.extractor import Fisher
from gliaboost.features.fisher.vocabulary import Vocabulary, densities, encode, learn, project

PACKAGES = ("gliaboost", "numba", "numpy", "scikit-image", "scikit-learn")
IMAGES, SIZE = 8, 256
MODES = (64, 128)
# Milliseconds a slice on one core.
TARGETS = {"descriptors": 3.0, "encoding": 2.0}


def parts(seconds: float) -> dict[str, Any]:
    """Time each step on one core, in core milliseconds a slice, beside scikit-image's encoding."""
    images, what = slices(IMAGES, SIZE)
    own = Fisher()
    cells = own._cells()
    sample = own._sampled(images, np.arange(IMAGES))
    described = [describe(image, own.stride, cells) for image in images]
    calls: dict[str, Callable[[], Any]] = {
        "descriptors": lambda: [describe(image, own.stride, cells) for image in images]
    }
    difference = {}
    for modes in MODES:
        vocabulary = learn(sample, own.dims, modes, seed=0)
        linear, mixture = densities(vocabulary), mixture_of(vocabulary)
        projected = [project(one, vocabulary) for one in described]
        ours = functools.partial(encoded, described, vocabulary, linear)
        theirs = functools.partial(encoded_by_scikit_image, projected, mixture)
        calls[f"encoding, {modes} modes"] = ours
        calls[f"encoding, {modes} modes, scikit-image"] = theirs
        difference[str(modes)] = float(np.abs(ours() - theirs()).max())
    medians = core_seconds(calls, seconds)
    return {
        "images": what,
        "descriptors": [len(one.shares) for one in described],
        "milliseconds": {name: t / IMAGES * 1e3 for name, t in medians.items()},
        "largest_difference": difference,
    }


def core_seconds(calls: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Let the calls take turns, and give the median of the processor seconds that each took.

    Others' work on the machine does not count as ours, save for what it takes of the caches.
    """
    spent: dict[str, list[float]] = {name: [] for name in calls}
    begun = time.perf_counter()
    while len(spent[next(iter(calls))]) < 3 or time.perf_counter() - begun < seconds:
        for name, call in calls.items():
            before = time.process_time()
            call()
            spent[name].append(time.process_time() - before)
    return {name: float(np.median(times)) for name, times in spent.items()}


def encoded(described: Any, vocabulary: Vocabulary, linear: Any) -> Any:
    """Project and encode, as the extractor does."""
    return np.stack([encode(project(d, vocabulary), vocabulary, linear) for d in described])


def encoded_by_scikit_image(projected: Any, mixture: GaussianMixture) -> Any:
    """Encode what is projected already."""
    found: list[Any] = [fisher_vector(one, mixture, improved=True) for one in projected]
    return np.stack(found)


def mixture_of(vocabulary: Vocabulary) -> GaussianMixture:
    """Give scikit-learn the same mixture, in double precision."""
    found = GaussianMixture(len(vocabulary.weights), covariance_type="diag")
    found.weights_ = vocabulary.weights.astype(float)
    found.means_ = vocabulary.means.astype(float)
    found.covariances_ = vocabulary.variances.astype(float)
    found.precisions_cholesky_ = 1 / np.sqrt(found.covariances_)
    return found


def report(results: dict[str, Any]) -> Iterator[str]:
    """Write the table."""
    m, p = results["machine"], results["parts"]
    named = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    yield (
        f"{m['processor']}, {m['cores']} cores, {m['system']}, Python {m['python']}; {named}. "
        f"Load average when it began: {results['load_average']:.1f}."
    )
    yield f"One core, {IMAGES} {p['images']}, {np.mean(p['descriptors']):.0f} descriptors a slice."
    rows = []
    for name, milliseconds in p["milliseconds"].items():
        target = "" if "scikit" in name else f"{TARGETS[name.partition(',')[0]]:g}"
        rows.append([name, f"{milliseconds:.2f}", target])
    yield table(["", "core milliseconds a slice, median", "target"], rows)
    differences = ", ".join(f"{v:.0e} ({k} modes)" for k, v in p["largest_difference"].items())
    yield f"Largest difference from scikit-image, whose vectors have length 1: {differences}."
    yield f"All of it took {results['seconds']:.0f} s; `{results['command']}`."


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="for the whole table")
    arguments = parser.parse_args()
    threads = os.environ.get("OMP_NUM_THREADS")
    told = [] if threads is None else [f"OMP_NUM_THREADS={threads}"]
    begun = time.perf_counter()
    results: dict[str, Any] = {
        "command": " ".join([*told, "python -m benchmarks.fisher", *sys.argv[1:]]),
        "machine": machine(),
        "versions": versions(PACKAGES),
        "load_average": os.getloadavg()[0],
        "parts": parts(arguments.seconds),
    }
    results["seconds"] = time.perf_counter() - begun
    text = "\n\n".join(["# Fisher vectors", *report(results)]) + "\n"
    print(text)
    for path in write("fisher", results, text):
        print(path.name)


if __name__ == "__main__":
    main()
