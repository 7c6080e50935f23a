"""How many slices beside each other `compare` calls one picture, and how many copies it knows.

Cuts slices of a volume that anyone can have (README.md in ``results`` says where), shows them
through windows, and changes both of a pair as people change pictures, each on its own: the next
slice, some millimetres on, is a neighbour; the same slice twice is a copy. Counts are by plane,
window and step, with and without the look at where edges lie. Tilted planes are laid through the
volume after a turn about the left-right axis. Writes ``results/neighbours.json`` and ``.md``.

    python -m benchmarks.neighbours Cranium.inv3 ch2.nii.gz
"""

from __future__ import annotations

import argparse
import plistlib
import tarfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.audit import Pixels, jpeg
from benchmarks.measure import machine, table, versions, write
from gliaboost.datasets.audit import likeness
from gliaboost.datasets.audit.pictures import detail, is_blank

PACKAGES = ("gliaboost", "numpy", "opencv-python-headless", "scipy", "nibabel")
AXES = ("axial", "coronal", "sagittal")
PLANES = (*AXES, "tilted axial", "tilted coronal")
TILT = 20.0
# Millimetres from a slice to its neighbour, each rounded to whole steps of the volume.
APART = (1.0, 2.0, 3.0, 5.0)
# Level and width in Hounsfield units.
CT_WINDOWS = {"brain": (40, 80), "subdural": (75, 215), "narrow bone": (500, 1500)}
CT_WINDOWS |= {"bone": (600, 2800)}
# Percentiles of the volume that are shown black and white.
SPANS = {"min-max": (0.0, 100.0)}
MRI_SPANS = SPANS | {"percentiles 1 to 99": (1.0, 99.0)}
# Slices with less of the head than this are left out, as a share of the picture.
HEAD = 0.08
AIR = -300.0
SAME, BESIDE, OTHER = "same", "neighbours", "other"


class Volume(NamedTuple):
    """Signal by height, depth and width of the head; mm a step of each axis."""

    signal: NDArray[np.float32]
    spacing: tuple[float, float, float]
    is_ct: bool


def read_volume(path: Path) -> Volume:
    """Read a NIfTI, or the CT in an InVesalius project (.inv3)."""
    if path.suffix == ".inv3":
        return read_invesalius(path)
    import nibabel

    image = nibabel.as_closest_canonical(nibabel.load(path))
    signal = np.asarray(image.dataobj, np.float32).transpose(2, 1, 0)[:, ::-1]
    right, front, up = (float(step) for step in image.header.get_zooms()[:3])
    return Volume(signal, (up, front, right), bool(signal.min() < -500))


def read_invesalius(path: Path) -> Volume:
    with tarfile.open(path) as project:
        members = {Path(member.name).name: member for member in project.getmembers()}

        def content(name: str) -> bytes:
            file = project.extractfile(members[name])
            assert file is not None
            return file.read()

        said = plistlib.loads(content("main.plist"))
        matrix = np.frombuffer(content(said["matrix"]["filename"]), said["matrix"]["dtype"])
    across, down, along = said["spacing"]
    signal = matrix.reshape(said["matrix"]["shape"]).astype(np.float32)
    return Volume(signal, (along, down, across), said["modality"] == "CT")


def tilted(volume: Volume, degrees: float) -> Volume:
    """Turn a volume about its left-right axis; steps become those of the finest axis."""
    from scipy.ndimage import affine_transform

    fine = min(volume.spacing)
    steps = np.array(volume.spacing)
    shape = tuple(np.rint(volume.signal.shape * steps / fine).astype(int).tolist())
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    matrix = turn * fine / steps[:, None]
    middle = (np.array(volume.signal.shape) - 1) / 2
    start = middle - matrix @ ((np.array(shape) - 1) / 2)
    signal = affine_transform(
        volume.signal, matrix, start, shape, order=1, cval=float(volume.signal.min())
    )
    return Volume(np.asarray(signal, np.float32), (fine, fine, fine), volume.is_ct)


def windows(volume: Volume) -> dict[str, tuple[float, float]]:
    """Give what is shown black and white, by name."""
    shown: dict[str, tuple[float, float]] = {}
    if volume.is_ct:
        shown |= {k: (at - wide / 2, at + wide / 2) for k, (at, wide) in CT_WINDOWS.items()}
    for name, span in (SPANS if volume.is_ct else MRI_SPANS).items():
        low, high = np.percentile(volume.signal, span)
        shown[name] = float(low), float(high)
    return shown


class Stack:
    """The slices of one plane that show the head, in order and with square pixels."""

    def __init__(self, volume: Volume, plane: str) -> None:
        axis = AXES.index(plane.split()[-1])
        signal = np.moveaxis(volume.signal, axis, 0)
        head = signal > (AIR if volume.is_ct else 0.1 * signal.max())
        shows = np.flatnonzero(head.mean(axis=(1, 2)) > HEAD)
        # From the first to the last, that a step is a step; feet down in what is upright.
        self.signal = signal[shows[0] : shows[-1] + 1, :: -1 if axis else 1]
        self.step = volume.spacing[axis]
        down, across = (volume.spacing[i] for i in range(3) if i != axis)
        rows, columns = self.signal.shape[1:]
        fine = min(down, across)
        self.size = round(columns * across / fine), round(rows * down / fine)

    def __len__(self) -> int:
        return len(self.signal)

    def picture(self, n: int, window: tuple[float, float]) -> Pixels:
        """Show a slice: `window` is what is black and what is white."""
        low, high = window
        greys = np.clip((self.signal[n] - low) / (high - low) * 255, 0, 255).round()
        image = np.ascontiguousarray(greys, np.uint8)
        return np.asarray(cv2.resize(image, self.size, interpolation=cv2.INTER_LINEAR), np.uint8)


Change = Callable[[Pixels, np.random.Generator], Pixels]


def recompressed(image: Pixels, rng: np.random.Generator) -> Pixels:
    return jpeg(int(rng.integers(70, 96)))(image)


def rescaled(image: Pixels, rng: np.random.Generator) -> Pixels:
    scale = float(rng.uniform(0.6, 1.5))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def trimmed(image: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = image.shape
    top, bottom, left, right = rng.uniform(0, 0.03, 4)
    cut = image[round(top * height) : height - round(bottom * height)]
    return np.ascontiguousarray(cut[:, round(left * width) : width - round(right * width)])


CHANGES: dict[str, Change] = {
    "as they are": lambda image, rng: image,
    "JPEG 70 to 95": recompressed,
    "resized, 0.6 to 1.5": rescaled,
    "trimmed by up to 3 % a side": trimmed,
    "trimmed, resized, JPEG": lambda image, rng: recompressed(
        rescaled(trimmed(image, rng), rng), rng
    ),
}


def pairs(
    stack: Stack, window: tuple[float, float], steps: int, count: int, rng: np.random.Generator
) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
    """Give the change of each pair, and its two pictures as the audit sees them."""
    # Two copies as they are need no audit.
    names = [name for name in CHANGES if steps or name != "as they are"]
    firsts = np.concatenate([rng.permutation(len(stack) - steps) for _ in range(count)])[:count]
    for n, first in enumerate(firsts):
        name = names[n % len(names)]
        two = [stack.picture(int(i), window) for i in (first, first + steps)]
        if any(is_blank(image) for image in two):
            continue
        a, b = (detail(CHANGES[name](image, rng)) for image in two)
        yield (name, a, b) if rng.random() < 0.5 else (name, b, a)


def called(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> str:
    found = likeness.compare(a, b)
    return OTHER if found is None else SAME if found.same else BESIDE


def cell(
    stack: Stack, window: tuple[float, float], steps: int, count: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Count what pairs of one window, plane and step are called."""
    made = list(pairs(stack, window, steps, count, rng))
    seen = [called(a, b) for _, a, b in made]
    # Where edges lie can only make two of one, so the others stay what they are.
    with patch.object(likeness, "APART", np.inf):
        loose = [
            called(a, b) if one == BESIDE else one
            for one, (_, a, b) in zip(seen, made, strict=True)
        ]
    wrong = Counter(
        name for one, (name, _, _) in zip(seen, made, strict=True) if (one == SAME) == bool(steps)
    )
    return {
        "mm": round(steps * stack.step, 2),
        "pairs": len(made),
        **{name: seen.count(name) for name in (SAME, BESIDE, OTHER)},
        "same without edges": loose.count(SAME),
        "wrong, by change": dict(wrong),
    }


def measured(path: Path, planes: Sequence[str], count: int, seed: int) -> list[dict[str, Any]]:
    """Measure all windows and steps of some planes of a volume."""
    straight, rows = read_volume(path), []
    turned = tilted(straight, TILT) if any("tilted" in plane for plane in planes) else straight
    shown = windows(straight)
    for plane in planes:
        stack = Stack(turned if "tilted" in plane else straight, plane)
        steps = sorted({max(1, round(mm / stack.step)) for mm in APART})
        for n, (name, window) in enumerate(shown.items()):
            for k in (0, *steps):
                rng = np.random.default_rng([seed, PLANES.index(plane), n, k])
                found = cell(stack, window, k, count, rng)
                rows.append({"volume": path.name, "plane": plane, "window": name, **found})
                print(rows[-1], flush=True)
    return rows


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Write a line for each plane and window, steps side by side."""
    lines = []
    for key in dict.fromkeys((r["volume"], r["plane"], r["window"]) for r in rows):
        mine = [r for r in rows if (r["volume"], r["plane"], r["window"]) == key]
        copies, *beside = mine
        lines.append(
            [
                ", ".join(key),
                f"{copies[SAME]} of {copies['pairs']} ({copies['same without edges']})",
                *(
                    f"{r['mm']} mm: {r[SAME]} of {r['pairs']} ({r['same without edges']})"
                    for r in beside
                ),
            ]
        )
    widest = max(map(len, lines))
    header = ["", "copies", *["neighbours"] * (widest - 2)]
    return table(header, [[*line, *[""] * (widest - len(line))] for line in lines])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("volumes", type=Path, nargs="+", help=".inv3 or NIfTI")
    parser.add_argument("--planes", nargs="+", choices=PLANES, default=PLANES)
    parser.add_argument("--pairs", type=int, default=200, help="of each window, plane and step")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    began = time.process_time()
    rows = [
        row
        for path in options.volumes
        for row in measured(path, options.planes, options.pairs, options.seed)
    ]
    result = {
        "machine": machine(),
        "versions": versions(PACKAGES),
        "core seconds": round(time.process_time() - began),
        "pairs": options.pairs,
        "seed": options.seed,
        "tilt, degrees": TILT,
        "thresholds": {"worst": likeness.WORST, "apart, pixels": likeness.APART},
        "rows": rows,
    }
    text = (
        "Pairs called the same; in brackets without the look at where edges lie.\n\n"
        + summary(rows)
        + "\n"
    )
    for path in write("neighbours", result, text):
        print(f"wrote {path}")
    print(text)


if __name__ == "__main__":
    main()
