"""A fit is found again by what it learned from, and by that alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.models.extractor_fits import identity_of
from gliaboost.models.fitted_columns import learn_columns
from tests.models.test_fitted_columns import (
    SIZE,
    Memory,
    Pictures,
    blind,
    data_of,
    manifest_of,
    registered,
    rows_of,
)

__all__ = ["blind", "registered"]


def test_a_fit_is_done_once_whatever_the_order_of_rows(tmp_path: Path) -> None:
    manifest = manifest_of(tmp_path / "data")
    data = data_of(manifest, tmp_path)
    first = learn_columns(data, rows_of(data), data.labels, [Memory()])
    done = len(Memory.taught)
    turned = Manifest.of(manifest.table.iloc[::-1].reset_index(drop=True), manifest.root)
    other = data_of(turned, tmp_path)
    again = learn_columns(other, rows_of(other), other.labels, [Memory()])
    assert len(Memory.taught) == done
    assert [e.fingerprint() for e in again.extractors] == [
        e.fingerprint() for e in first.extractors
    ]
    assert again.seconds.keys() == first.seconds.keys()


@pytest.mark.parametrize("what", ["label", "patient", "mask"])
def test_other_facts_are_another_fit(tmp_path: Path, what: str) -> None:
    manifest = manifest_of(tmp_path / "data")
    data = data_of(manifest, tmp_path)
    known = identity_of(data, rows_of(data), data.labels, Memory())
    table = manifest.table.copy()
    if what == "mask":
        cv2.imwrite(str(manifest.masks[3]), np.eye(SIZE, dtype=np.uint8))
    else:
        table.at[3, what] = {"label": "a", "patient": "new"}[what]
    changed = data_of(Manifest.of(table, manifest.root), tmp_path)
    assert identity_of(changed, rows_of(changed), changed.labels, Memory()) != known


def test_labels_are_no_part_of_a_fit_that_is_told_none(tmp_path: Path, blind: None) -> None:
    data = data_of(manifest_of(tmp_path / "data"), tmp_path)
    rows, labels = rows_of(data), data.labels
    known = identity_of(data, rows, labels, Pictures())
    assert identity_of(data, rows, labels[::-1], Pictures()) == known
    assert identity_of(data, rows[1:], labels[1:], Pictures()) != known


def test_images_that_are_decoded_otherwise_are_another_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(manifest_of(tmp_path / "data"), tmp_path)
    known = identity_of(data, rows_of(data), data.labels, Memory())
    monkeypatch.setattr("gliaboost.models.extractor_fits.DECODING", 99)
    assert identity_of(data, rows_of(data), data.labels, Memory()) != known
