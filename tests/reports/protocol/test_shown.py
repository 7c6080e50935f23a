from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gliaboost.reports.protocol.results import Results, read_results

MakeRun = Callable[..., Path]


def drawing(html: str) -> str:
    (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return base64.b64decode(data).decode()


def test_a_notebook_shows_table_and_picture(make_run: MakeRun, make_predictions: MakeRun) -> None:
    results = read_results(make_run([make_predictions()]))
    html = results._repr_html_()
    picture = drawing(html)
    for e in results.experiments:
        assert f"{e.letter}  {e.title}" in html
        assert f"{e.letter}  {e.title}" in picture
        assert f">{e.pooled('accuracy'):.3f}<" in html
        low, high = e.record.accuracy.ci95 or (0, 0)
        assert f">{low:.3f} to {high:.3f}<" in html
    assert "300 images, 40 patients; column 'fold'" in html.replace("&#x27;", "'")
    assert "report.html" in html
    # Outside of the picture, the notebook's own style is left alone.
    assert "<style" not in html and "<style" in picture


def test_words_of_files_are_escaped(make_run: MakeRun, make_predictions: MakeRun) -> None:
    results = read_results(make_run([make_predictions()]))
    dataset = replace(results.dataset, name="<b>set", patients=0, unreadable={"a.png": "empty"})
    hostile = Results(
        replace(results.record, dataset=dataset),
        [replace(e, title="<i>model") for e in results.experiments],
    )
    html = hostile._repr_html_()
    assert "<b>" not in html and "<i>" not in html and "<i>" not in drawing(html)
    assert "Benchmark on &lt;b&gt;set" in html
    assert "patients unknown" in html and "1 unreadable" in html


def test_a_run_of_nothing_has_no_picture(make_run: MakeRun, make_predictions: MakeRun) -> None:
    results = read_results(make_run([make_predictions()]))
    first, second = repr(results).splitlines()
    assert first.startswith("<Results: ") and "300 images, 1 experiments" in first
    assert second.startswith(f" first: {results.experiments[0].title}, 0.")
    assert len(repr(Results(results.record, [])).splitlines()) == 2
    html = Results(results.record, [])._repr_html_()
    assert "<img" not in html and "Benchmark on" in html
