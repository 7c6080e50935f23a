"""Patients, groups and copies stay whole where training rows are divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.models.fitted_columns import learn_columns
from gliaboost.models.inner_parts import inner_parts, teaching
from tests.models.test_fitted_columns import Memory, data_of, manifest_of, registered, rows_of

__all__ = ["registered"]


def test_copies_and_groups_never_teach_what_describes_them(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    root = manifest.root
    # Another patient's file has the bytes of the first, and two patients are one group.
    (root / "p05-0.png").write_bytes((root / "p00-0.png").read_bytes())
    group = [f"g{int(p[1:]) // 2}" if p in ("p08", "p09") else p for p in manifest.table["patient"]]
    data = data_of(Manifest.of(manifest.table.assign(group=group), root), tmp_path)
    rows, held_out = rows_of(data), np.zeros(20, bool)
    held_out[[0, 1, 16]] = True  # p00, and one slice of p08
    kept = {data.manifest.paths[row].name for row in rows[teaching(data, rows, held_out)]}
    out = {
        "p00-0.png",
        "p00-1.png",
        "p05-0.png",
        "p08-0.png",
        "p08-1.png",
        "p09-0.png",
        "p09-1.png",
    }
    assert kept == {path.name for path in data.manifest.paths} - out
    assert not np.asarray(learn_columns(data, rows, data.labels, [Memory()]).columns).any()


def test_outer_folds_are_the_parts_unless_they_cut_a_group(tmp_path: Path) -> None:
    data = data_of(manifest_of(tmp_path / "data"), tmp_path)
    rows = rows_of(data)
    whole = np.arange(20) // 2 % 5
    np.testing.assert_array_equal(inner_parts(data, rows, data.labels, whole), whole)
    for cut in (np.arange(20) % 5, np.where(whole == 2, -1, whole), np.zeros(20, int)):
        parts = inner_parts(data, rows, data.labels, cut)
        assert sorted(set(parts)) == [0, 1, 2, 3]
        assert all(len(set(parts[data.groups == g])) == 1 for g in set(data.groups))


def test_a_class_of_one_patient_is_divided_by_patients(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data", patients=3)
    data = data_of(manifest, tmp_path)
    assert sorted(set(inner_parts(data, rows_of(data), data.labels))) == [0, 1, 2]
    with pytest.raises(UsageError, match="all training rows are of one patient or group"):
        inner_parts(data, np.arange(2), data.labels[:2])
