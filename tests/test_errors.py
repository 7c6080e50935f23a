from __future__ import annotations

import pickle

import pytest

from gliaboost.errors import (
    DamagedFileError,
    DamagedWarning,
    DecodeError,
    GliaboostError,
    ManifestError,
    MissingExtraError,
    ResultsError,
    UnreadableWarning,
    UsageError,
    WriteError,
)

ERRORS = [
    WriteError("cannot write a.json: no space left; free space"),
    DamagedFileError("m.parquet", "a bit flipped", "copy it again"),
    GliaboostError("it failed"),
    UsageError("wrong call"),
    DecodeError("a.png", "is empty"),
    ManifestError("m.csv", ["one", "two"]),
    ResultsError("results.json", ["one", "two"], "run it again"),
    MissingExtraError("pydicom", "dicom", "reading DICOM"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_errors_cross_processes(error: GliaboostError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_exit_codes() -> None:
    assert [e.exit_code for e in ERRORS] == [1, 1, 1, 2, 1, 2, 2, 2]


def test_messages_say_what_and_what_to_do() -> None:
    assert str(DecodeError("a.png", "is empty")) == "a.png: is empty"
    assert str(ManifestError("m.csv", ["one"])) == "m.csv: 1 fault\n  - one"
    assert str(ManifestError("m.csv", ["one", "two"])).startswith("m.csv: 2 faults\n  - one")
    assert str(ResultsError("r.json", ["one"], "run it again")) == "r.json: one; run it again"
    assert str(ResultsError("r.json", ["one", "two"], "run it again")).splitlines() == [
        "r.json: 2 faults",
        "  - one",
        "  - two",
        "  run it again",
    ]
    assert "pip install 'gliaboost[dicom]'" in str(ERRORS[-1])


def test_kinds_that_callers_may_catch() -> None:
    assert issubclass(UsageError, ValueError)
    assert issubclass(WriteError, OSError)
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(ManifestError, UsageError)
    assert issubclass(ResultsError, UsageError)


@pytest.mark.parametrize("aside", [None, "p.parquet.damaged"])
def test_a_warning_of_damage_says_where_it_is_kept(aside: str | None) -> None:
    warning = DamagedWarning("p.parquet", "a bit flipped", aside, "it is made again")
    kept = "passed over" if aside is None else f"set aside as {aside}"
    assert str(warning) == (f"p.parquet is damaged and is {kept}, it is made again (a bit flipped)")
    copy = pickle.loads(pickle.dumps(warning))
    assert vars(copy) == vars(warning) and str(copy) == str(warning)


def test_a_warning_names_every_file_and_crosses_processes() -> None:
    warning = UnreadableWarning({"a.png": "is empty", "b.png": "is cut short"})
    said = "2 files left out, as unreadable\n  - a.png: is empty\n  - b.png: is cut short"
    assert str(warning) == said
    copy = pickle.loads(pickle.dumps(warning))
    assert (str(copy), copy.failed) == (said, warning.failed)
