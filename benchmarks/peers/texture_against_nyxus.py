"""The texture bank's co-occurrence beside nyxus, in turns, on one core."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders import our_bank
from benchmarks.measure import RESULTS, machine, table
from benchmarks.pictures import slices
from gliaboost.features import GLCM
from gliaboost.features.kernels.cooccurrence import quantise
from gliaboost.files import replacing

LEVELS, ANGLES = 32, (0, 45, 90, 135)
# Ours, nyxus's name of the same, and what its number becomes to be ours.
SAME: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "contrast": ("GLCM_CONTRAST", lambda v: v),
    "dissimilarity": ("GLCM_DIS", lambda v: v),
    "homogeneity": ("GLCM_IDM", lambda v: v),
    "energy": ("GLCM_ASM", np.sqrt),
    "correlation": ("GLCM_CORRELATION", lambda v: v),
    # In bits there, in nats here.
    "entropy": ("GLCM_JE", lambda v: v * math.log(2)),
}


class Nyxus:
    """The worker in its own environment."""

    def __init__(self, python: Path) -> None:
        script = Path(__file__).with_name("nyxus_worker.py")
        self._process = subprocess.Popen(
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def ask(self, **what: Any) -> dict[str, Any]:
        """Send a question and wait for its answer."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"nyxus ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the worker."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def differences(ours: NDArray[np.float64], theirs: dict[str, list[float]]) -> dict[str, float]:
    """Take the largest difference by property, over all images and angles.

    Parameters
    ----------
    ours : float array [n, angles, properties]
        In the order of `ANGLES` and `SAME`.
    theirs : dict of str to list of float
        By column, e.g. ``GLCM_DIS_45``, an image each.
    """
    found = {}
    for k, (name, (column, convert)) in enumerate(SAME.items()):
        wanted = [convert(np.asarray(theirs[f"{column}_{a}"], np.float64)) for a in ANGLES]
        found[name] = float(np.abs(ours[:, :, k] - np.stack(wanted, axis=1)).max())
    return found


def core_seconds(call: Callable[[], object]) -> float:
    """Time a call by the core's seconds that it used: others' work would meet long calls more."""
    begun = time.process_time()
    call()
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, required=True, help="of nyxus's environment")
    parser.add_argument("--out", type=Path, default=RESULTS / "peers" / "nyxus.json")
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    images, what = slices(asked.images, 256)
    near = GLCM(levels=LEVELS, distances=1, angles=ANGLES, properties=tuple(SAME))
    bank, load = our_bank(), os.getloadavg()[0]
    names = [column for column, _ in SAME.values()]
    nyxus = Nyxus(asked.python)
    with tempfile.TemporaryDirectory() as folder:
        grey, coarse = Path(folder) / "grey.npy", Path(folder) / "coarse.npy"
        np.save(grey, images)
        # From 1: a level of 0 is background there.
        np.save(coarse, np.stack([quantise(i, LEVELS) for i in images]).astype(np.uint8) + 1)
        shared = {"levels": LEVELS, "distance": 1, "values": False}
        same = {"images": str(coarse), "features": names, "settings": {"ibsi": True}, **shared}
        fast = {"images": str(grey), "features": names, "settings": {}, **shared}
        every = {"images": str(grey), "features": ["*ALL_GLCM*"], "settings": {}, **shared}
        asking = {
            "nyxus, the same 24 columns": same,
            "nyxus, 24 columns by its own levels": fast,
            "nyxus, *ALL_GLCM*": every,
        }
        columns = {name: int(nyxus.ask(**q)["columns"]) for name, q in asking.items()}
        ours = np.asarray(near.transform(images), np.float64)
        found = nyxus.ask(**{**same, "values": True})["values"]
        gaps = differences(ours.reshape(len(images), len(ANGLES), len(SAME)), found)
        mine = {
            "gliaboost, 24 columns of distance 1": lambda: near.transform(images),
            "gliaboost, all 72 of its co-occurrence": lambda: GLCM().transform(images),
            "gliaboost, the whole bank": lambda: bank(images),
        }
        turns: dict[str, list[float]] = {name: [] for name in (*mine, *asking)}
        for _ in range(asked.rounds):
            for name, call in mine.items():
                turns[name].append(core_seconds(call))
            for name, question in asking.items():
                turns[name].append(nyxus.ask(**question)["core seconds"])
    nyxus.close()
    milliseconds = {n: 1e3 * statistics.median(s) / len(images) for n, s in turns.items()}
    ours_ms = milliseconds["gliaboost, 24 columns of distance 1"]
    columns |= {
        "gliaboost, 24 columns of distance 1": ours.shape[1],
        "gliaboost, all 72 of its co-occurrence": GLCM().transform(images[:1]).shape[1],
        "gliaboost, the whole bank": bank(images[:1]).shape[1],
    }
    result = {
        "command": "python -m benchmarks.peers.texture_against_nyxus",
        "images": f"{len(images)} {what}",
        "core milliseconds a slice": milliseconds,
        "columns": columns,
        "ratio to the same columns of gliaboost": {n: m / ours_ms for n, m in milliseconds.items()},
        "largest difference of the same columns": gaps,
        "load before": load,
        "machine": machine(),
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(asked.out) as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    rows = [
        [name, f"{columns[name]:,}", f"{ms:.2f}", f"{ms / ours_ms:.1f}x"]
        for name, ms in milliseconds.items()
    ]
    print(table(["", "columns", "core ms a slice", "of ours"], rows))
    print(gaps)


if __name__ == "__main__":
    main()
