"""The GPU drill walks every step without a GPU, and outlives steps that do not end or crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

ROOT = Path(__file__).parents[1]
# No part of the package.
sys.path.append(str(ROOT))

from benchmarks.gpu_drill import __main__ as drill  # noqa: E402
from benchmarks.gpu_drill import place as places  # noqa: E402
from benchmarks.gpu_drill.findings import Findings  # noqa: E402
from benchmarks.gpu_drill.pack import pack_slices  # noqa: E402
from benchmarks.gpu_drill.segmenting import (  # noqa: E402
    Masked,
    judged,
    nothing_known,
    predict_into,
)
from gliaboost.datasets.sources import read_source  # noqa: E402
from gliaboost.models.segmentation.decision import Decision  # noqa: E402


@pytest.mark.integration
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param("boosting", id="quick"),
        pytest.param("parity,kernels", id="kernels", marks=pytest.mark.slow),
        pytest.param("finetuning,whole,embedding", id="networks", marks=pytest.mark.slow),
    ],
)
def test_a_dry_run_walks_the_steps(steps: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["--dry-run", "--steps", steps, "--out", str(out), "--place", str(tmp_path / "place")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_drill", *asked],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    whole = json.loads((out / "gpu-drill.json").read_text())
    names = set(steps.split(","))
    assert [s["status"] for s in whole["steps"].values()] == ["done"] * len(names)
    # What may come back from a machine that is lent: eight files.
    assert {f.name for f in out.iterdir()} == {f"{n}.json" for n in names} | {"gpu-drill.json"}
    found = whole["steps"]
    if "parity" in names:
        assert found["parity"]["beyond_what_is_promised"] == []
        assert {k.partition(":")[0] for k in found["parity"]["largest_difference"]} >= {"torch"}
        assert "torch: Fisher vectors" in found["parity"]["largest_difference"]
        assert found["kernels"]["bank_images_a_second"] > 0
        assert found["kernels"]["rates"]["fisher, device memory, 2"]["images_a_second"] > 0
    elif "boosting" in names:
        assert found["boosting"]["cpu"]["trained_on_and_read_from"] == [["cpu", "host"]]
    else:
        assert found["finetuning"]["defaults"]["images"] == 24
        assert "defaults, predictions" not in found["finetuning"]
        step = json.loads((out / "finetuning.json").read_text())
        assert len(step["defaults, predictions"]["probabilities"][0].split(",")) == 24
        assert found["whole"]["results"]["experiments"][0]["device"] == "cpu"
        assert found["embedding"]["against_cpu"] == {"float32": 0.0}
        assert found["embedding"]["resnet50, float32"]["images_a_second"]["device memory"] > 0


@pytest.mark.slow
def test_segmenting_brings_back_what_was_not_learned_from(tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ["--dry-run", "--at-once", "--steps", "segmenting,segmenting_pairs,multitask*2"]
    asked += ["--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_drill", *asked, "--place", str(tmp_path / "place")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    whole = json.loads((out / "gpu-drill.json").read_text())["steps"]
    assert [s["status"] for s in whole.values()] == ["done"] * 4
    parts = [whole[f"multitask-{k}of2"]["defaults"] for k in (1, 2)]
    assert [list(p["folds"]) for p in parts] == [["1"], ["2"]]
    assert sum(p["images"] for p in parts) == 24
    found = whole["segmenting"]["defaults"]
    assert found["images"] == sum(f["images"] for f in found["folds"].values()) == 24
    texts = whole["segmenting"]["defaults, dice by slice in ten-thousandths"]
    assert len(texts.split(",")) == 24
    assert len(list(out.iterdir())) <= 8
    with np.load(out / "segmenting-defaults.npz") as kept:
        assert kept["rows"].tolist() == list(range(24))
        assert np.unpackbits(kept["masks"], axis=-1).shape == (24, 64, 64)
        assert kept["maps"].shape == (24, 3, 64, 64)
        assert kept["shares"].shape == (24, 3)
    # Three folds make three pairs, each with the rows of both.
    with np.load(out / "segmenting_pairs-1.npz") as kept:
        assert {n.partition("/")[0] for n in kept} == {"0-1", "0-2"}
        assert len(kept["0-2/rows"]) == 18


class Half:
    """Believes that a square is class 1, wherever it was shown."""

    decision_ = Decision(least=0.3)

    def predict_maps(self, images: Any) -> Any:
        maps = np.zeros((len(images), 3, *images.shape[1:]), np.float32)
        maps[:, :2, 8:16, 8:16] = np.array([0.1, 0.8])[:, None, None]
        return maps * (images > 0).any(axis=(1, 2))[:, None, None, None]


def test_masks_and_kinds_are_judged_over_what_was_predicted_alone() -> None:
    images, masks = np.full((6, 64, 64), 9, np.uint8), np.zeros((6, 64, 64), bool)
    masks[:, 8:16, 8:24] = True
    images[3] = 0
    numbers = np.arange(6)
    taken = Masked(images, masks, np.array(list("abcabc")), numbers, numbers // 2)
    answers = nothing_known(taken)
    assert judged(taken, answers) == {"images": 0}
    rows = np.array([0, 1, 3])
    predict_into(answers, rows, Half(), images[rows])
    found = judged(taken, answers)
    assert found["images"] == 3
    assert found["dice"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3, abs=1e-4)
    assert found["iou"] == pytest.approx((1 / 2 + 1 / 2 + 0) / 3, abs=1e-4)
    assert (found["missed"], found["empty"]) == (1, 1)
    # Of what is empty the greatest probability anywhere tells the kind: here none, so the first.
    assert found["accuracy_of_kinds"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["dice_by_class"] == {"a": pytest.approx(1 / 3, abs=1e-4), "b": 0.6667}
    assert answers.maps[1, :, 10, 10].tolist() == [26, 204, 0]


def test_without_a_gpu_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drill, "_gpu", lambda: None)
    monkeypatch.setattr(drill, "Path", lambda _: tmp_path)
    assert drill.main(["--out", str(tmp_path), "--place", str(tmp_path)]) == 2
    assert "--dry-run" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_step_that_does_not_end_is_cut_and_one_that_crashes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {"first": 0.25, "second": 30.0, "third": 30.0}
    interpreter = tmp_path / "python"
    # Each writes what it found at once; the first then waits for a child of its own.
    interpreter.write_text(
        "#!/bin/sh\n"
        'echo "{\\"seconds\\": 0.1, \\"found\\": \\"$3\\"}" > "$5/$3.json"\n'
        'case "$3" in first) sleep 60;; second) kill -9 $$;; esac\n'
    )
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    monkeypatch.setattr(drill, "STEPS", steps)
    monkeypatch.setattr(drill, "install", lambda _: [])
    asked = ["--dry-run", "--steps", ",".join(steps), "--out", str(tmp_path / "out")]
    assert drill.main([*asked, "--place", str(tmp_path / "place")]) == 1
    found = json.loads((tmp_path / "out" / "gpu-drill.json").read_text())["steps"]
    ended = ["cut after 1 s", "failed: exit code -9", "done"]
    assert [f["status"] for f in found.values()] == ended
    assert [f["found"] for f in found.values()] == list(steps)


def test_no_step_begins_without_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill, "install", lambda _: [])
    asked = ["--dry-run", "--minutes", "0.05", "--out", str(tmp_path / "out")]
    assert drill.main([*asked, "--place", str(tmp_path / "place")]) == 1
    found = json.loads((tmp_path / "out" / "gpu-drill.json").read_text())["steps"]
    assert {f["status"] for f in found.values()} == {"skipped: no time was left"}
    assert list(found) == list(drill.STEPS)


def test_what_is_found_is_on_disk_at_once_and_an_error_ends_nothing(tmp_path: Path) -> None:
    findings = Findings(tmp_path / "step.json")

    def read() -> Any:
        return json.loads(findings.path.read_text())

    findings.note("first", 1)
    assert read()["first"] == 1
    with findings.attempt("second"):
        raise RuntimeError("no kernel image is available")
    findings.skip("third", "no GPU")
    assert read()["second"]["failed"] == "RuntimeError: no kernel image is available"
    assert (read()["first"], read()["third"]) == (1, {"skipped": "no GPU"})


def test_only_wheels_that_are_missing_are_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def pip(command: list[str]) -> Any:
        asked.append([Path(word).name for word in command if word.endswith(".whl")])
        return subprocess.CompletedProcess(command, returncode="broken-1-any.whl" in asked[-1])

    monkeypatch.setattr(subprocess, "run", pip)
    monkeypatch.setattr(places, "PACK", tmp_path)
    monkeypatch.setattr(places, "PACK_OF_XGBOOST", tmp_path / "none")
    (tmp_path / "wheels").mkdir()
    for name in ("numpy-9.9-any.whl", "no_package-1-any.whl", "nor_this-1-any.whl"):
        (tmp_path / "wheels" / name).touch()
    both = ["no_package-1-any.whl", "nor_this-1-any.whl"]
    assert places.install(tmp_path / "place") == both
    assert asked == [both]
    # A wheel that this Python does not take keeps no other from being unpacked.
    (tmp_path / "wheels" / "broken-1-any.whl").touch()
    assert places.install(tmp_path / "place") == both
    assert asked[1:] == [["broken-1-any.whl", *both], ["broken-1-any.whl"], *([b] for b in both)]


def test_the_checkout_is_the_package_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "gliaboost").symlink_to(tmp_path)  # of another checkout
    variables = places.environment(tmp_path, dry=True)
    assert variables["TRITON_INTERPRET"] == "1"
    done = subprocess.run(
        [sys.executable, "-c", "import gliaboost; print(gliaboost.__path__[0])"],
        cwd=tmp_path,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()).resolve() == ROOT
    assert "TRITON_INTERPRET" not in places.environment(tmp_path, dry=False)


def test_packed_slices_are_figshares_layout_in_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    for name in ("images", "masks"):
        (data / name).mkdir(parents=True)
    image = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (512, 512), dtype=np.uint8), (0, 0), 9
    )
    mask = np.zeros((512, 512), np.uint8)
    mask[100:200, 300:420] = 255
    cv2.imwrite(str(data / "images" / "1.jpg"), image)
    cv2.imwrite(str(data / "masks" / "1.png"), mask)
    (data / "metadata.csv").write_text(
        "image_id,image,mask,label,patient_id,cvind_fold,width,height,mask_pixels\n"
        "1,images/1.jpg,masks/1.png,glioma,MR1,3,512,512,12000\n"
    )
    monkeypatch.setattr(places, "PACK", tmp_path / "pack")
    packed = tmp_path / "pack" / places.SLICES
    pack_slices(data, packed, quality=95)
    assert zipfile.ZipFile(packed).namelist()[-1] == "metadata.csv"
    folder = places.unpack_slices(tmp_path / "place")
    assert folder is not None
    row = read_source("figshare", folder).table.iloc[0]
    assert (row["label"], row["patient"], str(row["fold"])) == ("glioma", "MR1", "3")
    small = cv2.imread(str(folder / "images" / "1.jpg"), cv2.IMREAD_UNCHANGED)
    assert small is not None
    want = cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA).astype(int)
    assert small.shape == (256, 256)
    assert np.abs(small - want).mean() < 2
    inside = cv2.imread(str(folder / "masks" / "1.png"), cv2.IMREAD_UNCHANGED)
    assert inside is not None
    assert int((inside > 0).sum()) == 50 * 60
    assert "256,256,3000" in (folder / "metadata.csv").read_text()
    packed.unlink()
    assert places.unpack_slices(tmp_path / "place") == folder
    assert places.unpack_slices(tmp_path / "elsewhere") is None
