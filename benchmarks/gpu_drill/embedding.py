"""Step 4: frozen embeddings against the bare forward of the same network, in each precision."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

from benchmarks.gpu_drill.data import Slices, slices
from benchmarks.gpu_drill.findings import Findings, Given, seconds_of
from gliaboost._compat import available_cores
from gliaboost.features.chunks import BATCH
from gliaboost.features.embedding.extractor import Embedding
from gliaboost.features.embedding.frozen import load_frozen
from gliaboost.features.embedding.torch_device import without_tf32

# Random weights take as long as trained ones; of ResNet50 none come with the package.
WEIGHTS = {"tf_efficientnet_lite0": "package", "resnet50": "random"}
# What matters most comes first: a step that is cut leaves what it has.
SETTINGS = [
    ("tf_efficientnet_lite0", "float16"),
    ("resnet50", "float16"),
    ("tf_efficientnet_lite0", "float32"),
    ("tf_efficientnet_lite0", "bfloat16"),
]
PRECISIONS = ("float16", "bfloat16", "float32")
FEW = [(backbone, "float32") for backbone in WEIGHTS]
IMAGES = 2048


def run(findings: Findings, given: Given) -> None:
    """Measure each backbone, noting each time as soon as it is taken."""
    taken = slices(given)
    findings.note("slices", taken.described)
    findings.note("weights", WEIGHTS)
    count = 3 if given.dry else IMAGES
    repeats = -(-count // len(taken.images))
    host = torch.from_numpy(taken.images).repeat(repeats, 1, 1)[:count]
    for backbone, precision in FEW if given.dry else SETTINGS:
        name = f"{backbone}, {precision}"
        if given.left() < 8:
            findings.skip(name, "no time was left")
            continue
        with findings.attempt(name):
            # Several times slower, and as many images would take the time of all others.
            some = host[: max(3, count // 4)] if precision == "float32" else host
            measure(
                findings,
                name,
                last_layer(backbone, precision, given.device),
                some,
                given,
            )
    with findings.attempt("against_cpu"):
        findings.note("against_cpu", against_cpu(taken, given))


def last_layer(backbone: str, precision: str, device: str) -> Embedding:
    """Make what takes a network to its end, which is what others' figures are of."""
    return Embedding(backbone, WEIGHTS[backbone], ("avg", "max"), [-1], precision, device=device)


def measure(
    findings: Findings, name: str, extractor: Embedding, host: torch.Tensor, given: Given
) -> None:
    """Count images a second of the extractor, from each kind of memory, and of the bare network."""
    parameters = extractor.spec()["parameters"]
    network = load_frozen(
        extractor.backbone, extractor.weights, parameters["sha256"], "", given.device,
        extractor.precision,
    )  # fmt: skip
    there = host.to(given.device)
    for _ in range(1 if given.dry else 3):  # the search for a batch size comes to its end
        extractor.transform(there)
    seconds: dict[str, dict[str, float]] = {"ours": {}, "bare": {}}

    def took(whose: str, what: str, call: Callable[[], object]) -> None:
        seconds[whose][what] = seconds_of(call, given)
        rates = {w: {k: round(len(host) / s, 1) for k, s in v.items()} for w, v in seconds.items()}
        best = min(seconds["bare"].values(), default=math.nan)
        findings.note(
            name,
            {
                "batch": network.size.now,
                "images_a_second": rates["ours"],
                "bare_images_a_second": rates["bare"],
                "share_of_best_bare": {k: round(best / s, 3) for k, s in seconds["ours"].items()}
                if seconds["bare"]
                else {},
                **peak(given),
            },
        )

    # As in the extractor, which promises the CPU's numbers.
    with torch.inference_mode(), without_tf32(given.device):
        for batch in {network.size.now} if given.dry else {network.size.now, 256}:
            ready = [network.prepared(part) for part in there.split(batch)]
            took(
                "bare",
                f"batch {batch}",
                lambda ready=ready: [network.model.forward_features(r) for r in ready],
            )
    took("ours", "device memory", lambda: extractor.transform(there))
    if given.device == "cuda":
        array = host.numpy()
        # As `extract` hands images over, and what larger parts would bring.
        for size in (BATCH, 16 * BATCH):
            parts = [array[i : i + size] for i in range(0, len(array), size)]
            with ThreadPoolExecutor(available_cores()) as pool:
                took(
                    "ours",
                    f"NumPy arrays of {size}, in threads",
                    lambda pool=pool, parts=parts: list(pool.map(extractor.transform, parts)),
                )
        pinned = host.pin_memory()
        took("ours", "pinned host memory", lambda: extractor.transform(pinned))


def peak(given: Given) -> dict[str, int]:
    """Return the most memory that was held, on a GPU."""
    if given.device != "cuda":
        return {}
    return {"peak_mib": round(torch.cuda.max_memory_allocated() / 2**20)}


def against_cpu(taken: Slices, given: Given) -> dict[str, float]:
    """Return how far columns are from the CPU's in float32, relative to the largest."""
    few = taken.images[: 2 if given.dry else 16]
    want = Embedding(device="cpu").transform(few)
    off = {}
    for precision in PRECISIONS[-1:] if given.dry else PRECISIONS:
        got = Embedding(precision=precision, device=given.device).transform(few)
        off[precision] = float(abs(got - want).max() / abs(want).max())
    return off
