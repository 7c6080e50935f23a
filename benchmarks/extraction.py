"""From files to the feature store: time against decoding alone, and memory against length."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import pandas as pd

from benchmarks.pictures import FIGSHARE, slices
from gliaboost._compat import available_cores, peak_memory
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features import GLCM, HOG, LBP
from gliaboost.features.extract import extract
from gliaboost.features.store import FeatureStore

SIZE = 256
FEW, MANY = 3_000, 30_000
SMALL = 128


def decode_and_resize(path: Path) -> None:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert image is not None, path
    cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def run(manifest: Manifest, store: Path, size: int) -> tuple[float, int]:
    """Extract the default bank; return wall clock seconds and the images computed."""
    begun = time.perf_counter()
    done = extract(manifest, [HOG(), LBP(), GLCM()], Preparation(size=size), FeatureStore(store))
    assert not done.failed, next(iter(done.failed.items()))
    return time.perf_counter() - begun, done.computed


def against_decoding(rounds: int) -> dict[str, Any]:
    """Measure a cold and a warm store against decoding and resizing the same files."""
    files = sorted((FIGSHARE / "images").glob("*.jpg"))
    if not files:
        return {"skipped": "the figshare slices are not at ../shared/data/figshare"}
    manifest = Manifest.of(pd.DataFrame({"path": [str(f) for f in files]}), FIGSHARE)
    jobs = available_cores()
    times: dict[str, list[float]] = {"decode": [], "cold": [], "warm": []}
    for _ in range(rounds):
        begun = time.perf_counter()
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(decode_and_resize, files))
        times["decode"].append(time.perf_counter() - begun)
        with tempfile.TemporaryDirectory() as store:
            for state in ("cold", "warm"):
                seconds, computed = run(manifest, Path(store), SIZE)
                assert computed == (len(files) if state == "cold" else 0)
                times[state].append(seconds)
    medians = {name: statistics.median(t) for name, t in times.items()}
    return {
        "images": len(files),
        "jobs": jobs,
        "seconds": medians,
        "cold_to_decode": medians["cold"] / medians["decode"],
        "warm_to_cold": medians["warm"] / medians["cold"],
    }


def memory() -> dict[str, Any]:
    """Measure the peak memory of extracting few and many images, each in its own process."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder), MANY)
        for count in (FEW, MANY):
            command = [sys.executable, "-m", "benchmarks.extraction", folder, str(count)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            peaks[str(count)] = json.loads(done.stdout)
    few, many = peaks[str(FEW)]["peak_mib"], peaks[str(MANY)]["peak_mib"]
    return {"rows": peaks, "many_to_few": many / few}


def make_files(folder: Path, count: int) -> None:
    """Write small JPEG files, each different in its bytes: what follows the image is ignored."""
    images, _ = slices(200, SMALL)
    encoded = [cv2.imencode(".jpg", i)[1].tobytes() for i in images]
    for i in range(count):
        (folder / f"{i}.jpg").write_bytes(encoded[i % len(encoded)] + i.to_bytes(8, "big"))


def main() -> None:
    """Extract some files of a folder; print the peak memory of this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    arguments = parser.parse_args()
    paths = [f"{i}.jpg" for i in range(arguments.count)]
    manifest = Manifest.of(pd.DataFrame({"path": paths}), arguments.folder)
    with tempfile.TemporaryDirectory() as store:
        seconds, computed = run(manifest, Path(store), SMALL)
    assert computed == arguments.count
    # Not ru_maxrss: a child begins with its parent's.
    peak = (peak_memory() or 0) / 2**20
    print(json.dumps({"peak_mib": peak, "seconds": seconds}))


if __name__ == "__main__":
    main()
