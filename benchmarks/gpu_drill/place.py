"""Where a drill unpacks and what it can import there; nothing is imported that may be missing."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PACK = ROOT / ".gpu-pack"
# Travels alone: its wheel alone nearly fills what may travel at once.
PACK_OF_XGBOOST = ROOT / ".gpu-pack-xgboost"
SLICES = "figshare-256.zip"


class Part(NamedTuple):
    """A process of a step: one of several, which share its fits between them."""

    step: str
    number: int
    of: int

    @property
    def name(self) -> str:
        """Name of what it finds.

        Examples
        --------
        >>> Part("multitask", 2, 3).name
        'multitask-2of3'
        """
        return self.step if self.of == 1 else f"{self.step}-{self.number}of{self.of}"


def wheels() -> list[Path]:
    """List the wheels that came along."""
    return sorted([*(PACK / "wheels").glob("*.whl"), *PACK_OF_XGBOOST.glob("*.whl")])


def install(place: Path) -> list[str]:
    """Unpack those wheels whose package is not there yet, and say which could be."""
    site = place / "site"
    site.mkdir(parents=True, exist_ok=True)
    missing = [w for w in wheels() if not _there(w.name.split("-")[0].replace("_", "-"), site)]
    quiet = ("--quiet", "--disable-pip-version-check", "--no-compile", "--no-cache-dir")
    alone = ("--no-index", "--no-deps", "--upgrade", "--target", str(site))
    pip = [sys.executable, "-m", "pip", "install", *quiet, *alone]
    if missing and subprocess.run([*pip, *map(str, missing)]).returncode:
        # One that this Python does not take stops them all.
        return [w.name for w in missing if not subprocess.run([*pip, str(w)]).returncode]
    return [w.name for w in missing]


def _there(package: str, site: Path) -> bool:
    found = importlib.metadata.distributions(name=package, path=[str(site), *sys.path])
    return next(iter(found), None) is not None


def unpack_slices(place: Path) -> Path | None:
    """Unpack the slices once; None where none came along."""
    folder, packed = place / "figshare", PACK / SLICES
    if not (folder / "metadata.csv").is_file():
        if not packed.is_file():
            return None
        with zipfile.ZipFile(packed) as archive:
            # The table is the last of it: where it is, all is.
            archive.extractall(folder)
    return folder


def environment(place: Path, dry: bool) -> dict[str, str]:
    """Make variables for the steps' processes, in which the checkout is the package gliaboost."""
    link = place / "package" / "gliaboost"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not (link.is_symlink() and link.resolve() == ROOT):
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT)
    paths = [str(link.parent), str(ROOT), str(place / "site"), os.environ.get("PYTHONPATH", "")]
    made = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        "PYTHONUNBUFFERED": "1",
        "NUMBA_CACHE_DIR": str(place / "numba"),
    }
    if dry:
        # Triton decides when it is first imported.
        made["TRITON_INTERPRET"] = "1"
        del made["NUMBA_CACHE_DIR"]
    return made
