"""Learn the weights that tell planes apart, and judge them on what was kept aside.

Learns from one phantom and from the figshare slices whose plane was written down by eye for
development (``tests/datasets/plane/figshare_planes.csv``, see the note beside it), each as it is
and varied; writes ``datasets/plane/weights.csv``. Judges on a phantom of other patients and on the
slices kept aside, of other patients too; writes ``benchmarks/results/plane.json`` and ``.md``.
With ``--judge`` nothing is learned.

    python -m benchmarks.plane --figshare FOLDER
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.measure import machine, table, take_turns, versions, write
from gliaboost.datasets.decode import decode
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.datasets.plane import inference
from gliaboost.datasets.plane.inference import PLANES, UNKNOWN, named_plane, plane_probabilities
from gliaboost.datasets.plane.measures import measure_names, plane_measures

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "tests" / "datasets" / "plane" / "figshare_planes.csv"
PACKAGES = ("gliaboost", "numpy", "opencv-python-headless", "scikit-learn")
# Seeds and patients of the phantom that is learned from, and of the one that is judged on.
LEARNED, JUDGED = (1301, 80), (1302, 60)
# Chosen on five folds by patient of the slices for development, as were the measures.
C, VARIED = 0.1, 3
Image = NDArray[np.uint8]


class Slices(NamedTuple):
    """Pictures, the number of each one's plane, and whose they are."""

    images: list[Image]
    planes: NDArray[np.int64]
    patients: NDArray[Any]


def phantom(seed: int, patients: int) -> Slices:
    """Draw a phantom."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_phantom(Path(folder) / "phantom", patients=patients, seed=seed)
        return Slices(
            [decode(path) for path in manifest.paths],
            np.array([PLANES.index(p) for p in manifest.table["plane"]]),
            manifest.table["patient"].to_numpy(),
        )


def labelled(folder: Path, part: str) -> Slices:
    """Read the figshare slices of a part whose plane was written down."""
    with (folder / "metadata.csv").open(encoding="utf-8") as f:
        families = {row["image_id"]: row["patient_family"] for row in csv.DictReader(f)}
    with LABELS.open(encoding="utf-8") as f:
        rows = [row for row in csv.DictReader(f) if row["part"] == part]
    return Slices(
        [decode(folder / "images" / f"{row['image_id']}.jpg") for row in rows],
        np.array([PLANES.index(row["plane"]) for row in rows]),
        np.array([families[row["image_id"]] for row in rows]),
    )


def varied(image: Image, rng: np.random.Generator) -> Image:
    """Turn a slice by up to 15 degrees, crop half of them, and change its contrast."""
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-15, 15), 1)
    image = np.asarray(cv2.warpAffine(image, turn, (width, height)), np.uint8)
    if rng.random() < 0.5:
        seen = image > 25
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        cut = rng.uniform(-0.1, 0.1, 4) * [tall, tall, wide, wide]
        top, left = (int(max(0, v)) for v in (rows[0] + cut[0], columns[0] + cut[2]))
        bottom, right = int(rows[-1] + 1 - cut[1]), int(columns[-1] + 1 - cut[3])
        image = image[top:bottom, left:right]
    greys = (255 * (np.arange(256) / 255) ** np.exp(rng.uniform(-0.4, 0.4))).astype(np.uint8)
    if rng.random() < 0.25:  # what is dark is bright and the other way about, as on T2
        least = int(rng.integers(25, 60))
        turned = float(greys[least]) + 230 - 0.8 * greys[least:].astype(float)
        greys[least:] = np.maximum(30, turned.clip(0, 255)).astype(np.uint8)
    return np.asarray(greys[image], np.uint8)


def measured(images: Sequence[Image]) -> NDArray[np.float64]:
    """Measure pictures, none of which is blank."""
    found = [plane_measures(image) for image in images]
    return np.stack([m for m in found if m is not None]).astype(np.float64)


class Learned(NamedTuple):
    """A constant for each plane, and a weight for each measure and plane."""

    constant: NDArray[np.float64]
    weights: NDArray[np.float64]


def learn(
    X: NDArray[np.float64], planes: NDArray[np.int64], weight: NDArray[np.float64]
) -> Learned:
    """Fit, on standardised measures; what is returned takes them as they are."""
    scaler = StandardScaler().fit(X)
    model = LogisticRegression(C=C, max_iter=5000).fit(
        scaler.transform(X), planes, sample_weight=weight
    )
    weights = (model.coef_ / scaler.scale_).T
    return Learned(model.intercept_ - scaler.mean_ @ weights, weights)


def learn_all(develop: Slices, simulated: Slices) -> tuple[Learned, float]:
    """Learn from everything; return also the accuracy on five folds of the real slices."""
    rng = np.random.default_rng(0)
    real = [measured(develop.images)]
    real += [measured([varied(i, rng) for i in develop.images]) for _ in range(VARIED)]
    drawn = [measured(simulated.images), measured([varied(i, rng) for i in simulated.images])]

    def of(rows: NDArray[np.int64]) -> Learned:
        X = np.concatenate([*(each[rows] for each in real), *drawn])
        planes = [develop.planes[rows]] * len(real) + [simulated.planes] * len(drawn)
        # The real slices weigh half as much again as their share.
        weight = np.repeat([3 / len(real), 0.5], [len(real) * len(rows), sum(map(len, drawn))])
        return learn(X, np.concatenate(planes), weight)

    right = 0
    for train, test in GroupKFold(5).split(real[0], groups=develop.patients):
        constant, weights = of(train)
        found = (constant + real[0][test] @ weights).argmax(axis=1)
        right += int((found == develop.planes[test]).sum())
    return of(np.arange(len(develop.images))), right / len(develop.images)


def keep(learned: Learned) -> None:
    """Write the table that the package reads."""
    rows = zip(
        ["constant", *measure_names()], np.vstack([learned.constant, learned.weights]), strict=True
    )
    lines = [f"measure,{','.join(PLANES)}"]
    lines += [f"{name},{','.join(f'{v:.6g}' for v in values)}" for name, values in rows]
    path = ROOT / "datasets" / "plane" / inference.WEIGHTS
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def confusion(slices: Slices, change: Callable[[Image], Image] = lambda image: image) -> Any:
    """Count the named planes of each true plane, ``unknown`` the last."""
    names = (*PLANES, UNKNOWN)
    counts = np.zeros((len(PLANES), len(names)), int)
    for image, plane in zip(slices.images, slices.planes, strict=True):
        counts[plane, names.index(named_plane(plane_probabilities(change(image))))] += 1
    return counts.tolist()


def main(arguments: argparse.Namespace) -> None:
    found: dict[str, Any] = {"machine": machine(), "versions": versions(PACKAGES)}
    if not arguments.judge:
        learned, found["cross_validated"] = learn_all(
            labelled(arguments.figshare, "develop"), phantom(*LEARNED)
        )
        keep(learned)
    aside, drawn = labelled(arguments.figshare, "kept aside"), phantom(*JUDGED)
    at_first = labelled(arguments.figshare, "aside at first")
    rng = np.random.default_rng(1)
    changes: dict[str, Callable[[Image], Image]] = {
        "as it is": lambda image: image,
        "mirrored": lambda image: np.ascontiguousarray(image[:, ::-1]),
        "96 x 96": lambda image: np.asarray(cv2.resize(image, (96, 96)), np.uint8),
        "on a wider ground": lambda image: np.pad(image, ((0, image.shape[0] // 2), (0, 0))),
        "turned, cropped, other contrast": lambda image: varied(image, rng),
    }
    found["judged"] = {
        f"{what}, {how}": confusion(slices, change)
        for what, slices in (("phantom", drawn), ("figshare kept aside", aside))
        for how, change in changes.items()
    } | {"figshare aside at first, as it is": confusion(at_first)}
    image = aside.images[0]
    seconds = take_turns({"one": lambda: plane_probabilities(image)}, rounds=50)["one"]
    found["milliseconds"] = round(1e3 * seconds, 2)
    rows = [
        [what, str(sum(map(sum, counts))), f"{sum(counts[i][i] for i in range(3))}",
         str(sum(row[3] for row in counts)), "; ".join("/".join(map(str, r)) for r in counts)]
        for what, counts in found["judged"].items()
    ]  # fmt: skip
    head = ["Slices", "Number", "Right", "Unknown", "Axial; coronal; sagittal named a/c/s/unknown"]
    text = table(head, rows)
    print(f"develop, five folds: {found.get('cross_validated')}")
    print(text)
    write("plane", found, f"# The plane of a slice\n\n{text}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figshare", type=Path, required=True)
    parser.add_argument("--judge", action="store_true", help="judge the weights as they are")
    main(parser.parse_args())
