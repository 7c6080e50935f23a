"""What the audit finds, what it misses, and what it costs: python -m benchmarks.audit."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from gliaboost._compat import available_cores, peak_memory
from gliaboost.datasets.audit.audit import audit, carry_over, drop
from gliaboost.datasets.audit.orientation import NAMES, turned
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.datasets.sources import read_source
from gliaboost.files import replacing

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
# Copies a kind; with the phantom's 960 slices no original is copied twice.
COPIES = 26

Pixels = NDArray[np.uint8]


def jpeg(quality: int) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)

    return change


def resized(width: int, height: int, interpolation: int = cv2.INTER_LINEAR) -> Any:
    return lambda x: cv2.resize(x, (width, height), interpolation=interpolation)


def percentiles(low: float, high: float) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        a, b = np.percentile(image, [low, high])
        return np.asarray(np.clip((image - a) / max(b - a, 1e-6) * 255, 0, 255), np.uint8)

    return change


def gamma(power: float) -> Callable[[Pixels], Pixels]:
    return lambda x: np.asarray(255 * (x / 255) ** power, np.uint8)


def trimmed(share: float) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        k = round(share * min(image.shape))
        return image[k:, : image.shape[1] - k]

    return change


def together(*changes: Callable[[Pixels], Pixels]) -> Callable[[Pixels], Pixels]:
    def change(image: Pixels) -> Pixels:
        for one in changes:
            image = one(image)
        return image

    return change


# What an audit must find: all of it.
PLANTED: dict[str, Callable[[Pixels], Pixels] | None] = {
    "same bytes": None,
    "same pixels, another file": None,
    "mirrored": np.fliplr,
    "upside down": np.flipud,
    "rotated 90": lambda x: np.rot90(x, 1),
    "rotated 180": lambda x: np.rot90(x, 2),
    "rotated 270": lambda x: np.rot90(x, 3),
    "transposed": np.transpose,
    "resized to 128 x 128": resized(128, 128),
    "resized to 224 x 224, cubic": resized(224, 224, cv2.INTER_CUBIC),
    "resized to 300 x 200": resized(300, 200),
    "resized to 640 x 640": resized(640, 640),
    "JPEG quality 75": jpeg(75),
    "JPEG quality 30": jpeg(30),
    "contrast stretched, percentiles 1 to 99": percentiles(1, 99),
    "contrast stretched, percentiles 2 to 98": percentiles(2, 98),
    "brightened, 1.3 x + 20": lambda x: np.asarray(np.clip(x * 1.3 + 20, 0, 255), np.uint8),
    "mirrored, 200 x 200, stretched, JPEG 60": together(
        np.fliplr, resized(200, 200), percentiles(1, 99), jpeg(60)
    ),
}


def cropped(seed: int) -> Callable[[Pixels], Pixels]:
    """Cut 2 to 25 % off each side, turn or mirror, often make it square, and recompress."""

    def change(image: Pixels) -> Pixels:
        rng = np.random.default_rng([seed, int(image.sum()) % 2**31])
        height, width = image.shape
        left, right, top, bottom = rng.uniform(0.02, 0.25, 4)
        cut = image[round(top * height) : height - round(bottom * height)]
        cut = turned(cut[:, round(left * width) : width - round(right * width)], seed)
        if rng.random() < 0.5:
            side = int(rng.integers(128, 400))
            cut = cv2.resize(np.ascontiguousarray(cut), (side, side), interpolation=cv2.INTER_AREA)
        return jpeg(int(rng.integers(60, 96)))(np.ascontiguousarray(cut))

    return change


# Asked for: 95 in 100 of them.
CROPPED = {f"cropped, {name}": cropped(n) for n, name in enumerate(NAMES)}
# Beyond what is promised: how far it carries.
HARDER: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG quality 10": jpeg(10),
    "resized to 64 x 64, bilinear without smoothing": resized(64, 64),
    "resized to 128 x 128, nearest": resized(128, 128, cv2.INTER_NEAREST),
    "contrast stretched, percentiles 5 to 95": percentiles(5, 95),
    "gamma 0.5": gamma(0.5),
    "gamma 1.4": gamma(1.4),
    "histogram equalised": lambda x: np.asarray(cv2.equalizeHist(x), np.uint8),
    "CLAHE, 8 x 8 tiles": lambda x: np.asarray(cv2.createCLAHE(2, (8, 8)).apply(x), np.uint8),
    "Gaussian noise of 10 grey levels": lambda x: np.asarray(
        np.clip(x + np.random.default_rng(0).normal(0, 10, x.shape), 0, 255), np.uint8
    ),
    "trimmed by 1 % on two sides": trimmed(0.01),
    "trimmed by 2 % on two sides": trimmed(0.02),
    "trimmed by 5 % on two sides": trimmed(0.05),
}


def plant(
    base: Manifest,
    folder: Path,
    kinds: dict[str, Any],
    copies: int,
) -> tuple[Manifest, list[tuple[int, int, str]]]:
    """Copy slices of a manifest, each original once, and return all rows and who copies whom."""
    rng = np.random.default_rng(0)
    originals = rng.choice(len(base), copies * len(kinds), replace=False).reshape(-1, copies)
    rows = [{"path": str(p.resolve()), "split": "train"} for p in base.paths]
    pairs: list[tuple[int, int, str]] = []
    for (kind, change), mine in zip(kinds.items(), originals, strict=True):
        for n, row in enumerate(mine):
            source = base.paths[row]
            name = f"{len(pairs):05}-{n}"
            if kind == "same bytes":
                target = folder / (name + source.suffix)
                shutil.copy(source, target)
            else:
                image = decode(source)
                image = image if change is None else np.ascontiguousarray(change(image))
                target = folder / f"{name}.png"
                Image.fromarray(image).save(target, compress_level=1)
            pairs.append((int(row), len(rows), kind))
            rows.append({"path": str(target), "split": "test"})
    return Manifest.of(pd.DataFrame(rows), folder), pairs


def recall(base: Manifest, kinds: dict[str, Any], copies: int) -> dict[str, Any]:
    """Plant copies and count those found, by kind, and pairs that are none."""
    with tempfile.TemporaryDirectory() as folder:
        manifest, pairs = plant(base, Path(folder), kinds, copies)
        report = audit(manifest)
    found = {
        (r["a"], r["b"]): (r["kind"], r["orientation"], r["adjusted"])
        for r in report.links.to_dict("records")
    }
    planted = {(a, b) for a, b, _ in pairs}
    beside = set(zip(report.neighbours["a"], report.neighbours["b"], strict=True))
    by_kind: dict[str, Any] = {}
    for kind in kinds:
        mine = [(a, b) for a, b, k in pairs if k == kind]
        hits = [found[p] for p in mine if p in found]
        by_kind[kind] = {
            "planted": len(mine),
            "found": len(hits),
            "as": sorted({", ".join(filter(None, h)) for h in hits}),
        }
    return {
        "slices": len(base),
        "planted": len(pairs),
        "found": len(planted & found.keys()),
        "called neighbours": len(planted & beside),
        "neighbours": len(beside),
        "false alarms": len(found.keys() - planted),
        "kinds": by_kind,
    }


def unlike(source: Manifest, folder: Path, n: int) -> Iterator[str]:
    """Make slices that are nobody's copy: real ones turned and sheared by odd amounts."""
    rng = np.random.default_rng(0)
    for i in range(n):
        image = decode(source.paths[int(rng.integers(len(source)))])
        h, w = image.shape
        turn = cv2.getRotationMatrix2D(
            (w / 2, h / 2), float(rng.uniform(12, 78)), float(rng.uniform(0.75, 1.1))
        )
        turn = np.asarray(turn, np.float64)
        turn[:, :2] = turn[:, :2] + rng.uniform(-0.25, 0.25, (2, 2))
        path = folder / f"{i:06}.jpg"
        warped = cv2.warpAffine(image, turn, (w, h), borderMode=cv2.BORDER_REFLECT)
        cv2.imwrite(str(path), warped, [cv2.IMWRITE_JPEG_QUALITY, 92])
        yield str(path)


def cost(paths: list[str], queue: Any) -> None:
    """Audit in a process of its own and report time and peak memory."""
    manifest = Manifest.of(pd.DataFrame({"path": paths}), "/")
    began, busy = time.perf_counter(), time.process_time()
    report = audit(manifest)
    wall, busy = time.perf_counter() - began, time.process_time() - busy
    # Not ru_maxrss: a child begins with its parent's.
    peak = (peak_memory() or 0) / 2**20
    queue.put(
        {
            "images": len(paths),
            "seconds": round(wall, 1),
            "processor seconds": round(busy, 1),
            "by step": {k: round(v, 1) for k, v in report.seconds.items()},
            "peak MB": round(peak),
            "pairs": len(report.links),
        }
    )


def speed(sets: list[Manifest], sizes: list[int]) -> list[dict[str, Any]]:
    """Measure sets of real and warped slices, each size in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        real = [str(p.resolve()) for m in sets for p in m.paths]
        paths = [*real, *unlike(sets[0], Path(folder), max(0, max(sizes) - len(real)))]
        rng = np.random.default_rng(0)
        measured = []
        for n in sizes:
            chosen = [paths[i] for i in rng.permutation(len(paths))[:n]]
            queue = context.Queue()
            child = context.Process(target=cost, args=(chosen, queue))
            child.start()
            measured.append(queue.get())
            child.join()
    return measured


def findings(manifest: Manifest, against: Manifest | None = None) -> dict[str, Any]:
    """Audit a real set, and again with the patients that the other one knows."""
    report = audit(manifest, against=against)
    found = report.to_dict()
    kept = ("manifest", "images", "verdict", "counts", "classes", "sides", "modes", "metadata")
    result: dict[str, Any] = {k: found[k] for k in kept}
    result["families"] = len(found["families"])
    result["contradictions"] = found["contradictions"]
    straddling = report.straddling_families
    result["families on two sides"] = [{"ids": s.ids, "sides": list(s.sides)} for s in straddling]
    cleaned = drop(manifest, report)
    result["rows after --drop duplicates,conflicts"] = len(cleaned)
    if against is None:
        return result
    matches = report.matches.assign(
        split=report.table["split"].iloc[report.matches["a"]].to_numpy()
    )
    result["found in the other, by split and label"] = {
        " ".join(map(str, name)): len(rows["a"].unique())
        for name, rows in matches.groupby(["split", "label"])
    }
    result["labelled otherwise there"] = [
        {"a": m["path"], "b": m["other_path"], "labels": [m["label"], m["other_label"]]}
        for m in report.disagreements.to_dict("records")
    ]
    knowing = audit(carry_over(manifest, against, report))
    result["with the other's patients"] = {
        "verdict": knowing.verdict(),
        "patients": int(knowing.table["patient"].nunique()),
        "patients on two sides": len(knowing.straddlers),
    }
    return result


def write(path: Path, result: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"wrote {path}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--data", type=Path, default=SHARED, help="holds figshare/ and sartaj/")
    parser.add_argument("--sizes", default="1000,2500,5000,10000")
    parser.add_argument("--only", default="planted,findings,speed")
    options = parser.parse_args()
    parts = options.only.split(",")
    cores = available_cores()
    sets = {
        name: read_source(kind, options.data / name)
        for name, kind in (("figshare", "figshare"), ("sartaj", "kaggle-mri"))
        if (options.data / name).is_dir()
    }
    sets = {name: Manifest(m.table, m.root, name) for name, m in sets.items()}
    if "planted" in parts:
        with tempfile.TemporaryDirectory() as folder:
            phantom = make_phantom(Path(folder) / "phantom")
            planted = {"phantom": recall(phantom, PLANTED, COPIES)}
            crops = {"phantom": recall(phantom, CROPPED, COPIES)}
            harder = {"phantom": recall(phantom, HARDER, COPIES)}
        if "figshare" in sets:
            planted["figshare"] = recall(sets["figshare"], PLANTED, 4 * COPIES)
            crops["figshare"] = recall(sets["figshare"], CROPPED, 4 * COPIES)
            harder["figshare"] = recall(sets["figshare"], HARDER, 4 * COPIES)
        write(
            options.out / "audit-planted.json",
            {"promised": planted, "cropped": crops, "harder": harder},
        )
    if "findings" in parts:
        for name, manifest in sets.items():
            other = sets.get("figshare") if name == "sartaj" else None
            write(options.out / f"audit-{name}.json", findings(manifest, other))
    if "speed" in parts and sets:
        sizes = [int(n) for n in options.sizes.split(",")]
        write(
            options.out / "audit-speed.json",
            {"cores": cores, "runs": speed(list(sets.values()), sizes)},
        )


if __name__ == "__main__":
    main()
