from __future__ import annotations

from pathlib import Path

import pytest

from gliaboost.web.loaded import asking, models_of
from gliaboost.web.settings import AppSettings
from tests.web.conftest import Made


def test_a_model_is_opened_once_for_all_and_anew_where_its_file_changed(
    made: Made, tmp_path: Path
) -> None:
    copy = tmp_path / "m.joblib"
    copy.write_bytes(made.bundle.read_bytes())
    settings = AppSettings((str(copy),), (str(made.segmenter),))
    first, again = models_of(settings), models_of(settings)
    assert first.classifiers["m"] is again.classifiers["m"]
    assert first.segmenters["seg"] is again.segmenters["seg"]
    copy.write_bytes(made.other.read_bytes())
    assert models_of(settings).classifiers["m"].features != first.classifiers["m"].features


def test_files_of_one_name_are_told_apart(made: Made, tmp_path: Path) -> None:
    copy = tmp_path / made.bundle.name
    copy.write_bytes(made.other.read_bytes())
    found = models_of(AppSettings((str(made.bundle), str(copy))))
    assert list(found.classifiers) == ["first", "first (2)"]
    assert found.places["first (2)"] == copy


@pytest.mark.parametrize("content", [b"", b"Dear patient", b"\x80\x04cos\nsystem\n."])
def test_what_is_no_bundle_is_a_fault_and_runs_nothing(tmp_path: Path, content: bytes) -> None:
    wrong = tmp_path / "wrong.joblib"
    wrong.write_bytes(content)
    found = models_of(AppSettings((str(wrong), str(tmp_path / "no.joblib")), (str(wrong),)))
    assert not found.classifiers and not found.segmenters
    assert [name for name, _ in found.faults] == ["wrong.joblib", "no.joblib", "wrong.joblib"]


def test_there_is_one_lock() -> None:
    assert asking() is asking()
