from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gliaboost._face.better import check_cleaning, write_better
from gliaboost.datasets.audit.audit import audit
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError


def test_carried_first_then_dropped(make_images: Callable[..., Path], tmp_path: Path) -> None:
    known = Manifest.read(make_images(patients=3, per_patient=2))
    twice = [0, 0, *range(1, len(known))]
    bare = Manifest.of(
        known.table.iloc[twice][["path", "label"]].reset_index(drop=True), known.root
    )
    report = audit(bare, against=known, jobs=1)
    groups, cleaned = tmp_path / "g.csv", tmp_path / "c.csv"
    first, second = write_better(
        bare,
        report,
        known,
        groups=groups,
        drop=["duplicates"],
        carry=["patient"],
        cleaned=cleaned,
    )
    assert (first.rows, first.groups, first.dropped) == (7, 6, ())
    assert (second.rows, second.audited, second.groups) == (6, 7, 0)
    assert second.carried[0].filled == second.carried[0].empty == 7
    assert Manifest.read(cleaned).table["patient"].notna().all()
    assert Manifest.read(groups).table["patient"].isna().all()


def test_nothing_asked_nothing_written(make_images: Callable[..., Path]) -> None:
    table = Manifest.read(make_images(patients=2, per_patient=1))
    before = sorted(table.root.iterdir())
    report = audit(table, jobs=1)
    made = write_better(table, report, None, groups=None, drop=[], carry=[], cleaned=None)
    assert made == ()
    assert sorted(table.root.iterdir()) == before


def test_a_cleaned_manifest_needs_its_reason_and_its_place() -> None:
    check_cleaning(None, "duplicates", "", "c.csv")
    check_cleaning("other", "", ["patient"], "c.csv")
    check_cleaning(None, "", "", None)
    for given, words in (
        ((None, "", "patient", "c.csv"), "name it with --against"),
        ((None, "duplicates", "", None), "say with --cleaned"),
        (("other", "", "", "c.csv"), "would be the same manifest"),
    ):
        with pytest.raises(UsageError, match=words):
            check_cleaning(*given)
