"""Frozen embeddings against the bare model's forward on ready tensors, same device, in turns."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.measure import machine, slug, table, take_turns, versions, write
from benchmarks.pictures import slices
from gliaboost._compat import available_cores
from gliaboost.features.embedding import Embedding
from gliaboost.features.frozen import FrozenNetwork, load_frozen
from gliaboost.features.torch_device import choose_torch_device

SIZE = 256
# As many as `extract` hands to a thread.
CHUNK = 16


def main() -> None:
    """Measure, and write ``results/embedding-<machine>.json`` and ``.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="package")
    parser.add_argument("--images", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    device = choose_torch_device(arguments.device)
    images, described = slices(arguments.images, SIZE)
    extractor = Embedding(arguments.backbone, arguments.weights, device=device)
    spec = extractor.spec()["parameters"]
    network = load_frozen(
        arguments.backbone, arguments.weights, spec["sha256"], "", device, "float32"
    )
    for _ in range(8):  # the search for a batch size comes to its end
        extractor.transform(images)
    ready = [
        network.prepared(images[i : i + network.size.now])
        for i in range(0, len(images), network.size.now)
    ]
    chunk = CHUNK if device == "cpu" else len(images)
    with ThreadPoolExecutor(available_cores() if device == "cpu" else 1) as pool:
        seconds = take_turns(
            {
                "bare model, ready tensors, all cores": lambda: forward(network, ready),
                "embedding, as extract runs it": lambda: pooled(pool, extractor, images, chunk),
                "embedding, one call": lambda: extractor.transform(images),
            },
            arguments.rounds,
            seconds=120,
        )
    rates = {name: len(images) / taken for name, taken in seconds.items()}
    bare = rates["bare model, ready tensors, all cores"]
    facts = machine()
    results = {
        "command": f"python -m benchmarks.embedding --backbone {arguments.backbone} "
        f"--weights {arguments.weights} --images {arguments.images}",
        "machine": facts,
        "versions": versions(["torch", "timm", "numpy"]),
        "device": device,
        "backbone": arguments.backbone,
        "images": described,
        "batch": network.size.now,
        "images_per_second": rates,
        "ratio_to_bare": {name: rate / bare for name, rate in rates.items()},
    }
    rows = [[n, f"{r:.1f}", f"{r / bare:.2f}"] for n, r in rates.items()]
    markdown = (
        f"# {arguments.backbone} on {device}: {len(images)} {described}\n\n"
        f"{table(['what', 'images/s', 'ratio'], rows)}\n\n"
        f"{facts['processor']}, {facts['cores']} cores; batch {network.size.now}; "
        f"`{results['command']}`\n"
    )
    for path in write(f"embedding-{arguments.backbone}-{device}-{slug(facts)}", results, markdown):
        print(path)
    print(markdown)


def forward(network: FrozenNetwork, ready: list[torch.Tensor]) -> None:
    with torch.inference_mode():
        for batch in ready:
            network.model(batch)
    if network.device == "cuda":
        torch.cuda.synchronize()


def pooled(
    pool: ThreadPoolExecutor, extractor: Embedding, images: NDArray[np.uint8], chunk: int
) -> None:
    parts = [images[i : i + chunk] for i in range(0, len(images), chunk)]
    assert sum(len(rows) for rows in pool.map(extractor.transform, parts)) == len(images)


if __name__ == "__main__":
    main()
