"""Text burnt into a picture's rim: how much of it is found, and how often there is none.

    python -m benchmarks.burnt_in FOLDER

Each picture below the folder is looked at as it is, and one in six with a text written into a
corner: names, dates and numbers, in three fonts, in sizes and greys drawn by chance with a seed.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import machine, versions, write
from gliaboost.datasets.burnt_in import shows_text
from gliaboost.datasets.decode import decode

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX)
WORDS = ("DOE JANE", "Smith, John", "ID 8834-22", "1970-01-01", "M 045Y", "CHARITE 3T", "12:41:07")
# Of the shorter side: what the smallest letters of consoles are, and the largest.
HEIGHTS = (1 / 40, 1 / 20)
EVERY = 6


def rendered(image: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """Write a text into a corner of a picture, uint8 [H, W]."""
    side = min(image.shape)
    font, word, grey = rng.choice(FONTS), rng.choice(WORDS), rng.randint(150, 255)
    size = max(7, rng.uniform(*HEIGHTS) * side)
    scale = cv2.getFontScaleFromHeight(font, round(size))
    (width, height), _ = cv2.getTextSize(word, font, scale, 1)
    left = rng.choice((4, image.shape[1] - width - 4))
    below = rng.choice((height + 4, image.shape[0] - 4))
    out = image.copy()
    cv2.putText(out, word, (max(0, left), below), font, scale, grey, 1, cv2.LINE_AA)
    return out


def main() -> None:
    """Count, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="pictures on dark ground, none with a text")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    files = sorted(p for p in given.folder.rglob("*") if p.suffix in (".jpg", ".png"))
    rng = random.Random(given.seed)
    called = sum(shows_text(decode(path)) for path in files)
    texts = [rendered(decode(path), rng) for path in files[::EVERY]]
    found = sum(shows_text(image) for image in texts)
    record = {
        "command": f"python -m benchmarks.burnt_in FIGSHARE/images --seed {given.seed}",
        "machine": machine(),
        "versions": versions(["gliaboost", "opencv-python-headless"]),
        "clean": {"pictures": len(files), "called": int(called)},
        "rendered": {"pictures": len(texts), "found": int(found)},
    }
    text = (
        "# Text burnt into the rim\n\n"
        f"{found} of {len(texts)} rendered texts found; {called} of {len(files)} clean slices "
        f"called (`{record['command']}`).\n"
    )
    write("burnt-in", record, text)
    print(text)


if __name__ == "__main__":
    main()
