"""One flipped bit in any file that is read back: refused, set aside or without effect, always.

``make test-fire`` flips 3,300 bits; the short version, in ``make test``, 220.
"""

from __future__ import annotations

import pickle
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.datasets.decode import decode_mask
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.nifti_file import read_nifti_file
from gliaboost.datasets.tables import read_table
from gliaboost.errors import DamagedWarning, GliaboostError
from gliaboost.features.store import FeatureStore
from gliaboost.json_file import read_json, write_json
from gliaboost.models.fitted_store import FittedStore
from gliaboost.models.segmentation.mask_files import write_mask
from gliaboost.models.study_file import StudyFile
from gliaboost.reports.protocol.parts import NOTES_KEY, read_noted, write_noted
from gliaboost.reports.protocol.results import read_results
from gliaboost.reports.protocol.segmentation_record import read_segmentation
from gliaboost.table_file import write_table

KEYS = [f"{n:064x}" for n in range(40)]
ROWS = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)
FRAME = pd.DataFrame({"key": KEYS, "proba": ROWS[:, 0].astype(float), "label": ["a", "b"] * 20})


@dataclass(frozen=True)
class Kind:
    """A kind of file: how one is made in a folder, and what its reader says of it."""

    make: Callable[[Path], Path]
    read: Callable[[Path], Any]


def store_part(folder: Path) -> Path:
    FeatureStore(folder).table("t-0", {"name": "t"}).write(KEYS, ROWS, {"seconds": 2.0})
    (part,) = folder.glob("t-0/part-*.parquet")
    return part


def stored(part: Path) -> Any:
    table = FeatureStore(part.parents[1]).table("t-0", {"name": "t"})
    if table.missing(KEYS):
        return None
    return table.read(KEYS).tobytes(), list(table.notes(KEYS)), table.older(KEYS, 2)


def fold_part(folder: Path) -> Path:
    write_noted(folder / "fold.parquet", FRAME, NOTES_KEY, {"identity": "x", "fit": 1.5})
    return folder / "fold.parquet"


def fold_of(path: Path) -> Any:
    found = read_noted(path, NOTES_KEY)
    return None if found is None else (found[0].to_json(), found[1])


def manifest(folder: Path) -> Path:
    table = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "label": ["a", "b"] * 20})
    return Manifest.of(table.assign(key=KEYS, patient=KEYS), folder).write(folder / "m.parquet")


def fitted(folder: Path) -> Path:
    FittedStore(folder).write("ab", {"rows": ROWS.tobytes(), "names": ["x", "y"]}, 1.5)
    return folder / "ab.joblib"


def checkpoint(folder: Path) -> Path:
    import torch

    from gliaboost.models.networks.checkpoint import Checkpoint

    state = {"epoch": 3, "weights": {"w": torch.tensor(ROWS)}, "loss": [0.5, 0.25]}
    Checkpoint(folder / "c.pt", "one").write(state)
    return folder / "c.pt"


def checkpointed(path: Path) -> Any:
    from gliaboost.models.networks.checkpoint import Checkpoint

    found = Checkpoint(path, "one").read()
    return found and (found["epoch"], found["weights"]["w"].numpy().tobytes(), found["loss"])


def mask(folder: Path) -> Path:
    return write_mask(ROWS > 0, folder / "m.png")


def nifti(folder: Path) -> Path:
    import nibabel

    from gliaboost.models.segmentation.nifti_mask import write_nifti_mask

    library: Any = nibabel
    image = library.Nifti1Image(np.zeros((6, 5, 4), np.uint8), np.diag([2.0, 3, 4, 1]))
    image.to_filename(folder / "scan.nii.gz")
    inside = np.random.default_rng(0).random((6, 5, 4)) > 0.5
    return write_nifti_mask(inside, folder / "scan.nii.gz", folder / "m.nii.gz")


def voxels(path: Path) -> Any:
    found = read_nifti_file(path)
    return np.asarray(found.values).tobytes(), np.asarray(found.affine).tobytes()


def json_file(folder: Path) -> Path:
    write_json('{"identity": "x", "dealt": [0.5, 0.25, null], "said": ["a", "é"]}', folder / "j")
    return folder / "j"


def features(folder: Path) -> Path:
    return write_table(FRAME, folder / "features.parquet")


def study(folder: Path) -> Path:
    file = StudyFile(folder / "s.study")
    file.append_logs([{"op_code": 0, "study_name": "a", "directions": [1]}])
    for number in range(4):
        file.append_logs([{"op_code": 4, "study_id": 0}])
        ended = {"op_code": 6, "trial_id": number, "state": 1, "values": [0.5 + number]}
        file.append_logs([ended])
    return folder / "s.study"


def steps(path: Path) -> Any:
    known = ("op_code", "study_name", "directions", "study_id", "trial_id", "state", "values")
    found = [{k: s[k] for k in known if k in s} for s in StudyFile(path).read_logs(0)]
    # What is lost of the end is done again.
    return found if len(found) == 9 else None


KINDS = {
    "study": Kind(study, steps),
    "store part": Kind(store_part, stored),
    "fold part": Kind(fold_part, fold_of),
    "manifest": Kind(manifest, lambda path: Manifest.read(path).table.to_json()),
    "features": Kind(features, lambda path: read_table(path).table.to_json()),
    "fitted extractor": Kind(fitted, lambda path: FittedStore(path.parent).read("ab")),
    "checkpoint": Kind(checkpoint, checkpointed),
    "mask": Kind(mask, lambda path: decode_mask(path).tobytes()),
    "mask of a scan": Kind(nifti, voxels),
    "notes in JSON": Kind(json_file, read_json),
}


def whole_run(folder: Path) -> Any:
    found = read_results(folder)
    return repr(found.record), found.predictions.to_json()


def segmented(folder: Path) -> Any:
    found = read_segmentation(folder)
    return repr(found.record), found.slices.to_json()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Callable[[], Any]]]:
    """Files of whole runs, each with what reads it."""
    import gliaboost
    from gliaboost.datasets.phantom.sample import make_phantom

    work = tmp_path_factory.mktemp("flips")
    phantom = make_phantom(work / "phantom", patients=12, slices=1, size=64)
    small: dict[str, Any] = {"folds": 2, "store": work / "store"}
    run, cut = work / "run", work / "cut"
    gliaboost.benchmark(
        phantom, features="lbp", models="lightgbm", audit=False, controls=False, out=run, **small
    )
    gliaboost.segment_benchmark(phantom, models="otsu", out=cut, **small)
    bundle = work / "model.joblib"
    gliaboost.train(phantom, features="lbp", model="lightgbm", out=bundle, store=work / "store")
    return {
        "results.json": (run / "results.json", lambda: whole_run(run)),
        "predictions.parquet": (run / "predictions.parquet", lambda: whole_run(run)),
        "segmentation.json": (cut / "segmentation.json", lambda: segmented(cut)),
        "slices.parquet": (cut / "slices.parquet", lambda: segmented(cut)),
        "bundle": (bundle, lambda: vars(gliaboost.load(bundle))),
    }


# What may happen to a damaged file.
TOLD = {"refused", "set aside", "unchanged"}


def outcome(read: Callable[[], Any], told: bytes) -> str:
    """Say what a reader did with a damaged file: only what is silently other is wrong."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = read()
        except GliaboostError:
            return "refused"
        except FileNotFoundError:
            return "crashed"
    if any(isinstance(w.message, DamagedWarning) for w in warned):
        return "set aside"
    if found is None:
        return "torn end"
    return "unchanged" if pickle.dumps(found) == told else "silent"


def flips(path: Path, read: Callable[[], Any], count: int, seed: int) -> Counter[str]:
    data, rng = path.read_bytes(), np.random.default_rng(seed)
    told = pickle.dumps(read())
    found: Counter[str] = Counter()
    for bit in rng.integers(0, 8 * len(data), count):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        said = outcome(read, told)
        if said == "torn end" and path.suffix == ".study":
            said = "unchanged"
        found[said] += 1
        if said not in TOLD:
            found[f"bit {bit}"] += 1
        for aside in path.parent.glob(f"{path.name}.damaged*"):
            aside.unlink()
    path.write_bytes(data)
    assert pickle.dumps(read()) == told
    return found


def check(found: Counter[str]) -> None:
    print(dict(found))
    assert set(found) <= TOLD, found


@pytest.mark.parametrize("kind", KINDS)
def test_no_flip_is_silent(kind: str, tmp_path: Path) -> None:
    path = KINDS[kind].make(tmp_path)
    check(flips(path, lambda: KINDS[kind].read(path), 20, seed=0))


@pytest.mark.fire
@pytest.mark.parametrize("kind", KINDS)
def test_none_of_hundreds_of_flips_is_silent(kind: str, tmp_path: Path) -> None:
    path = KINDS[kind].make(tmp_path)
    check(flips(path, lambda: KINDS[kind].read(path), 240, seed=1))


RUNS = ["results.json", "predictions.parquet", "segmentation.json", "slices.parquet", "bundle"]


@pytest.mark.fire
@pytest.mark.parametrize("name", RUNS)
def test_no_flip_in_a_run_is_silent(
    name: str, runs: dict[str, tuple[Path, Callable[[], Any]]]
) -> None:
    check(flips(*runs[name], 240, seed=2))
