"""FiftyOne's ``compute_leaky_splits`` on planted copies; see ``benchmarks.peers.plant_copies``.

FiftyOne keeps its samples in a MongoDB server that its package downloads. Where there is none,
``--in-memory`` lets mongomock stand in for it: FiftyOne's own functions run, on its own index.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def stand_in() -> None:
    """Put mongomock in MongoDB's place; before FiftyOne is imported."""
    import mongomock
    import mongomock.store
    import pymongo

    store = mongomock.store.ServerStore()

    class Client(mongomock.MongoClient):  # type: ignore[misc]
        _closed = False

        def __init__(self, *_: Any, **__: Any) -> None:
            super().__init__(_store=store)

        def get_database(self, name: str | None = None, *_: Any, **__: Any) -> Any:
            return super().get_database(name)

    pymongo.MongoClient = Client
    os.environ["FIFTYONE_DATABASE_URI"] = "mongodb://localhost"
    os.environ["FIFTYONE_DATABASE_VALIDATION"] = "false"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planted", type=Path, required=True, help="folder of plant_copies")
    parser.add_argument("--in-memory", action="store_true")
    parser.add_argument("--thresholds", default="0.4,0.3,0.2,0.1,0.05,0.02,0.01,0.005")
    asked = parser.parse_args()
    os.environ["FIFTYONE_DO_NOT_TRACK"] = "true"
    if asked.in_memory:
        os.environ["FIFTYONE_DATABASE_DIR"] = tempfile.mkdtemp()
        stand_in()
    import fiftyone
    import fiftyone.brain

    table = pd.read_parquet(asked.planted / "planted.parquet")
    vectors = np.load(asked.planted / "embeddings.npy")
    load, begun, busy = os.getloadavg()[0], time.perf_counter(), time.process_time()
    dataset = fiftyone.Dataset()
    samples = [
        fiftyone.Sample(filepath=path, side=split)
        for path, split in zip(table["path"], table["split"], strict=True)
    ]
    dataset.add_samples(samples, progress=False)
    rows = {id_: row for row, id_ in enumerate(dataset.values("id"))}
    costs = {"dataset": [time.perf_counter() - begun, time.process_time() - busy]}
    found = {}
    index = None
    for threshold in map(float, asked.thresholds.split(",")):
        begun, busy = time.perf_counter(), time.process_time()
        if index is None:
            index = fiftyone.brain.compute_leaky_splits(
                dataset, "side", threshold=threshold, embeddings=vectors
            )
        else:
            index.find_leaks(threshold)
        costs[str(threshold)] = [time.perf_counter() - begun, time.process_time() - busy]
        found[str(threshold)] = sorted({rows[i] for i in index.leak_ids})
    result = {
        "leaks": found,
        "seconds and core seconds": {k: [round(x, 1) for x in v] for k, v in costs.items()},
        "peak MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load before": load,
        "versions": {p: importlib.metadata.version(p) for p in ("fiftyone", "fiftyone-brain")},
        "in memory": asked.in_memory,
    }
    (asked.planted / "fiftyone.json").write_text(json.dumps(result) + "\n", "utf-8")
    print({k: len(v) for k, v in found.items()}, result["seconds and core seconds"])


if __name__ == "__main__":
    main()
