"""The table that everything starts from: one row an image."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gliaboost._compat import available_cores
from gliaboost.datasets.errors import ManifestError, UsageError
from gliaboost.datasets.files import replacing, sha256_file

COLUMNS = ("path", "label", "patient", "modality", "split", "fold", "mask", "source", "key")
LEGAL = {"modality": ("MRI", "CT"), "split": ("train", "val", "test")}
EXAMPLES_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Manifest:
    """Images and what is known of them.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image. Column ``path`` is required; ``label``, ``patient``, ``modality``
        (``MRI``/``CT``), ``split`` (``train``/``val``/``test``), ``fold``, ``mask`` (a path),
        ``source`` and ``key`` (SHA-256 of the file's bytes) may be absent or empty. Further columns are
        kept.
    root : pathlib.Path
        The folder that ``path`` and ``mask`` are relative to.
    name : str
        What errors and reports call it.

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

    @classmethod
    def of(cls, table: pd.DataFrame, root: Path | str, name: str = "manifest") -> Manifest:
        """Build from any table with a ``path`` column: known columns become text or missing."""
        if "path" not in table.columns:
            raise ManifestError(
                name, [f"no column 'path'; its columns are: {', '.join(map(str, table.columns))}"]
            )
        table = table.reset_index(drop=True).copy()
        for column in COLUMNS:
            table[column] = _text(table[column]) if column in table else _text([None] * len(table))
        rest = [c for c in table.columns if c not in COLUMNS]
        return cls(table[[*COLUMNS, *rest]], Path(root), name)

    @classmethod
    def read(cls, path: Path | str) -> Manifest:
        """Read a manifest; ``.parquet`` or ``.csv`` by its ending.

        Raises
        ------
        UsageError
            If there is no such file, or it is not a table.
        ManifestError
            If the table has no ``path`` column.
        """
        path = Path(path)
        if path.is_dir():
            raise UsageError(
                f"{path} is a folder, a manifest file was expected; make one with: "
                f"gliaboost manifest folder {path}"
            )
        if not path.exists():
            raise UsageError(f"no manifest {path}; make one with: gliaboost manifest SOURCE FOLDER")
        try:
            if path.suffix.lower() in (".parquet", ".pq"):
                table = pd.read_parquet(path)
            elif path.suffix.lower() == ".csv":
                table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
            else:
                raise UsageError(f"{path} ends in {path.suffix!r}; a manifest is .parquet or .csv")
        except UsageError:
            raise
        except Exception as error:
            raise UsageError(f"{path} is not a readable table: {_first_line(error)}") from error
        return cls.of(table, path.parent, str(path))

    def write(self, path: Path | str) -> Path:
        """Write as Parquet or CSV by the ending, whole or not at all; paths become relative to it."""
        path = Path(path)
        moved = self.relative_to(path.parent)
        with replacing(path) as temporary:
            if path.suffix.lower() in (".parquet", ".pq"):
                moved.table.to_parquet(temporary, index=False)
            elif path.suffix.lower() == ".csv":
                moved.table.to_csv(temporary, index=False)
            else:
                raise UsageError(f"{path} ends in {path.suffix!r}; a manifest is .parquet or .csv")
        return path

    def relative_to(self, root: Path | str) -> Manifest:
        """Return the same images with paths relative to another folder."""
        root = Path(root).resolve()
        table = self.table.copy()
        for column in ("path", "mask"):
            table[column] = _text(
                [None if pd.isna(p) else _relative(self.root / p, root) for p in table[column]]
            )
        return Manifest(table, root, self.name)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def paths(self) -> list[Path]:
        """The images' files, in row order."""
        return [self.root / p for p in self.table["path"]]

    @property
    def masks(self) -> list[Path | None]:
        """The masks' files, None where a row has none."""
        return [None if pd.isna(p) else self.root / p for p in self.table["mask"]]

    @property
    def classes(self) -> list[str]:
        """The labels that occur, sorted."""
        return sorted(self.table["label"].dropna().unique())

    @property
    def groups(self) -> list[str]:
        """What a split must never cut: column ``group`` if there, else the patient, else the image.

        A row without patient is a group of its own.
        """
        table = self.table
        alone = "image:" + table.index.astype(str)
        column = table["group"] if "group" in table else table["patient"]
        return [str(a) if pd.isna(g) else str(g) for g, a in zip(column, alone, strict=True)]

    @property
    def has_patients(self) -> bool:
        """Whether at least one row names its patient."""
        return bool(self.table["patient"].notna().any())

    def with_keys(self, jobs: int | None = None) -> Manifest:
        """Fill ``key`` with the SHA-256 of each file; unreadable files keep a missing key."""
        with ThreadPoolExecutor(jobs or available_cores()) as pool:
            keys = list(pool.map(_key, self.paths))
        return Manifest(self.table.assign(key=_text(keys)), self.root, self.name)

    def fingerprint(self) -> str:
        """Hash content, not place: keys, labels, patients and folds, in any row order.

        Returns
        -------
        str
            64 hexadecimal digits. Rows without a key enter by their path.
        """
        t = self.table
        identity = t["key"].where(t["key"].notna(), t["path"])
        rows = zip(identity, t["label"], t["patient"], t["fold"], t["split"], strict=True)
        lines = sorted("\t".join("" if pd.isna(v) else str(v) for v in row) for row in rows)
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
        t = self.table
        faults: list[str] = []
        if not len(t):
            return ["no rows; a manifest needs at least one image"]

        def add(bad: Any, what: str, todo: str) -> None:
            rows = t.loc[list(bad) if not isinstance(bad, pd.Series) else bad, "path"]
            if len(rows):
                faults.append(f"{what} ({_several(rows)}); {todo}")

        add(t["path"].isna(), "rows without a path", "name a file or remove the row")
        duplicated = t["path"].notna() & t["path"].duplicated(keep=False)
        add(duplicated, "the same path in several rows", "keep one row an image")
        present = t["path"].notna()
        add(
            [i for i in t.index[present] if not (self.root / t.at[i, "path"]).is_file()],
            f"files that are not there, seen from {self.root.resolve()}",
            "paths are relative to the manifest's folder",
        )
        add(
            [
                i
                for i in t.index[present]
                if (f := self.root / t.at[i, "path"]).is_file() and not os.access(f, os.R_OK)
            ],
            "files without permission to read",
            "chmod +r them",
        )
        masked = t["mask"].notna()
        add(
            [i for i in t.index[masked] if not (self.root / t.at[i, "mask"]).is_file()],
            "masks that are not there",
            "correct or empty their mask column",
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
            f"{len(cut)} patient(s) in more than one {column} ({_several(cut)}); "
            "all images of a patient belong on one side"
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
                f"rows without a label ({_several(t.loc[empty, 'path'])}); label or remove them"
            )
        counts = t["label"].value_counts()
        once = sorted(counts.index[counts < 2])
        if once:
            faults.append(
                f"labels that occur once ({_several(once)}); no fold can hold them in training and "
                "in test: add images, merge or remove the class"
            )
        if len(counts) < 2:
            faults.append(
                f"a single class ({counts.index[0]!r}); classification needs at least two"
            )
        return faults


def _text(values: Iterable[Any]) -> pd.Series[str]:
    """Text with missing values; whole numbers lose the '.0' that a missing neighbour gave them."""

    def one(value: Any) -> str | None:
        if value is None or value is pd.NA or (isinstance(value, float) and value != value):
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = str(value).strip()
        return text or None

    return pd.Series([one(v) for v in values], dtype="str")


def _relative(path: Path, root: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), root)).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _key(path: Path) -> str | None:
    try:
        return sha256_file(path)
    except OSError:
        return None


def _several(values: Sequence[Any] | pd.Series[Any] | Iterable[Any]) -> str:
    shown = [str(v) for v in values]
    more = len(shown) - EXAMPLES_SHOWN
    text = ", ".join(shown[:EXAMPLES_SHOWN])
    return f"{text} and {more} more" if more > 0 else text


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
