from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.reports.protocol.elsewhere import Elsewhere, described, find_elsewhere

Make = Callable[..., Path]


def test_pictures_of_both_and_unknown_classes_are_left_out(make_images: Make) -> None:
    here = make_images(patients=4, name="here")
    there = make_images(patients=4, name="there", seed=1)
    (there.parent / "p00-0.png").write_bytes((here.parent / "p01-2.png").read_bytes())
    table = pd.read_csv(there)
    table.loc[table["path"] == "p03-1.png", "label"] = "odd"
    table.to_csv(there, index=False)
    found = find_elsewhere(Manifest.read(here), Manifest.read(there))
    assert found.left_out == {"in both": 1, "unknown class": 1}
    assert len(found.manifest) == 12 - 2
    assert found.offered == {k: int(n) for k, n in table["label"].value_counts().items()}
    assert found.offered["odd"] == 1
    assert not {"p00-0.png", "p03-1.png"} & set(found.manifest.table["path"])


def test_nothing_left_is_refused_with_its_reasons(make_images: Make) -> None:
    here = Manifest.read(make_images(patients=2, name="here"))
    with pytest.raises(UsageError, match="no image of here is left to test on: of 6, 6 are"):
        find_elsewhere(here, here)


def test_a_transfer_keeps_no_word_of_its_training(real_run: Any) -> None:
    (network,) = [e for e in real_run.results.record.experiments if e.name == "cnn-scratch"]
    assert network.history
    moved = described(network, real_run.elsewhere, ["here"])
    assert (moved.history, moved.shap_by_family) == ((), None)
    assert (moved.test_on, moved.trained_on) == ("there", ("here",))
    assert moved.left_out == real_run.elsewhere.left_out
    assert moved.accuracy == network.accuracy
    assert not moved.competes


def test_what_could_not_be_read_is_counted(real_run: Any) -> None:
    (first, *_) = real_run.results.record.experiments
    tested = first.counts.images
    given = Elsewhere("there", real_run.manifest, {"in both": 2}, {"glioma": 30})
    assert tested == len(given.manifest)
    assert described(first, given, ["here"]).left_out == {"in both": 2}
    fewer = replace(first, counts=replace(first.counts, images=tested - 3))
    moved = described(fewer, given, ["here"])
    assert moved.left_out == {"in both": 2, "unreadable": 3}
    assert moved.offered == {"glioma": 30}
