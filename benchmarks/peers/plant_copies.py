"""Plant copies across figshare's folds, find them by our audit, and write what FiftyOne needs.

Fold 1 is the test part. A planted copy lies on the other side than its original, so each is a
leak; nothing else is, as the folds keep patients whole.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from benchmarks.audit import CROPPED, PLANTED, SHARED, plant
from gliaboost._compat import peak_memory, reset_peak_memory
from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import read_source
from gliaboost.features.embedding.extractor import Embedding

KINDS = {"promised": PLANTED, "cropped": CROPPED}


def embedded(paths: list[Path], batch: int = 32) -> np.ndarray:
    """Average the last layer of the packaged network over each image: float32 [n, 1280]."""
    network = Embedding(pools=("avg",), layers=(-1,), device="cpu")
    rows = []
    for start in range(0, len(paths), batch):
        part = [cv2.resize(decode(p), (256, 256)) for p in paths[start : start + batch]]
        rows.append(np.asarray(network.transform(np.stack(part)), np.float32))
    return np.concatenate(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "figshare")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--copies", type=int, default=26, help="of each kind")
    asked = parser.parse_args()
    base = read_source("figshare", asked.data)
    folder = asked.out / "images"
    folder.mkdir(parents=True, exist_ok=True)
    kinds = {name: change for group in KINDS.values() for name, change in group.items()}
    manifest, pairs = plant(base, folder, kinds, asked.copies)
    side = np.where(base.table["fold"].astype(str) == "1", "test", "train").astype(object)
    copied = [("train" if side[a] == "test" else "test") for a, _, _ in pairs]
    table = pd.DataFrame(
        {
            "path": [str(p.resolve()) for p in manifest.paths],
            "split": [*side, *copied],
            "copy_of": [*[-1] * len(base), *[a for a, _, _ in pairs]],
            "kind": [*[""] * len(base), *[k for _, _, k in pairs]],
        }
    )
    table.to_parquet(asked.out / "planted.parquet", index=False)
    begun, busy = time.perf_counter(), time.process_time()
    vectors = embedded(manifest.paths)
    np.save(asked.out / "embeddings.npy", vectors)
    costs = {
        "embedding": [round(time.perf_counter() - begun, 1), round(time.process_time() - busy, 1)]
    }
    reset_peak_memory()
    load, begun, busy = os.getloadavg()[0], time.perf_counter(), time.process_time()
    found = audit(Manifest.of(table[["path", "split"]], "/"))
    costs["audit"] = [round(time.perf_counter() - begun, 1), round(time.process_time() - busy, 1)]
    links = found.links[["a", "b"]].to_numpy(int)
    across = [p for p in links if table["split"].iloc[p[0]] != table["split"].iloc[p[1]]]
    result = {
        "pairs": [[int(a), int(b)] for a, b in across],
        "seconds and core seconds": costs,
        "peak MiB of the audit": round((peak_memory() or 0) / 2**20),
        "load before": load,
    }
    (asked.out / "audit.json").write_text(json.dumps(result) + "\n", "utf-8")
    print(f"{len(table)} images, {len(pairs)} planted, {len(across)} pairs found across; {costs}")


if __name__ == "__main__":
    main()
