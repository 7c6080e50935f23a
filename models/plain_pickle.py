"""Read a pickle that may hold one object of plain values, and nothing that runs."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gliaboost.errors import BundleError

# Far above any bundle; a crafted file may claim billions, and be given the memory for them.
MOST_VALUES = 1_000_000
MOST_NESTING = 32
_SCALARS = (type(None), bool, int, float, str, bytes)


def read_state(
    path: Path, module: str, name: str, others: Mapping[tuple[str, str], str] | None = None
) -> dict[str, Any]:
    """Read the attributes of the one object in a file.

    No name in the file is ever looked up: where the allowed class is meant, an empty stand-in takes
    its place, so that a crafted file cannot even alter that class.

    Parameters
    ----------
    path : pathlib.Path
        An uncompressed pickle, as `joblib.dump` writes plain objects.
    module, name : str
        The one class that the file may ask for.
    others : mapping of (module, name) to str, optional
        Classes of files of another kind, and what is then said of the file.

    Returns
    -------
    dict
        Plain values by attribute.

    Raises
    ------
    BundleError
        If the file asks for any other name, is no pickle, cut short, or holds anything but one such
        object of plain values.
    """
    data = path.read_bytes()
    _refuse_bombs(data, path)

    class Stand:
        pass

    unpickler = _Unpickler(io.BytesIO(data), path, (module, name), others or {}, Stand)
    try:
        found = unpickler.load()
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(
            f"{path} is not a gliaboost bundle, or is cut short ({type(error).__name__}); "
            "train again or copy it again"
        ) from error
    if type(found) is not Stand:
        kind = "class" if isinstance(found, type) else type(found).__name__
        raise BundleError(f"{path} is not a gliaboost bundle: it holds a {kind}")
    state = dict(vars(found))
    fault = fault_in(state)
    if fault:
        raise BundleError(f"{path} is not a gliaboost bundle: {fault}")
    return state


def plain(value: Any) -> Any:
    """Turn tuples and NumPy's scalars and arrays into lists and Python's numbers, at any depth."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    return value


def fault_in(values: Any) -> str | None:
    """Say what is not plain: None, bool, int, float, str, bytes, and lists and dicts of them.

    Examples
    --------
    >>> fault_in({"a": [1, "b", None]}) is None
    True
    >>> fault_in({"a": {1, 2}})
    'a value of type set'
    """
    seen = 0
    open_values = [(values, 0)]
    while open_values:
        value, depth = open_values.pop()
        seen += 1
        if seen > MOST_VALUES:
            return f"more than {MOST_VALUES} values"
        if depth > MOST_NESTING:
            return f"values nested more than {MOST_NESTING} deep"
        # Exact types: a subclass would carry its own methods.
        if type(value) is dict:
            open_values += [(v, depth + 1) for pair in value.items() for v in pair]
        elif type(value) is list:
            open_values += [(v, depth + 1) for v in value]
        elif type(value) not in _SCALARS:
            return f"a value of type {type(value).__name__}"
    return None


class _Unpickler(pickle.Unpickler):
    """Knows one name; every other stops the loading before it is looked up."""

    def __init__(
        self,
        file: Any,
        path: Path,
        allowed: tuple[str, str],
        others: Mapping[tuple[str, str], str],
        stand: type,
    ) -> None:
        super().__init__(file)
        self._path, self._allowed, self._others, self._stand = path, allowed, others, stand

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == self._allowed:
            return self._stand
        if (module, name) in self._others:
            raise BundleError(f"{self._path} {self._others[module, name]}")
        raise BundleError(
            f"{self._path} asks for {module}.{name}, which no bundle needs: refused, "
            "nothing was run"
        )

    def persistent_load(self, pid: Any) -> Any:
        raise BundleError(f"{self._path} refers to objects outside it: refused, nothing was run")


def _refuse_bombs(data: bytes, path: Path) -> None:
    """Refuse memo numbers that would make the unpickler claim memory for a huge table."""
    try:
        for opcode, argument, _ in pickletools.genops(data):
            puts = opcode.name in ("PUT", "BINPUT", "LONG_BINPUT")
            if puts and (argument or 0) > MOST_VALUES:
                raise BundleError(
                    f"{path} claims more than {MOST_VALUES} values: refused, nothing was run"
                )
    except ValueError:
        # Malformed from here on: the unpickler stops at the same place, and says what is wrong.
        return
