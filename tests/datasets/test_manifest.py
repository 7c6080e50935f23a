from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliaboost.datasets.manifest import COLUMNS, Manifest
from gliaboost.errors import ManifestError, UsageError


def table(folder: Path, **columns: list[object]) -> Manifest:
    """Make a manifest of files that exist: two patients of two classes, unless told otherwise."""
    paths = [f"{i}.png" for i in range(4)]
    for path in paths:
        (folder / path).write_bytes(path.encode())
    values = {
        "path": paths,
        "label": ["a", "a", "b", "b"],
        "patient": ["p", "p", "q", "q"],
        **columns,
    }
    return Manifest.of(pd.DataFrame(values), folder, "m.csv")


def test_every_column_is_there_and_others_are_kept(tmp_path: Path) -> None:
    m = table(tmp_path, site=[1, 2, 3, 4])
    assert list(m.table.columns) == [*COLUMNS, "site"]
    assert m.table["modality"].isna().all()
    assert len(m) == 4
    assert m.paths[0] == tmp_path / "0.png"
    assert m.masks == [None] * 4
    assert m.classes == ["a", "b"]
    assert m.has_patients
    assert m.check(labelled=True) is m


def test_whole_numbers_do_not_become_decimals() -> None:
    m = Manifest.of(
        pd.DataFrame({"path": ["a", "b", "c"], "patient": [7, None, 8.0], "fold": [1, 2, 3]}),
        Path(),
    )
    assert m.table["patient"].tolist()[::2] == ["7", "8"]
    assert m.table["patient"].isna().tolist() == [False, True, False]
    assert m.table["fold"].tolist() == ["1", "2", "3"]


def test_blank_cells_are_missing() -> None:
    m = Manifest.of(pd.DataFrame({"path": ["a", "b"], "label": ["  ", " x "]}), Path())
    assert m.table["label"].isna().tolist() == [True, False]
    assert m.classes == ["x"]


def test_a_table_without_paths_is_refused() -> None:
    with pytest.raises(ManifestError, match="no column 'path'; its columns are: file, label"):
        Manifest.of(pd.DataFrame({"file": ["a"], "label": ["b"]}), Path())


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_written_and_read_again(tmp_path: Path, ending: str) -> None:
    m = table(tmp_path, mask=["0.png", None, None, None], site=["x", "y", "x", "y"]).with_keys()
    written = m.write(tmp_path / "sub" / f"m.{ending}")
    again = Manifest.read(written)
    assert again.root == tmp_path / "sub"
    assert again.table["path"].tolist()[0] == "../0.png"
    assert [p.resolve() for p in again.paths] == [p.resolve() for p in m.paths]
    assert again.masks[0] is not None
    assert again.masks[0].resolve() == (tmp_path / "0.png").resolve()
    assert again.masks[1:] == [None] * 3
    columns = [c for c in m.table if c not in ("path", "mask")]
    pd.testing.assert_frame_equal(again.table[columns], m.table[columns], check_dtype=False)
    assert again.fingerprint() == m.fingerprint()
    assert again.check(labelled=True)


def test_a_manifest_can_move_with_its_images(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    table(tmp_path / "here").write(tmp_path / "here" / "m.csv")
    (tmp_path / "here").rename(tmp_path / "there")
    assert Manifest.read(tmp_path / "there" / "m.csv").check()


def test_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    m = table(tmp_path)
    m.write(tmp_path / "m.parquet")
    before = (tmp_path / "m.parquet").read_bytes()

    def full(self: Path, _: bytes) -> None:
        self.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        m.write(tmp_path / "m.parquet")
    assert (tmp_path / "m.parquet").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "no manifest .*none.csv; make one with"),
        ("m.txt", b"path\na.png\n", "'.txt'; a manifest is .parquet or .csv. Make one of it: "),
        ("m.xlsx", b"PK", "'.xlsx'; a manifest is .parquet or .csv. Save its sheet as CSV"),
        ("m.png", b"PNG", "'.png'; a manifest is .parquet or .csv$"),
        ("m.parquet", b"", "not a readable table"),
        ("m.parquet", b"PAR1 cut in half", "not a readable table"),
        ("m.csv", b"", "not a readable table"),
        ("m.csv", b"\xff\xfe\x00path", "not a readable table"),
        ("m.csv", b"name;label\na.png;x\n", "no column 'path'; its columns are: name, label"),
    ],
)
def test_what_is_no_manifest(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        Manifest.read(tmp_path / name)


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder, a manifest file was expected; make one"):
        Manifest.read(tmp_path)


def test_writing_another_ending_touches_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.xlsx"):
        table(tmp_path).write(tmp_path / "new" / "m.xlsx")
    assert not (tmp_path / "new").exists()


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    m = table(
        tmp_path,
        path=["0.png", "./0.png", "none.png", None],
        label=["a", "a", "b", None],
        patient=["p", "p", "p", "q"],
        modality=["MRI", "PET", "CT", None],
        split=["train", "test", "Training", None],
        fold=["1", "2", "1", None],
        mask=["0.png", "none-mask.png", None, None],
    )
    with pytest.raises(ManifestError) as caught:
        m.check(labelled=True)
    expected = [
        "name a file or remove the row",
        "the same path in several rows (0.png, ./0.png); keep one row an image",
        "(none.png); paths are relative to the manifest's folder",
        "(./0.png); correct or empty their mask column",
        "unknown modality 'PET' (./0.png); legal are MRI, CT, or empty",
        "unknown split 'Training' (none.png); legal are train, val, test, or empty",
        "1 patient(s) in more than one fold (p); all images of a patient belong on one side",
        "1 patient(s) in more than one split (p)",
        "rows without a fold while others have one",
        "rows without a label",
        "labels that occur once (b)",
    ]
    assert len(caught.value.faults) == len(expected)
    for fault, text in zip(caught.value.faults, expected, strict=True):
        assert text in fault
    assert str(caught.value).startswith("m.csv: 11 faults\n  - ")


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        ({"label": [None] * 4}, "no labels; training needs a label in every row"),
        ({"label": ["a"] * 4}, "a single class ('a'); classification needs at least two"),
        ({"label": ["a", "a", "b", "c"]}, "labels that occur once (b, c)"),
        ({"label": ["a", "a", "b", None]}, "rows without a label (3.png)"),
    ],
)
def test_what_training_needs(tmp_path: Path, columns: dict[str, list[object]], fault: str) -> None:
    m = table(tmp_path, **columns)
    assert m.faults() == []
    assert any(fault in f for f in m.faults(labelled=True))


def test_an_empty_manifest_is_a_fault() -> None:
    assert Manifest.of(pd.DataFrame({"path": []}), Path()).faults() == [
        "no rows; a manifest needs at least one image"
    ]


def test_many_rows_are_not_all_named() -> None:
    m = Manifest.of(pd.DataFrame({"path": [f"{i}.png" for i in range(50)]}), Path("/none"))
    (fault,) = m.faults()
    assert "0.png, 1.png, 2.png, 3.png, 4.png and 45 more" in fault


@pytest.mark.parametrize("column", ["path", "mask"])
def test_files_without_permission(
    tmp_path: Path, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    m = table(tmp_path, mask=["m.png", None, None, None])
    (tmp_path / "m.png").touch()
    secret = tmp_path / ("0.png" if column == "path" else "m.png")
    secret.chmod(0)
    if os.access(secret, os.R_OK):  # root reads everything
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != secret)
    (fault,) = m.faults()
    assert "without permission to read (0.png); chmod +r them" in fault


def test_keys_are_hashes_and_unreadable_files_have_none(tmp_path: Path) -> None:
    m = table(tmp_path)
    m.paths[1].unlink()
    keys = m.with_keys(jobs=2).table["key"]
    assert keys[0] == hashlib.sha256(b"0.png").hexdigest()
    assert keys.isna().tolist() == [False, True, False, False]
    assert m.table["key"].isna().all()


def test_fingerprint_is_of_content_not_of_place(tmp_path: Path) -> None:
    m = table(tmp_path).with_keys()
    mixed = Manifest.of(m.table.sample(frac=1, random_state=0), tmp_path / "elsewhere")
    mixed.table["path"] = "x" + mixed.table["path"]
    assert mixed.fingerprint() == m.fingerprint()
    for column in ("key", "label", "patient", "fold", "split", "group"):
        changed = Manifest.of(m.table.assign(**{column: ["other", "p", "q", "q"]}), tmp_path)
        assert changed.fingerprint() != m.fingerprint(), column


def groups(patients: list[object], groups: list[object] | None = None) -> list[str]:
    columns: dict[str, list[object]] = {
        "path": [f"{i}" for i in range(len(patients))],
        "patient": patients,
    }
    if groups is not None:
        columns["group"] = groups
    return Manifest.of(pd.DataFrame(columns), Path()).groups


def test_groups_are_patients_or_images() -> None:
    assert groups(["p", None, "p", None]) == ["p", "image:1", "p", "image:3"]


def test_group_column_goes_first_and_is_joined_with_patients() -> None:
    assert groups([None] * 3, ["g", "g", None]) == ["g", "g", "image:2"]
    assert groups(["p", "q", "q"], ["g", "g", None]) == ["g", "g", "g"]
    assert groups(["p", "p", "q"], [1.0, 2.0, np.nan]) == ["1", "1", "q"]


cells = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from("pqrst")),
        st.one_of(st.none(), st.sampled_from("ABCDE")),
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.integration
@given(cells)
def test_groups_are_the_connected_components(rows: list[tuple[str | None, str | None]]) -> None:
    found = groups([p for p, _ in rows], [g for _, g in rows])
    together = np.array([[a == b for b in found] for a in found])
    # Reference: the transitive closure of "shares a patient or a group", by matrix powers.
    near = np.array(
        [
            [
                i == j or any(x is not None and x == y for x, y in zip(a, b, strict=True))
                for j, b in enumerate(rows)
            ]
            for i, a in enumerate(rows)
        ]
    )
    closure = np.linalg.matrix_power(near.astype(np.int64), len(rows)) > 0
    np.testing.assert_array_equal(together, closure)


def test_importing_it_does_not_import_pandas() -> None:
    code = "import sys, gliaboost.datasets.manifest; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_paths_of_windows_and_with_blanks_are_found(tmp_path: Path) -> None:
    for name in ("a/1.png", " b/2.png", "c\\3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given = ["a\\1.png", " a/1.png ", " b/2.png", "c\\3.png", "C:\\x\\1.png", "c\\3.png "]
    m = Manifest.of(pd.DataFrame({"path": given, "mask": given}), tmp_path)
    found = ["a/1.png", "a/1.png", " b/2.png", "c\\3.png", "C:/x/1.png", "c\\3.png"]
    assert m.table["path"].tolist() == m.table["mask"].tolist() == found
    again = Manifest.read(m.write(tmp_path / "m.csv"))
    assert again.table["path"].tolist()[:4] == found[:4]


def test_notes_say_what_was_read_and_stay_with_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file;diagnosis\na.png;x\n", "utf-8")
    m = Manifest.read(tmp_path / "m.csv")
    assert m.notes == ("column 'file' read as path, 'diagnosis' as label",)
    assert m.with_keys().relative_to(tmp_path / "b").notes == m.notes
