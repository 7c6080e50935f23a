"""The example package, installed as a stranger's would be, in the commands that people type."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gliaboost.features import extractor_names
from gliaboost.features.store import SPEC_KEY

pytestmark = pytest.mark.integration

RunCommand = Callable[..., str]


@pytest.fixture
def pictures(make_images: Callable[..., Path]) -> Path:
    """A folder with four patients' images, named as the example's source expects."""
    folder = make_images(patients=4, per_patient=2).parent
    (folder / "manifest.csv").unlink()
    for file in folder.glob("*.png"):
        patient, number = file.stem.split("-")
        label = ("fine", "coarse")[int(patient[1:]) % 2]
        file.rename(folder / f"{label}_{patient}_{number}.png")
    return folder


def test_info_lists_them(run_with_example: RunCommand) -> None:
    facts = json.loads(run_with_example("info", "--json"))
    assert "Quantiles of an image's grey levels" in facts["extractors"]["grey-levels"]
    assert "prefixed" in facts["sources"]
    assert "grey-levels" not in extractor_names()  # nor in this process, which lacks the package


def test_a_manifest_is_written_and_its_features_are_extracted(
    run_with_example: RunCommand, pictures: Path, tmp_path: Path
) -> None:
    made = json.loads(run_with_example("manifest", "prefixed", pictures, "--json"))
    assert (made["images"], made["patients"]) == (8, 4)
    assert made["classes"] == {"coarse": 4, "fine": 4}
    words = ("extract", "manifest.parquet", "--features", "grey-levels", "--store", "store")
    settings = ("--set", "grey-levels.quantiles=[0.1,0.9]", "--json")
    first = json.loads(run_with_example(*words, *settings))
    assert (first["computed"], first["reused"]) == (8, 0)
    again = json.loads(run_with_example(*words, *settings))
    assert (again["computed"], again["reused"]) == (0, 8)
    (table,) = (tmp_path / "store").glob("grey-levels-*")
    (part,) = table.glob("*.parquet")
    spec = json.loads(pq.read_schema(part).metadata[SPEC_KEY])
    assert spec["parameters"] == {"quantiles": [0.1, 0.9]}


def test_they_go_the_whole_way_from_training_to_an_explanation_and_a_report(
    run_with_example: RunCommand, make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = make_images(patients=10, per_patient=2)
    image = manifest.parent / "p00-0.png"
    chosen = ("--features", "grey-levels,glcm", "--store", "store")
    run_with_example("train", manifest, *chosen, "--model", "nearest-mean", "--out", "model.joblib")
    (said,) = json.loads(run_with_example("predict", "model.joblib", image, "--json"))[
        "predictions"
    ]
    assert said["predicted"] == "fine"
    why = json.loads(run_with_example("explain", "model.joblib", image, "--json"))
    assert set(why["families"]) == {"grey-levels", "glcm"}
    assert sum(why["families"].values()) == pytest.approx(1)
    few = ("--folds", "2", "--no-controls", "--no-audit")
    run_with_example("benchmark", manifest, *chosen, "--models", "nearest-mean", *few, "--out", "r")
    report = (tmp_path / "r" / "report.md").read_text("utf-8")
    assert "nearest mean on grey levels + GLCM" in report
