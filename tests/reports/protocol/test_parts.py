"""A fold on disk: taken where it is the same, else run again, as where its layout is older."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gliaboost.errors import DamagedWarning
from gliaboost.reports.protocol.experiment_record import (
    HistoryRecord,
    SearchRecord,
    TrialRecord,
)
from gliaboost.reports.protocol.parts import (
    NOTES_KEY,
    FoldNotes,
    Part,
    forget,
    read_part,
    stem_of,
    write_part,
)

NOTES = FoldNotes(
    identity="abc",
    fold="1",
    train=3,
    test=2,
    fit=0.5,
    predict=0.1,
    device="cpu",
    memory=None,
    parameters={"rounds": 7, "widths": [4, 8]},
    peak_memory=2**30,
    model_bytes=1234,
    training_images_per_second=12.5,
    shap_by_family={"hog": 0.25, "lbp": 0.75},
    history=HistoryRecord(fold="1", metric="loss", train=(1.0, 0.5), valid=(0.9,)),
    search=SearchRecord(
        fold="1",
        folds=3,
        score=0.25,
        default_score=None,
        parameters={"rate": 0.1},
        trials=(TrialRecord(number=0, state="pruned", score=None),),
        seconds=2.0,
    ),
)


@pytest.fixture
def part() -> Part:
    return Part(pd.DataFrame({"key": ["a", "b"], "proba_x": [0.25, 0.75]}), NOTES)


def test_what_is_written_is_read(part: Part, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_part(path, part)
    read = read_part(path, "abc")
    assert read is not None
    assert read.notes == part.notes
    pd.testing.assert_frame_equal(read.frame, part.frame)


def test_another_identity_is_another_part(part: Part, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_part(path, part)
    assert read_part(path, "abd") is None
    assert read_part(tmp_path / "none.parquet", "abc") is None


def rewritten(path: Path, key: bytes, notes: dict[str, Any]) -> None:
    table = pq.ParquetFile(path).read()
    kept = dict(table.schema.metadata or {})
    kept.pop(NOTES_KEY, None)
    kept.pop(b"gliaboost.fold", None)
    kept[key] = json.dumps(notes).encode()
    pq.write_table(table.replace_schema_metadata(kept), path)


def test_a_part_of_the_first_layout_is_run_again(part: Part, tmp_path: Path) -> None:
    """Its identity may be the same, as may its version: only the layout tells."""
    path = tmp_path / "p.parquet"
    write_part(path, part)
    old = {"identity": "abc", "fold": "1", "train": 3, "test": 2, "fit": 0.5, "predict": 0.1}
    old |= {"device": "cpu", "parameters": {}, "images_per_second_fit": 12.5}
    for notes in (old, asdict(part.notes)):
        rewritten(path, b"gliaboost.fold", notes)
        assert read_part(path, "abc") is None


@pytest.mark.parametrize(
    "spoil", [{"fit": "soon"}, {"history": [1, 2]}, {"news": 1}, {"identity": None}]
)
def test_notes_that_are_none_are_run_again(
    part: Part, tmp_path: Path, spoil: dict[str, Any]
) -> None:
    path = tmp_path / "p.parquet"
    write_part(path, part)
    rewritten(path, NOTES_KEY, {**asdict(part.notes), **spoil})
    assert read_part(path, "abc") is None
    rewritten(path, NOTES_KEY, asdict(part.notes))
    assert read_part(path, "abc") is not None


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_a_damaged_file_is_run_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(content)
    with pytest.warns(DamagedWarning, match="set aside as p.parquet.damaged"):
        assert read_part(path, "abc") is None
    assert (tmp_path / "p.parquet.damaged").read_bytes() == content


def test_a_flipped_bit_is_damage(part: Part, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    write_part(path, part)
    data = bytearray(path.read_bytes())
    at = data.index(np.float64(0.25).tobytes())
    data[at + 6] ^= 1
    path.write_bytes(data)
    with pytest.warns(DamagedWarning, match="what it held is computed again"):
        assert read_part(path, "abc") is None


def test_a_table_without_notes_is_run_again(part: Part, tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(pa.Table.from_pandas(part.frame), path)
    assert read_part(path, "abc") is None


def test_every_experiment_and_fold_has_files_of_its_own() -> None:
    stems = {stem_of(e, f) for e in ("a+b", "a+b (image folds)", "a") for f in ("1", "2")}
    assert len(stems) == 6
    assert not any(c in stem for stem in stems for c in " ()/")


def test_what_a_fold_went_on_from_is_removed_and_no_other_file(tmp_path: Path) -> None:
    for name in ("a.checkpoint", "a.checkpoint.study", "a.parquet", "ab.checkpoint"):
        (tmp_path / name).touch()
    forget(tmp_path / "a.checkpoint")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["a.parquet", "ab.checkpoint"]
    forget(tmp_path / "a.checkpoint")
