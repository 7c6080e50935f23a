"""The U-Net with every two folds left out: masks for the training rows of region features.

Where fold a is tested, the mask of a training row of fold b comes from the fit that saw neither.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gpu_drill.findings import Findings, Given
from benchmarks.gpu_drill.segmenting import left_out, masked_slices, nothing_known, packed, save

# A file that is larger than 16 MiB does not come back.
FILES = 2


def run(findings: Findings, given: Given) -> None:
    """Fit once a pair, and keep what is predicted of both folds."""
    taken = masked_slices(findings, given)
    if given.dry:  # what is simulated has two folds, and without both nothing is left
        taken = taken._replace(folds=np.arange(len(taken.folds)) // 6 % 3)
    pairs = given.mine(list(itertools.combinations(np.unique(taken.folds), 2)))
    files = -(-FILES // given.parts)
    kept: list[dict[str, NDArray[Any]]] = [{} for _ in range(files)]
    fits: dict[str, Any] = {}
    longest = 0.0
    for number, (first, second) in enumerate(pairs):
        name = f"{first}-{second}"
        if given.left() < 1.15 * longest + 5:
            findings.skip(f"from pair {name}", "no time was left")
            break
        begun = time.monotonic()
        answers = nothing_known(taken)
        with findings.attempt(f"pair {name}"):
            fits[name] = left_out([first, second], taken, answers, given)
            findings.note("pairs", fits)
            place = number * files // len(pairs)
            kept[place] |= {f"{name}/{k}": v for k, v in packed(taken, answers).items()}
            save(findings.path.with_name(f"{findings.path.stem}-{1 + place}.npz"), kept[place])
        longest = max(longest, time.monotonic() - begun)
