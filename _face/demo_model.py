"""A small model on simulated pictures, for whoever opens the page without one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from gliaboost._face.demo import DEMO_REGION
from gliaboost._face.runs import identity_of
from gliaboost._face.samples import write_samples
from gliaboost._face.segmenting import segment_train
from gliaboost._face.training import train
from gliaboost._face.words import CLASSICAL, SEGMENTER
from gliaboost.progress import SILENT, Progress

# Simulated patients: of the classifier, of the segmenter, and to try both on.
PATIENTS, MASKED, TRIED = 48, 16, 8
MODEL, SEGMENTED = "demo.joblib", "demo-segmenter.joblib"


class DemoModel(NamedTuple):
    """Files of the demonstration."""

    bundle: Path
    segmenter: Path


def demo_model(
    folder: Path | None = None, *, jobs: int | None = None, progress: Progress = SILENT
) -> DemoModel:
    """Give the demonstration's model, made on the first call and kept in the user's cache.

    Parameters
    ----------
    folder : Path, optional
        Where it lies; default: in gliaboost's folder of the user's cache, by version.
    jobs : int, optional
        Threads; default: all cores.
    progress : Progress
        Hears of the steps.

    Returns
    -------
    DemoModel
        With pictures of patients beside it that it was not trained on.
    """
    from gliaboost.files import replacing_folder

    place = _place() if folder is None else folder
    found = DemoModel(place / MODEL, place / SEGMENTED)
    if not all(file.is_file() for file in found):
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing_folder(place) as building:
            _make(building, jobs, progress)
    return found


def made_before() -> list[str]:
    """Give the files of the demonstration in the user's cache; none where it is not made yet."""
    files = [_place() / name for name in (MODEL, SEGMENTED)]
    return [str(file) for file in files] if all(file.is_file() for file in files) else []


def _place() -> Path:
    import platformdirs

    known = identity_of({"demo model": [PATIENTS, MASKED, TRIED], "region": DEMO_REGION})
    return platformdirs.user_cache_path("gliaboost", appauthor=False) / f"demo-{known[:12]}"


def _make(folder: Path, jobs: int | None, progress: Progress) -> None:
    """Draw pictures, train on most of them, and keep some to be tried; the rest is thrown away."""
    import shutil

    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.phantom.sample import make_phantom

    named: dict[str, Any] = {"jobs": jobs, "progress": progress}
    work = folder / "work"
    work.mkdir()
    progress.line("simulating patients (no number here is clinical)")
    drawn = make_phantom(work / "a", patients=PATIENTS + TRIED, slices=1, **named)
    others = make_phantom(work / "b", patients=MASKED, slices=1, seed=1, **named)
    kept = sorted(set(drawn.table["patient"]))[:PATIENTS]
    known = drawn.table["patient"].isin(kept)
    shown = {"maps": DEMO_REGION["maps"], **DEMO_REGION["parameters"]}
    segment_train(
        others, out=folder / SEGMENTED, settings={SEGMENTER: shown}, store=work / "store", **named
    )
    train(
        Manifest.of(drawn.table[known].reset_index(drop=True), drawn.root),
        model="lightgbm",
        features=f"{CLASSICAL},region",
        region=folder / SEGMENTED,
        out=folder / MODEL,
        store=work / "store",
        **named,
    )
    new = drawn.table[~known & (drawn.table["plane"] == "axial")]
    rows = zip(new["label"], new["path"], strict=True)
    write_samples([(str(n), drawn.root / str(path)) for n, path in rows], folder / MODEL)
    shutil.rmtree(work)
    for file in folder.glob("*.parquet"):
        file.unlink()
