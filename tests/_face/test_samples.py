from __future__ import annotations

from pathlib import Path

from gliaboost._face.samples import MOST, samples_beside, write_samples


def test_one_picture_a_label_lies_beside_the_bundle(tmp_path: Path) -> None:
    files = []
    for n in range(4):
        (tmp_path / f"{n}.png").write_bytes(b"%d" % n)
        files.append(("ab"[n % 2], tmp_path / f"{n}.png"))
    (tmp_path / "run").mkdir()
    bundle = tmp_path / "run" / "model.joblib"
    assert write_samples(files, bundle) == samples_beside(bundle)
    assert [f.name for f in samples_beside(bundle)] == ["a.png", "b.png"]
    assert samples_beside(bundle)[1].read_bytes() == b"1"


def test_there_are_never_many(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"x")
    rows = [(f"class {n}", tmp_path / "x.png") for n in range(30)]
    assert len(write_samples(rows, tmp_path / "m.joblib")) == MOST
