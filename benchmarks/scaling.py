"""What images cost by stage, and what ten million keys cost where keys are held.

Stages are measured on real slices where they are at hand (`benchmarks.pictures`), in processor
seconds of one core, which other work on the machine hardly changes. Keys are made up: each way of
holding them runs in a process of its own, whose peak memory the kernel says. What grows with the
square of the images is measured at three sizes.

    python -m benchmarks.scaling              # ten million keys
    python -m benchmarks.scaling --keys 100000

Prints what it finds and writes it, with machine and versions, to ``benchmarks/results/scaling.*``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import gliaboost
from benchmarks.measure import machine, table, versions, write
from benchmarks.pictures import slices
from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.datasets.audit.correlation import find_pairs
from gliaboost.datasets.audit.pictures import read_picture, thumbnail
from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features import create
from gliaboost.features.filling import PART
from gliaboost.features.key_index import KeyIndex
from gliaboost.features.store import FeatureStore
from gliaboost.models.registry import create_model
from gliaboost.parquet_file import write_frame

IMAGES, KEYS, ASKED = 64, 10_000_000, 100_000
SQUARES = (2_000, 4_000, 8_000)


def keys_of(first: int, count: int) -> list[str]:
    """Name files by what looks like a SHA-256, the same for the same `first`."""
    digits = np.random.default_rng(first).bytes(32 * count).hex()
    return [digits[at : at + 64] for at in range(0, len(digits), 64)]


def parts_of(keys: int) -> Iterator[list[str]]:
    """Give keys part by part, as a store has them."""
    for first in range(0, keys, PART):
        yield keys_of(first, min(PART, keys - first))


def in_a_dictionary(keys: int) -> Callable[[list[str]], object]:
    """Hold keys as the store did before: a text and a pair each."""
    known: dict[str, tuple[int, int]] = {}
    for part, own in enumerate(parts_of(keys)):
        for row, key in enumerate(own):
            known[key] = (part, row)
    return lambda asked: [known[key] for key in asked]


def in_an_index(keys: int) -> Callable[[list[str]], object]:
    """Hold keys as the store does."""
    index = KeyIndex()
    for part, own in enumerate(parts_of(keys)):
        index.enter(own, part)
    index.find([])
    return index.find


def by_pixels(keys: int) -> Callable[[list[str]], object]:
    """Hold rows by what they show, pixel for pixel, as an audit does: equal ones share a list."""
    rows: dict[str, list[int]] = {}
    at = 0
    for own in parts_of(keys):
        for key in own:
            rows.setdefault(key, []).append(at)
            at += 1
    return lambda asked: [rows[key] for key in asked]


def in_a_manifest(keys: int) -> Callable[[list[str]], object]:
    """Hold a table of images."""
    import pandas as pd

    columns = {
        "path": [f"images/{n // 1000:06d}/{n:09d}.png" for n in range(keys)],
        "label": np.array(["glioma", "meningioma", "pituitary"])[np.arange(keys) % 3],
        "patient": [f"p{n // 12:07d}" for n in range(keys)],
        "key": [key for own in parts_of(keys) for key in own],
    }
    manifest = Manifest.of(pd.DataFrame(columns), Path("data"))
    assert manifest.classes and manifest.groups
    return lambda asked: manifest.fingerprint()


HOLDERS = {
    "store's keys, in a dictionary": in_a_dictionary,
    "store's keys, in the index": in_an_index,
    "audit's rows by pixels": by_pixels,
    "manifest": in_a_manifest,
}


def hold(holder: str, keys: int) -> dict[str, Any]:
    """Hold keys in this process, and say what it took."""
    reset_peak_memory()
    bare, begun = peak_memory() or 0, time.process_time()
    for _ in parts_of(keys):
        pass
    making = time.process_time() - begun
    begun = time.process_time()
    ask = HOLDERS[holder](keys)
    held = time.process_time() - begun - making
    parts = np.random.default_rng(0).integers(0, keys // PART, max(1, ASKED // PART))
    asked = [key for part in parts for key in keys_of(PART * int(part), PART)]
    begun = time.process_time()
    ask(asked)
    return {
        "keys": keys,
        "entered_s": round(held, 2),
        "asked_s": round(time.process_time() - begun, 3),
        "peak_gb": round(((peak_memory() or 0) - bare) / 1e9, 3),
        "bytes_a_key": round(((peak_memory() or 0) - bare) / keys),
    }


def squares() -> list[dict[str, Any]]:
    """Search candidates among thumbnails of noise: no pair is found, all are looked at."""
    found = []
    for count in SQUARES:
        rng = np.random.default_rng(count)
        views = rng.integers(0, 256, (count, 128, 128), dtype=np.uint8)
        thumbnails = np.stack([thumbnail(view) for view in views])
        begun = time.process_time()
        find_pairs(thumbnails)
        spent = time.process_time() - begun
        found.append({"images": count, "seconds": round(spent, 2)})
    return found


def stages() -> dict[str, float]:
    """Processor seconds an image, one core."""
    images, _ = slices(IMAGES, 256)
    prepared = np.ascontiguousarray(images)
    spent: dict[str, float] = {}

    def timed(name: str, call: Callable[[], object], count: int = IMAGES) -> None:
        call()
        runs = []
        for _ in range(3):
            begun = time.process_time()
            call()
            runs.append((time.process_time() - begun) / count)
        spent[name] = float(np.median(runs))

    with tempfile.TemporaryDirectory() as folder:
        import cv2

        files = [Path(folder) / f"{n}.jpg" for n in range(IMAGES)]
        for file, image in zip(files, images, strict=True):
            cv2.imwrite(str(file), cv2.resize(image, (512, 512)))
        preparation = Preparation()
        timed("hash the file", lambda: [ImageSource.of(f).key() for f in files])
        timed("decode and prepare", lambda: [preparation(decode(f)) for f in files])
        timed("audit: read and describe", lambda: [read_picture(f) for f in files])
    for name in ("hog", "lbp", "glcm"):
        extractor = create(name, jobs=1) if "jobs" in create(name).get_params() else create(name)
        timed(f"extract {name}", lambda e=extractor: e.transform(prepared))  # type: ignore[misc]
    columns = np.random.default_rng(0).random((2000, 2700), dtype=np.float32)
    labels = np.arange(2000) % 3
    for name in ("lightgbm", "xgboost"):
        model = create_model(name, device="cpu", jobs=1, rounds=100, inner_folds=0)
        timed(f"train {name}, 100 rounds", lambda m=model: m.fit(columns, labels), 2000)  # type: ignore[misc]
        timed(f"predict {name}, 100 rounds", lambda m=model: m.predict_proba(columns), 2000)  # type: ignore[misc]
    return spent


def opened() -> dict[str, float]:
    """Count what a first extraction opens, and a later one: on an object store, requests."""
    import cv2

    count, seen = 2 * PART, {"image": 0, "part": 0}

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], (str, Path)):
            name = str(arguments[0])
            seen["image"] += name.endswith(".png")
            seen["part"] += "part-" in name

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for n in range(count):
            place = root / "data" / ("a", "b")[n % 2]
            place.mkdir(parents=True, exist_ok=True)
            image = np.random.default_rng(n).integers(0, 256, (64, 64), np.uint8)
            cv2.imwrite(str(place / f"{n}.png"), image)
        sys.addaudithook(hear)
        found = gliaboost.extract(root / "data", features="glcm", store=root / "store", jobs=1)
        first = dict(seen)
        seen.update(image=0, part=0)
        own = FeatureStore(root / "store")
        again = gliaboost.extract(root / "data", features="glcm", store=own.path, jobs=1)
        assert found.extraction.computed == again.extraction.reused == count
        later = dict(seen)
        bytes_ = sum(f.stat().st_size for f in (root / "store").rglob("*.parquet"))
    return {
        "images": count,
        "opens_of_an_image_first": first["image"] / count,
        "opens_of_an_image_later": later["image"] / count,
        "opens_of_parts_first": first["part"],
        "opens_of_parts_later": later["part"],
        "bytes_a_row_of_glcm": round(bytes_ / count),
    }


def listing(files: int = 50_000) -> dict[str, float]:
    """List a tree of small files, and write a million rows of answers."""
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        for n in range(files):
            place = Path(folder) / f"{n // 1000}"
            if n % 1000 == 0:
                place.mkdir()
            (place / f"{n}.png").touch()
        begun = time.process_time()
        listed = sum(1 for path in Path(folder).rglob("*") if path.is_file())
        seconds = time.process_time() - begun
        assert listed == files
        rows = 1_000_000
        frame = pd.DataFrame(
            {
                "key": keys_of(0, rows),
                "patient": [f"p{n // 12}" for n in range(rows)],
                "predicted": np.array(["glioma", "pituitary"])[np.arange(rows) % 2],
                **{f"proba_{c}": np.random.default_rng(0).random(rows) for c in "abc"},
            }
        )
        begun = time.process_time()
        write_frame(frame, Path(folder) / "p.parquet")
        written = time.process_time() - begun
        size = (Path(folder) / "p.parquet").stat().st_size
    return {
        "listed_files_per_s": round(files / seconds),
        "answers_rows": rows,
        "answers_write_s": round(written, 2),
        "answers_bytes_a_row": round(size / rows),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--holder", choices=list(HOLDERS), help="hold keys in this process")
    given = parser.parse_args()
    if given.holder:
        print(json.dumps(hold(given.holder, given.keys)))
        return
    command = [sys.executable, "-m", "benchmarks.scaling"]
    held: dict[str, Any] = {}
    for holder in HOLDERS:
        run = subprocess.run(
            [*command, "--holder", holder, "--keys", str(given.keys)],
            capture_output=True,
            text=True,
            check=False,
        )
        last = run.stderr.strip().splitlines()[-1:]
        held[holder] = json.loads(run.stdout) if run.returncode == 0 else {"failed": last}
        print(holder, held[holder], flush=True)
    results = {
        "command": "python -m benchmarks.scaling",
        "machine": machine(),
        "versions": versions(["gliaboost", "numpy", "pandas", "pyarrow"]),
        "keys_held": held,
        "candidates": squares(),
        "stages_core_s_an_image": {k: round(v, 6) for k, v in stages().items()},
        "requests": opened(),
        "listing": listing(),
    }
    print(json.dumps(results, indent=1))
    lines = [
        [
            name,
            f"{one['peak_gb']:.2f}",
            str(one["bytes_a_key"]),
            f"{one['entered_s']:.0f}",
            f"{one['asked_s']:.2f}",
        ]
        for name, one in held.items()
        if "failed" not in one
    ]
    spent = [
        [name, f"{1000 * s:.3f}", f"{1 / s:,.0f}"]
        for name, s in results["stages_core_s_an_image"].items()
    ]
    text = (
        f"# Scaling\n\n`{results['command']}`: {given.keys:,} made-up keys.\n\n"
        + table(["", "peak, GB", "bytes a key", "entered, s", f"some {ASKED:,} asked, s"], lines)
        + "\n\nOne core:\n\n"
        + table(["stage", "ms an image", "images/s"], spent)
        + "\n\nCandidates of an audit, all pairs:\n\n"
        + table(
            ["images", "core seconds"],
            [[f"{one['images']:,}", f"{one['seconds']:.1f}"] for one in results["candidates"]],
        )
        + "\n"
    )
    write("scaling", results, text)


if __name__ == "__main__":
    main()
