"""The table that everything starts from: one row an image."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.datasets.columns import text, usual_names
from gliaboost.datasets.components import sharing
from gliaboost.datasets.paths import absolute, are_there, as_there, is_open, joined, relative
from gliaboost.datasets.shown import as_table, in_two_lines
from gliaboost.datasets.tables import read_table
from gliaboost.errors import ManifestError, UsageError
from gliaboost.few import few
from gliaboost.files import replacing, sha256_file
from gliaboost.outside_text import csv_frame
from gliaboost.parallel import Executor, map_in_order
from gliaboost.parquet_file import write_frame
from gliaboost.regular_files import is_folder, is_there
from gliaboost.remote import as_url, shown

if TYPE_CHECKING:
    import pandas as pd

# Text in every manifest; those that are not in COLUMNS need not be there.
TEXT = ("group", "presence", "type")
COLUMNS = ("path", "label", "patient", "modality", "split", "fold", "mask", "source", "key")
LEGAL = {"modality": ("MRI", "CT"), "split": ("train", "val", "test")}
SHOWN = 5
_HASHED_TOGETHER = 64
# What to do with tables that are no manifests yet.
_TODO = {
    **dict.fromkeys((".tsv", ".tab", ".txt"), ". Make one of it: gliaboost manifest csv FILE"),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), ". Save its sheet as CSV (UTF-8) and give that"),
}


@dataclass(frozen=True, eq=False)
class Manifest:
    """Images and what is known of them.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image. Column ``path`` is required; ``label``, ``patient``, ``modality``
        (``MRI``/``CT``), ``split`` (``train``/``val``/``test``), ``fold``, ``mask`` (a path),
        ``source`` and ``key`` (SHA-256 of the file's bytes) may be absent or empty. Further columns
        are kept; ``group`` steers splits (see `groups`).
    root : pathlib.Path
        The folder that ``path`` and ``mask`` are relative to; it may be a URL's, and so may they.
    name : str
        What errors and reports call it.
    notes : tuple of str
        What was found and done when it was made, in sentences: files that were passed over, classes
        that were joined. Not written to its file.

    Examples
    --------
    >>> import pandas as pd
    >>> from pathlib import Path
    >>> m = Manifest.of(pd.DataFrame({"path": ["a.png"], "label": ["glioma"]}), Path("/data"))
    >>> m.paths[0].as_posix(), m.classes, m.table["patient"].isna().all().item()
    ('/data/a.png', ['glioma'], True)
    """

    table: pd.DataFrame
    root: Path
    name: str = "manifest"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        root: Path | str,
        name: str = "manifest",
        notes: tuple[str, ...] = (),
    ) -> Manifest:
        """Build from any table with a ``path`` column: known columns become text or missing.

        Of whatever type they were (numbers, categories, bytes), the same values become the same
        text. A path with backslashes is one with slashes where only that leads to a file.
        """
        if "path" not in table.columns:
            raise ManifestError(
                name, [f"no column 'path'; its columns are: {', '.join(map(str, table.columns))}"]
            )
        table = table.reset_index(drop=True).copy()
        root = Path(root)
        for column in (*COLUMNS, *(c for c in TEXT if c in table)):
            cells: Iterable[Any] = table[column] if column in table else [None] * len(table)
            exact = column in ("path", "mask")
            if exact:
                cells = [
                    as_there(c, root) if isinstance(c, str) else None
                    for c in text(cells, exact=True)
                ]
            table[column] = text(cells, exact=exact)
        rest = [c for c in table.columns if c not in COLUMNS]
        return cls(table[[*COLUMNS, *rest]], root, name, notes)

    @classmethod
    def read(cls, path: Path | str) -> Manifest:
        """Read a manifest, ``.parquet`` or ``.csv``; see `tables.read_table` for what is a table.

        Columns with a usual name (``Image``, ``class``, ``Patient_ID``) stand for the manifest's
        own where these are not there; `notes` say so.

        Raises
        ------
        UsageError
            If there is no such file, or it is not a table.
        ManifestError
            If the table has no ``path`` column.
        """
        path = Path(path)
        if is_folder(path):
            raise UsageError(
                f"{path} is a folder, a manifest file was expected; make one with: "
                f"gliaboost manifest folder {path}"
            )
        if not is_there(path):
            raise UsageError(
                f"no manifest {shown(path)}; make one with: gliaboost manifest SOURCE FOLDER"
            )
        _kind(path, _TODO.get(path.suffix.lower(), ""))
        table, notes = read_table(path)
        renamed = usual_names(table, name=str(path))
        return cls.of(renamed.table, path.parent, shown(path), (*notes, *renamed.notes))

    def write(self, path: Path | str) -> Path:
        """Write as Parquet or CSV, by the ending; whole or not at all.

        Paths are written relative to the folder of `path`, so that both can move together.

        Raises
        ------
        UsageError
            If the ending is neither ``.parquet`` nor ``.csv``.
        """
        path = Path(path)
        kind = _kind(path)
        moved = self.relative_to(path.parent)
        if kind == "parquet":
            write_frame(moved.table, path)
        else:
            with replacing(path) as temporary:
                csv_frame(moved.table).to_csv(temporary, index=False)
        return path

    def relative_to(self, root: Path | str) -> Manifest:
        """Return the same images with paths relative to another folder."""
        root = Path(root) if as_url(root) else Path(root).resolve()
        table = self.table.copy()
        for column in ("path", "mask"):
            table[column] = text(
                [
                    relative(joined(self.root, p), root) if isinstance(p, str) else None
                    for p in table[column]
                ],
                exact=True,
            )
        return replace(self, table=table, root=root)

    def absolute(self) -> Manifest:
        """Return the same manifest, with a root that is right in every process."""
        return replace(self, root=absolute(self.root))

    def __repr__(self) -> str:
        return in_two_lines(self.table, self.name)

    def _repr_html_(self) -> str:
        """Show a notebook the first rows."""
        return as_table(self.table, self.name, self.notes)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def paths(self) -> list[Path]:
        """The images' files, in row order."""
        return [joined(self.root, p) for p in self.table["path"]]

    @property
    def masks(self) -> list[Path | None]:
        """The masks' files, None where a row has none."""
        return [joined(self.root, p) if isinstance(p, str) else None for p in self.table["mask"]]

    @property
    def classes(self) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(self.table["label"].dropna().unique())

    @property
    def groups(self) -> list[str]:
        """What a split must never cut, by row: rows that share a patient or a ``group``, joined.

        Named after the first row's ``group``, if there is such a column, else after its patient.
        A row without either is a group of its own.
        """
        patients = text(self.table["patient"])
        groups = text(self.table["group"]) if "group" in self.table else [None] * len(patients)
        names = [
            next((v for v in (group, patient) if isinstance(v, str)), f"image:{row}")
            for row, (patient, group) in enumerate(zip(patients, groups, strict=True))
        ]
        named: dict[int, str] = {}
        return [
            named.setdefault(joined, name)
            for joined, name in zip(sharing(patients, groups).tolist(), names, strict=True)
        ]

    @property
    def has_patients(self) -> bool:
        """Whether at least one row names its patient."""
        return bool(self.table["patient"].notna().any())

    def with_keys(self, jobs: int | None = None, executor: Executor | None = None) -> Manifest:
        """Fill ``key`` with the SHA-256 of each file; unreadable files keep a missing key."""
        paths = self.paths if executor is None else [absolute(p) for p in self.paths]
        # Small files hash in less time than a thread takes to be woken for one.
        batches = [paths[i : i + _HASHED_TOGETHER] for i in range(0, len(paths), _HASHED_TOGETHER)]
        hashed = map_in_order(_keys, batches, jobs=jobs, executor=executor)
        keys = [k for batch in hashed for k in batch]
        return replace(self, table=self.table.assign(key=text(keys)))

    def fingerprint(self) -> str:
        """Hash content, not place: keys, labels, patients, groups and folds, in any row order.

        Returns
        -------
        str
            64 hexadecimal digits. Rows without a key enter by their path.
        """
        t = self.table
        columns = [t["key"].where(t["key"].notna(), t["path"])]
        columns += [t[c] for c in ("label", "patient", "fold", "split")]
        columns += [text(t["group"])] if "group" in t else []
        rows = zip(*columns, strict=True)
        lines = sorted("\t".join(v if isinstance(v, str) else "" for v in row) for row in rows)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def faults(self, *, labelled: bool = False) -> list[str]:
        """List everything that is wrong with the table.

        Parameters
        ----------
        labelled : bool
            Also ask what training needs: a label in every row, two classes, none of a single image.

        Returns
        -------
        list of str
            One line a fault, with the rows' paths; empty when all is well.
        """
        import pandas as pd

        t = self.table
        faults: list[str] = []
        if not len(t):
            return ["no rows; a manifest needs at least one image"]

        def add(bad: pd.Series[bool], what: str, todo: str) -> None:
            rows = t.loc[bad, "path"]
            if len(rows):
                faults.append(f"{what} ({few(rows, SHOWN)}); {todo}")

        add(t["path"].isna(), "rows without a path", "name a file or remove the row")
        normal = t["path"].map(lambda p: os.path.normpath(joined(self.root, p)), na_action="ignore")
        add(
            normal.notna() & normal.duplicated(keep=False),
            "the same path in several rows",
            "keep one row an image",
        )
        where = f", seen from {as_url(self.root) or self.root.resolve()}"
        for column, todo in (
            ("path", "paths are relative to the manifest's folder"),
            ("mask", "correct or empty their mask column"),
        ):
            noun = "files" if column == "path" else "masks"
            files = t[column].dropna().map(lambda p: joined(self.root, p))
            there = pd.Series(are_there(list(files)), files.index, object).reindex(t.index)
            add(there == False, f"{noun} that are not there{where}", todo)  # noqa: E712
            open_ = files.map(is_open).reindex(t.index)
            add(
                (there == True) & (open_ == False),  # noqa: E712
                f"{noun} without permission to read",
                "chmod +r them",
            )
        for column, legal in LEGAL.items():
            wrong = t[column].notna() & ~t[column].isin(legal)
            seen = ", ".join(repr(v) for v in sorted(t.loc[wrong, column].unique())[:5])
            add(wrong, f"unknown {column} {seen}", f"legal are {', '.join(legal)}, or empty")
        faults += self._straddling("fold") + self._straddling("split")
        some = t["fold"].notna()
        if some.any():
            add(
                ~some, "rows without a fold while others have one", "give every row a fold, or none"
            )
        if labelled:
            faults += self._label_faults()
        return faults

    def check(self, *, labelled: bool = False) -> Manifest:
        """Return itself, or raise a `ManifestError` that lists every fault (see `faults`)."""
        faults = self.faults(labelled=labelled)
        if faults:
            raise ManifestError(self.name, faults)
        return self

    def _straddling(self, column: str) -> list[str]:
        rows = self.table[["patient", column]].dropna()
        spread = rows.groupby("patient")[column].nunique()
        cut = sorted(spread.index[spread > 1])
        if not cut:
            return []
        return [
            f"{len(cut)} patient(s) in more than one {column} ({few(cut, SHOWN)}); "
            "all images of a patient belong on one side, or the column is to be emptied "
            f"(gliaboost manifest edit --forget {column})"
        ]

    def _label_faults(self) -> list[str]:
        t = self.table
        if t["label"].isna().all():
            return [
                "no labels; training needs a label in every row (column 'label', or make the "
                "manifest from class folders: gliaboost manifest folder PATH)"
            ]
        faults = []
        empty = t["label"].isna()
        if empty.any():
            faults.append(
                f"rows without a label ({few(t.loc[empty, 'path'], SHOWN)}); label or remove them"
            )
        counts = t["label"].value_counts()
        once = sorted(counts.index[counts < 2])
        if once:
            faults.append(
                f"labels that occur once ({few(once, SHOWN)}); no fold can hold them in training "
                "and in test: add images, merge or remove the class"
            )
        if len(counts) < 2:
            faults.append(
                f"a single class ({counts.index[0]!r}); classification needs at least two"
            )
        return faults


def _kind(path: Path, todo: str = "") -> str:
    kinds = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}
    if path.suffix.lower() not in kinds:
        raise UsageError(f"{path} ends in {path.suffix!r}; a manifest is .parquet or .csv{todo}")
    return kinds[path.suffix.lower()]


def _keys(paths: Sequence[Path]) -> list[str | None]:
    return [_key(p) for p in paths]


def _key(path: Path) -> str | None:
    try:
        return sha256_file(path)
    except OSError:
        return None
