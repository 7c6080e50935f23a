from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.protocol.findings import known_findings

Make = Callable[..., Path]


def test_an_audit_is_made_once(make_images: Make, tmp_path: Path, heard: Any) -> None:
    path = make_images(patients=4)
    manifest = Manifest.read(path)
    first = known_findings(manifest, tmp_path, progress=heard)
    assert heard.steps == [("auditing", i, 12) for i in range(1, 13)]
    again = known_findings(manifest, tmp_path, progress=heard)
    assert again == first
    assert len(heard.steps) == 12
    (path.parent / "p00-0.png").write_bytes((path.parent / "p01-0.png").read_bytes())
    changed = known_findings(manifest, tmp_path)
    assert changed != first
    assert any(weight == "wrong" for weight, _ in changed.sentences)


def test_copies_are_named_by_their_keys(make_images: Make, tmp_path: Path) -> None:
    path = make_images(patients=4)
    image = cv2.imread(str(path.parent / "p01-0.png"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    cv2.imwrite(str(path.parent / "p00-0.png"), cv2.rotate(image, cv2.ROTATE_180))
    # Equal bytes have one key, which names no pair.
    (path.parent / "p02-0.png").write_bytes((path.parent / "p03-0.png").read_bytes())
    manifest = Manifest.read(path).with_keys()
    found = known_findings(manifest, tmp_path)
    key = dict(zip(manifest.table["path"], manifest.table["key"], strict=True))
    assert found.copies == [sorted([key["p00-0.png"], key["p01-0.png"]])]
    assert known_findings(manifest, tmp_path) == found


def test_what_an_earlier_version_kept_is_audited_again(make_images: Make, tmp_path: Path) -> None:
    manifest = Manifest.read(make_images(patients=4))
    found = known_findings(manifest, tmp_path)
    (kept,) = (tmp_path / "audits").iterdir()
    kept.write_text('[["fine", "No file is broken."]]')
    assert known_findings(manifest, tmp_path) == found
