"""The content-addressed feature cache: Parquet parts that appear whole or not at all."""

from __future__ import annotations

import json
import os
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import DamagedFileError, DamagedWarning, StoreError
from gliaboost.features.key_index import KeyIndex
from gliaboost.files import set_aside
from gliaboost.parquet_file import parquet_bytes, read_parquet, write_parquet
from gliaboost.regular_files import is_regular
from gliaboost.remote import as_url, listed, shown, write_remote

if TYPE_CHECKING:
    import pyarrow as pa

SPEC_KEY = b"gliaboost.spec"
NOTES_KEY = b"gliaboost.notes"


def default_store() -> Path:
    """Return where features are kept when nobody says otherwise.

    Returns
    -------
    pathlib.Path
        ``$GLIABOOST_STORE``, else ``features`` in gliaboost's own folder of the user's cache, where
        the system keeps it: on Linux ``$XDG_CACHE_HOME/gliaboost`` or ``~/.cache/gliaboost``.
    """
    named = os.environ.get("GLIABOOST_STORE")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("gliaboost", appauthor=False) / "features"


class FeatureTable:
    """All stored rows of one fingerprint: a folder of Parquet parts.

    Each part has a text column ``key`` and a ``FixedSizeList<float32>`` column ``values``. A part
    is written beside its final name and renamed, so readers need no lock, several processes may
    fill one table, and a kill loses at most the part in flight. All bytes of a part are checked
    whenever it is read; one that a disk altered is set aside, and its rows are missing again. The
    folder may be a URL's: no object is renamed there, a part is written once under its own name,
    and one that is not whole is passed over.

    Parameters
    ----------
    folder : pathlib.Path
        ``STORE/<fingerprint>``; made at the first write.
    spec : mapping
        Plain values that describe what computed the rows; kept in each part's schema metadata.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> table = FeatureTable(pathlib.Path(tempfile.mkdtemp()) / "demo-0", {"name": "demo"})
    >>> _ = table.write(["a", "b"], np.eye(2, dtype=np.float32))
    >>> table.missing(["a", "c", "c"])
    ['c']
    >>> table.read(["b", "a"]).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """

    def __init__(self, folder: Path, spec: Mapping[str, Any]) -> None:
        self.folder = folder
        self.spec = spec
        self._forget()
        self._damaged: set[Path] = set()

    def __reduce__(self) -> tuple[type[FeatureTable], tuple[Path, dict[str, Any]]]:
        # Another process may stand in another folder, and reads by itself which rows there are.
        folder = self.folder if as_url(self.folder) else self.folder.absolute()
        return type(self), (folder, dict(self.spec))

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Return the keys without a row, each once, in the order given."""
        self._refresh()
        asked = list(dict.fromkeys(keys))
        parts, _ = self._index.find(asked)
        return [asked[i] for i in np.flatnonzero(parts < 0)]

    def write(
        self,
        keys: Sequence[str],
        values: NDArray[np.float32],
        notes: Mapping[str, Any] | None = None,
    ) -> str:
        """Add rows as one new part, under a name that no other has; return the name.

        Parameters
        ----------
        keys : sequence of str
            One a row.
        values : float32 array [N, D]
            The rows.
        notes : mapping, optional
            Plain values about this part, such as the seconds it took (see `notes`).

        Raises
        ------
        StoreError
            If the disk is full or may not be written; nothing half-written is left.
        """
        import pyarrow as pa

        if values.dtype != np.float32 or values.ndim != 2 or len(values) != len(keys):
            raise StoreError(
                f"{len(keys)} keys with values {values.dtype} {list(values.shape)}; "
                f"expected float32 [{len(keys)}, D]"
            )
        schema = pa.schema(
            [("key", pa.string()), ("values", pa.list_(pa.float32(), values.shape[1]))],
            metadata={
                SPEC_KEY: json.dumps(self.spec, sort_keys=True).encode(),
                NOTES_KEY: json.dumps(dict(notes or {}), sort_keys=True).encode(),
            },
        )
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        table = pa.table(
            [pa.array(list(keys)), pa.FixedSizeListArray.from_arrays(flat, values.shape[1])],
            schema=schema,
        )
        part = self.folder / f"part-{uuid.uuid4().hex}.parquet"
        _write(table, part)
        self._enter(part, keys, notes or {})
        return part.name

    def older(self, keys: Sequence[str], decoding: int) -> list[str]:
        """Return the keys whose rows come from pixels of an older way of decoding, each once.

        Parameters
        ----------
        keys : sequence of str
            Some may have no row.
        decoding : int
            The way of today; a part's own is its note ``decoding``, 1 where it has none.
        """
        self._refresh()
        asked = list(dict.fromkeys(keys))
        parts, _ = self._index.find(asked)
        old = [n for n, part in enumerate(self._parts.values()) if part.decoding < decoding]
        return [asked[i] for i in np.flatnonzero(np.isin(parts, old))]

    def read(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Return the rows of these keys, in this order; keys may repeat.

        Returns
        -------
        float32 array [N, D]

        Raises
        ------
        StoreError
            If a key has no row, or the part that had it is damaged.
        """
        parts, rows = self._index.find(keys)
        if (parts < 0).any():  # another process may have written them since the last look
            absent = self.missing(keys)
            if absent:
                raise StoreError(
                    f"{len(absent)} of {len(keys)} rows are not in {shown(self.folder)} (first: "
                    f"{absent[0]}); extract them first"
                )
            parts, rows = self._index.find(keys)
        known = list(self._parts)
        result: NDArray[np.float32] | None = None
        for number in dict.fromkeys(parts.tolist()):
            part, targets = known[number], np.flatnonzero(parts == number)
            try:
                values = _values(part, self._parts[part].rows)
                if result is not None and values.shape[1] != result.shape[1]:
                    raise DamagedFileError(part, f"its rows have {values.shape[1]} values")
            except (DamagedFileError, OSError) as error:
                self._leave(part, error)
                self._forget()
                return self.read(keys)  # another part may have the rows too
            if result is None:
                result = np.empty((len(keys), values.shape[1]), np.float32)
            result[targets] = values[rows[targets]]
        return np.empty((0, 0), np.float32) if result is None else result

    def notes(self, keys: Sequence[str]) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Give, for each part with some of `keys`, how many, of how many rows, and its notes."""
        self._refresh()
        numbers, _ = self._index.find(list(dict.fromkeys(keys)))
        parts = list(self._parts.values())
        for number, used in Counter(numbers[numbers >= 0].tolist()).items():
            yield used, parts[number].rows, dict(parts[number].notes)

    def _refresh(self) -> None:
        """Enter the parts that appeared since the last look, and set aside what is damaged."""
        for part in _parts_in(self.folder):
            if part in self._parts or part in self._damaged:
                continue
            try:
                self._enter(part, *_keys(part))
            except (DamagedFileError, OSError) as error:
                self._leave(part, error)

    def _forget(self) -> None:
        self._index = KeyIndex()
        self._parts: dict[Path, _Part] = {}  # in the order of their numbers in the index

    def _enter(self, part: Path, keys: Sequence[str], notes: Mapping[str, Any]) -> None:
        entered = _Part(len(keys), dict(notes), int(notes.get("decoding", 1)))
        self._index.enter(keys, len(self._parts), entered.decoding)
        self._parts[part] = entered

    def _leave(self, part: Path, error: DamagedFileError | OSError) -> None:
        absent = isinstance(error, FileNotFoundError)
        if isinstance(error, OSError) and not absent and as_url(part):
            # A network that fails says nothing of the part.
            raise StoreError(
                f"cannot read {shown(part)}: {error.strerror or error}; see that it answers, "
                "and run the same again: what was done stays"
            ) from error
        self._damaged.add(part)
        if isinstance(error, DamagedFileError):
            set_aside(error, "its rows are computed again", stacklevel=5)
        elif not isinstance(error, FileNotFoundError):  # else another process set it aside
            why = f"it cannot be read: {error.strerror or error}"
            warned = DamagedWarning(part, why, None, "its rows are computed again")
            warnings.warn(warned, stacklevel=4)


@dataclass(frozen=True)
class _Part:
    """What is known of a part beside its rows."""

    rows: int
    notes: dict[str, Any]
    decoding: int


class FeatureStore:
    """A folder of feature tables, one for each fingerprint.

    Parameters
    ----------
    root : path-like, optional
        A folder, or a URL such as ``s3://BUCKET/FOLDER``. Default: `default_store`.

    Examples
    --------
    >>> FeatureStore("store").path.name
    'store'
    """

    def __init__(self, root: Path | str | None = None) -> None:
        self.root = root

    @cached_property
    def path(self) -> Path:
        """The folder."""
        return default_store() if self.root is None else Path(self.root)

    def absolute(self) -> FeatureStore:
        """Return the same store, under a name that is right in every process."""
        return self if as_url(self.path) else FeatureStore(self.path.absolute())

    def holds(self, fingerprint: str, part: str) -> bool:
        """Whether a part that `FeatureTable.write` named is seen from here."""
        return is_regular(self.path / fingerprint / part)

    @property
    def beside(self) -> Path:
        """The folder for what is kept beside the features: the store's own, of a URL a cache's."""
        if not as_url(self.path):
            return self.path
        import platformdirs

        return platformdirs.user_cache_path("gliaboost", appauthor=False) / "features"

    def table(self, fingerprint: str, spec: Mapping[str, Any]) -> FeatureTable:
        """Open the table of one fingerprint; it may be empty still."""
        return FeatureTable(self.path / fingerprint, spec)


_REMEDY = "rows already stored are kept. Free space, or name another folder with --store"


def _write(table: pa.Table, part: Path) -> None:
    how: dict[str, Any] = {"compression": "lz4", "use_dictionary": False}
    url = as_url(part)
    if url is None:
        write_parquet(table, part, kind=StoreError, remedy=_REMEDY, **how)
        return
    try:
        write_remote(url, parquet_bytes(table, **how))
    except OSError as error:
        raise StoreError(f"cannot write {url}: {error.strerror or error}; {_REMEDY}") from error


def _parts_in(folder: Path) -> list[Path]:
    """List the parts, in one call."""
    url = as_url(folder)
    if url is None:
        return sorted(folder.glob("part-*.parquet")) if folder.is_dir() else []
    try:
        names = listed(url)
    except OSError as error:
        raise StoreError(
            f"cannot list {url}: {error.strerror or error}; see that it can be reached, or name "
            "another store with --store"
        ) from error
    return [folder / n for n in names if n.startswith("part-") and n.endswith(".parquet")]


def _keys(part: Path) -> tuple[list[str], dict[str, Any]]:
    """Read a part's keys and notes."""
    table = read_parquet(part, ["key"])
    with _expected(part):
        notes = json.loads((table.schema.metadata or {}).get(NOTES_KEY, b"{}"))
        return [str(key) for key in table.column("key").to_pylist()], dict(notes)


def _values(part: Path, rows: int) -> NDArray[np.float32]:
    """Read a part's values, [rows, D]."""
    table = read_parquet(part)
    with _expected(part):
        column = table.column("values").combine_chunks()
        values: NDArray[np.float32] = column.flatten().to_numpy()
        return values.reshape(rows, column.type.list_size)


@contextmanager
def _expected(part: Path) -> Iterator[None]:
    """Take what is no part of a store for a damaged one: parts of old versions have no seal."""
    try:
        yield
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise DamagedFileError(part, f"it is no part of a store, {error}") from error
