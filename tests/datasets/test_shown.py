from __future__ import annotations

from pathlib import Path

import pandas as pd

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.shown import SHOWN


def test_a_manifest_of_any_size_is_two_lines_and_its_first_rows() -> None:
    rows = [{"path": f"<i>{n}.png", "label": f"k{n % 9}\n", "patient": n // 2} for n in range(50)]
    manifest = Manifest.of(pd.DataFrame(rows), Path("/data"), "cli<b>nic", ("two\nfiles missing",))
    first, second = repr(manifest).splitlines()
    assert first == "<Manifest: cli<b>nic, 50 images"
    assert second.endswith("and 3 more; 25 patients>")
    html = manifest._repr_html_()
    assert "<i>" not in html and "<b>" not in html and "cli&lt;b&gt;nic, 50 images" in html
    assert html.count("<tr>") == SHOWN + 1 and f"the first {SHOWN} shown" in html
    assert "&lt;i&gt;9.png" in html and "&lt;i&gt;10.png" not in html
    assert "mask" not in html and "files missing" in html


def test_what_is_not_known_is_said() -> None:
    manifest = Manifest.of(pd.DataFrame({"path": ["a.png"]}), Path("/data"))
    assert repr(manifest).splitlines()[1] == " no labels; patients unknown>"
    assert "nan" not in manifest._repr_html_().lower()


def test_an_empty_table_is_shown() -> None:
    manifest = Manifest.of(pd.DataFrame({"path": []}), Path("/data"))
    assert "0 images" in repr(manifest) and "0 images" in manifest._repr_html_()
