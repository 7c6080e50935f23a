from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import gliaboost
from gliaboost._face.shown_page import (
    audited_pairs,
    audited_picture,
    guarded_page,
    redrawn_report,
    reported_runs,
)
from gliaboost.errors import UsageError
from gliaboost.reports.document.page import page_text

FIGSHARE = Path(__file__).parents[2] / "benchmarks" / "results" / "figshare"


def test_a_page_of_ours_is_shown(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(page_text("answers.html", facts=[], answers=[]), "utf-8")
    assert guarded_page(page) == page.read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<!doctype html><script>alert(1)</script>{guard}",
        "<!doctype html><!-- " + "x" * 500 + " -->{guard}",
        "",
    ],
)
def test_a_page_that_could_run_something_is_not(tmp_path: Path, text: str) -> None:
    own = page_text("answers.html", facts=[], answers=[])
    guard = own[own.index("<meta http-equiv") : own.index("<title>")]
    (tmp_path / "a.html").write_text(text.replace("{guard}", guard), "utf-8")
    with pytest.raises(UsageError, match="no page that gliaboost made"):
        guarded_page(tmp_path / "a.html")
    with pytest.raises(UsageError, match="cannot be read"):
        guarded_page(tmp_path / "none.html")


@pytest.mark.integration
def test_a_report_is_drawn_from_the_results_and_not_read(tmp_path: Path) -> None:
    run = tmp_path / "figshare"
    run.mkdir()
    for name in ("results.json", "predictions.parquet"):
        (run / name).write_bytes((FIGSHARE / name).read_bytes())
    (run / "report.html").write_text("<script>alert('hostile')</script>")
    html = redrawn_report(run)
    assert "hostile" not in html and "<h1" in html
    assert reported_runs(tmp_path) == [run] and reported_runs(tmp_path / "no") == []
    with pytest.raises(UsageError):
        redrawn_report(tmp_path)


def test_the_pairs_of_an_audit_come_with_their_files(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    manifest = make_images(patients=4, per_patient=1)
    (manifest.parent / "p01-0.png").write_bytes((manifest.parent / "p00-0.png").read_bytes())
    gliaboost.audit(manifest, out=tmp_path / "audit")
    pairs = audited_pairs(tmp_path / "audit")
    assert {pairs[0].first, pairs[0].second} == {"p00-0.png", "p01-0.png"}
    assert "under two labels" in pairs[0].words
    found = audited_picture(tmp_path / "audit", manifest, "p00-0.png")
    assert found == manifest.parent / "p00-0.png"


@pytest.mark.integration
def test_of_a_folder_the_files_are_found_by_the_manifest_that_was_kept(
    make_images: Callable[..., Path], tmp_path: Path
) -> None:
    data = make_images(patients=2, per_patient=1).parent
    (data / "fine").mkdir()
    (data / "fine" / "copy.png").write_bytes((data / "p00-0.png").read_bytes())
    for name in ("manifest.csv", "p01-0.png"):
        (data / name).unlink()
    (data / "coarse").mkdir()
    (data / "p00-0.png").rename(data / "coarse" / "own.png")
    gliaboost.audit(data, out=tmp_path / "audit")
    (pair,) = audited_pairs(tmp_path / "audit")
    for path in (pair.first, pair.second):
        assert audited_picture(tmp_path / "audit", data, path).resolve() == data / path


def test_leaks_that_are_no_pairs_are_passed_over(tmp_path: Path) -> None:
    leaks = [{"patient": "x"}, {"a": "1", "b": "2", "kind": "bytes", "labels": [None, None]}, 7]
    (tmp_path / "audit.json").write_text(json.dumps({"leaks": leaks, "neighbours": None}))
    assert [(p.first, p.words) for p in audited_pairs(tmp_path)] == [("1", "")]
    with pytest.raises(UsageError, match="holds no audit"):
        audited_pairs(tmp_path / "none")
