from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    assert any(weight == "wrong" for weight, _ in changed)
