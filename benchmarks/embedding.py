"""Frozen embeddings against the bare model's forward on ready tensors, same device, in turns."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from benchmarks.measure import machine, slug, table, take_turns, versions, write
from benchmarks.pictures import slices
from gliaboost._compat import available_cores
from gliaboost.features.embedding.extractor import Embedding
from gliaboost.features.embedding.frozen import FrozenNetwork, load_frozen
from gliaboost.features.embedding.torch_device import choose_torch_device, take_one_core

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
    # The bare model goes to its end too.
    extractor = Embedding(
        arguments.backbone, arguments.weights, ("avg", "max"), [-1], device=device
    )
    spec = extractor.spec()["parameters"]
    network = load_frozen(
        arguments.backbone, arguments.weights, spec["sha256"], "", device, "float32"
    )
    for _ in range(8):  # the search for a batch size comes to its end
        extractor.transform(images)
    cores = available_cores() if device == "cpu" else 1
    chunk = CHUNK if device == "cpu" else len(images)
    parts = [images[i : i + chunk] for i in range(0, len(images), chunk)]
    step = min(chunk, network.size.now)
    ready = [network.prepared(images[i : i + step]) for i in range(0, len(images), step)]
    bare, ours = "bare model, ready tensors", "embedding, as extract runs it"
    contenders: dict[str, Callable[[], object]] = {}
    with ThreadPoolExecutor(cores) as pool:
        contenders[bare] = lambda: list(pool.map(lambda x: forward(network, x), ready))
        if cores > 1:
            contenders[f"{bare}, all cores on each batch"] = lambda: together(network, ready, cores)
        contenders[ours] = lambda: list(pool.map(extractor.transform, parts))
        seconds = take_turns(contenders, arguments.rounds, seconds=120)
    rates = {name: len(images) / taken for name, taken in seconds.items()}
    best = max(rate for name, rate in rates.items() if name != ours)
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
        "ratio_to_bare": {name: rate / best for name, rate in rates.items()},
    }
    rows = [[n, f"{r:.1f}", f"{r / best:.2f}"] for n, r in rates.items()]
    markdown = (
        f"# {arguments.backbone} on {device}: {len(images)} {described}\n\n"
        f"{table(['what', 'images/s', 'of the best bare'], rows)}\n\n"
        f"{facts['processor']}, {facts['cores']} cores; batch {network.size.now}; "
        f"`{results['command']}`\n"
    )
    for path in write(f"embedding-{arguments.backbone}-{device}-{slug(facts)}", results, markdown):
        print(path)
    print(markdown)


def forward(network: FrozenNetwork, batch: torch.Tensor) -> None:
    """Run the model, on one core of a CPU as the extractor's own threads do."""
    if network.device == "cpu":
        take_one_core()
    with torch.inference_mode():
        network.model(batch)
    if network.device == "cuda":
        torch.cuda.synchronize()


def together(network: FrozenNetwork, ready: list[torch.Tensor], cores: int) -> None:
    """Run the model on one batch after the other, each on all cores."""
    torch.set_num_threads(cores)
    with torch.inference_mode():
        for batch in ready:
            network.model(batch)


if __name__ == "__main__":
    main()
