"""The main job on an embedded, simulated sample."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.benchmarks import benchmark
from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.fold_bundle import best_fold_bundle
from gliaboost._face.places import check_folder
from gliaboost._face.runs import RUNS, identity_of, own_folder, write_note
from gliaboost._face.samples import write_samples
from gliaboost._face.settings import read_device
from gliaboost._face.words import CLASSICAL
from gliaboost.files import make_folder
from gliaboost.locks import held_file
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.reports.protocol.results import Results

# What the page is opened with.
MODEL = "model.joblib"
# So that a newcomer with two cores waits minutes: fifteen segmenters of few trees, no network.
DEMO_REGION: dict[str, Any] = {
    "maps": "classical",
    "parameters": {"passes": 1, "inner_folds": 2, "rounds": 20},
}
DEMO: dict[str, Any] = {
    "features": f"{CLASSICAL},region",
    "settings": {"region": DEMO_REGION},
}
# What the README leads with, shortened, beside a booster on the same columns and a network.
DEMO_NETWORKS: dict[str, Any] = {
    "preset": "good",
    "models": "stacked,lightgbm,cnn-finetune",
    "only": "cnn-finetune=1",
    "settings": {"region": DEMO_REGION, "cnn-finetune": {"size": 128, "epochs": 4}},
}


def demo(
    out: Path | str | None = None,
    *,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Results:
    """Run the main job on an embedded, simulated sample.

    Where torch is installed, the preset ``good`` with small segmenters, beside LightGBM on the same
    columns and a backbone that is fine-tuned briefly, on one of the five folds; otherwise boosters
    on the features that need no network. Beside the report lie
    ``outline-best.png``, ``outline-median.png`` and ``outline-worst.png``: of the first fold's test
    slices the true tumour (blue) and the region that the columns look at (orange); and
    ``model.joblib``, the best model of that fold, which ``gliaboost app`` opens with ``samples`` to
    try it on. No number of it is clinical.

    Parameters
    ----------
    out : path-like, optional
        Folder for data and report; default: ``runs/demo``, where the same demonstration goes on,
        and with a number behind it where something else lies there.
    device, jobs, seed, command, progress
        As for `benchmark`.
    store : path-like, optional
        The feature cache; default: ``store`` in `out`.

    Returns
    -------
    Results
        As from `benchmark`.
    """
    from gliaboost.datasets.phantom.sample import make_phantom
    from gliaboost.reports.pages.region_outlines import draw_outlines

    faults = Faults()
    with faults.noted():
        read_device(device)
    check_numbers(faults, jobs, seed)
    check_folder(faults, out, "--out")
    check_folder(faults, store, "--store")
    faults.tell()
    networks = all(find_spec(package) for package in ("torch", "timm", "safetensors"))
    if not networks:
        progress.line("without embeddings and networks, which need: pip install 'gliaboost[torch]'")
    identity = identity_of({"demo": networks, "device": device, "seed": seed})
    folder = own_folder(RUNS / "demo", identity) if out is None else Path(out)
    if out is None:
        make_folder(folder)
        write_note(folder, identity, command, done=False)
        progress.line(f"run: {folder}")
    progress.line(
        "simulating patients in the MNI152 template (simulated: no number here is clinical)"
    )
    with held_file(folder / "phantom"):
        phantom = make_phantom(folder / "phantom", seed=seed, jobs=jobs, progress=progress)
    results = benchmark(
        folder / "phantom" / "manifest.parquet",
        out=folder,
        device=device,
        jobs=jobs,
        seed=seed,
        store=store or folder / "store",
        command=command,
        progress=progress,
        **(DEMO_NETWORKS if networks else DEMO),
    )
    for drawn in draw_outlines(folder, phantom):
        progress.line(
            f"{drawn.kind} outline: {drawn.path} ({drawn.label}, Dice {drawn.dice:.0%}; blue: the "
            "tumour, orange: the region found)"
        )
    _keep_model(results, folder, jobs)
    if out is None:
        write_note(folder, identity, command, done=True)
    return results


def _keep_model(results: Results, folder: Path, jobs: int | None) -> None:
    """Keep the best model for the page, with pictures to try it on."""
    from gliaboost.models.bundle import save

    bundle, test = best_fold_bundle(results, folder / "phantom", jobs=jobs)
    save(bundle, folder / MODEL)
    axial = test[test["path"].str.contains("-axial-")]
    rows = zip(axial["label"], axial["path"], strict=True)
    write_samples([(str(n), folder / "phantom" / str(path)) for n, path in rows], folder / MODEL)
