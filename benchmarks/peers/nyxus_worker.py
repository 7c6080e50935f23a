"""nyxus in its own environment, asked line by line by ``benchmarks.peers.texture_against_nyxus``.

A line of standard input is a question in JSON: ``images`` (a file of uint8 [n, height, width]),
``features``, ``settings``, ``distance``, ``levels``, ``values``. A line answers: ``core seconds``
of the call, ``columns``, and, where asked for, ``values`` by column.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
from nyxus import Nyxus

# What a row is of; the others are features.
TOLD = {"intensity_image", "mask_image", "ROI_label", "t_index"}


def prepared(asked: dict[str, Any]) -> Nyxus:
    """Build an extractor of one thread."""
    extractor = Nyxus(
        asked["features"],
        coarse_gray_depth=asked["levels"],
        n_feature_calc_threads=1,
        **asked["settings"],
    )
    # The parameter of the constructor does not reach the co-occurrence: its offset would be 0.
    extractor.set_metaparam(f"glcm/offset={asked['distance']}")
    extractor.set_metaparam(f"glcm/greydepth={asked['levels']}")
    return extractor


def main() -> None:
    kept: dict[str, tuple[Nyxus, Any, Any]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        values = asked.pop("values")
        key = json.dumps(asked, sort_keys=True)
        if key not in kept:
            images = np.load(asked["images"])
            kept[key] = prepared(asked), images, np.ones_like(images)
        extractor, images, whole = kept[key]
        begun = time.process_time()
        found = extractor.featurize(images, whole)
        answer: dict[str, Any] = {"core seconds": time.process_time() - begun}
        features = found[[c for c in found.columns if c not in TOLD]]
        answer["columns"] = features.shape[1]
        if values:
            answer["values"] = {c: features[c].astype(float).tolist() for c in features}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
