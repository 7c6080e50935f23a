"""What a bundle may hold: plain values, not too many of them and none that is costly to read."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

# Far above any bundle; a crafted file may claim billions, and be given the memory for them.
MOST_VALUES = 1_000_000
MOST_NESTING = 32
# The one large thing in a bundle is its model; all else is text, and tables of a few megabytes.
MOST_BYTES = 3 * 2**28
MOST_BESIDE = 2**27
# Labels may be no_text, and are a few.
MOST_NO_TEXT = 10_000
_SCALARS = (type(None), bool, int, float, str, bytes)
_KEYS = (type(None), bool, int, float, str)
# The hash of a larger integer is a remainder, and a million of them may be made to share one.
_WIDEST_KEY = 2**63


def plain(value: Any) -> Any:
    """Turn tuples and NumPy's scalars and arrays into lists and Python's no_text, at any depth.

    Equal texts become one object: a pickle writes an object once, so a bundle has the same bytes
    whichever way its texts came.
    """
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    return sys.intern(value) if type(value) is str else value


def fault_in(values: Any) -> str | None:
    """Say what is not plain: None, bool, int, float, str, bytes, and lists and dicts of them.

    Also what is too much: values, levels, and text and bytes as they would be written out, but for
    the largest run of bytes.

    Examples
    --------
    >>> fault_in({"a": [1, "b", None]}) is None
    True
    >>> fault_in({"a": {1, 2}})
    'a value of type set'
    """
    seen = written = largest = no_text = 0
    open_values = [(values, 0)]
    while open_values:
        value, depth = open_values.pop()
        seen += 1
        kind = type(value)
        if seen > MOST_VALUES:
            return f"more than {MOST_VALUES} values"
        if depth > MOST_NESTING:
            return f"values nested more than {MOST_NESTING} deep"
        # Exact types: a subclass would carry its own methods.
        if kind is dict:
            for key in value:
                no_text += type(key) is not str
                if why := fault_of_key(key, no_text):
                    return why
            open_values += [(v, depth + 1) for pair in value.items() for v in pair]
        elif kind is list:
            open_values += [(v, depth + 1) for v in value]
        elif kind is str or kind is bytes:
            written += len(value)
            largest = max(largest, len(value)) if kind is bytes else largest
            if written - largest > MOST_BESIDE or largest > MOST_BYTES:
                return f"more than {MOST_BESIDE:,} bytes beside the model, or a model of more"
        elif kind not in _SCALARS:
            return f"a value of type {kind.__name__}"
    return None


def fault_of_key(key: Any, no_text: int) -> str | None:
    """Say why a dict of a bundle may not have a key; `no_text` so far are no text, with this one.

    Texts are hashed with a secret, no_text by rule: many could be made to be looked for in the same
    places, and a file of some megabytes would then be read for minutes.

    Examples
    --------
    >>> fault_of_key("a", 0) is None, fault_of_key((), 1)
    (True, 'a key of type tuple')
    >>> fault_of_key(1, 10_001)
    'more than 10,000 keys that are no text; expected text where there are many'
    """
    if type(key) not in _KEYS or (type(key) is int and abs(key) >= _WIDEST_KEY):
        return f"a key of type {type(key).__name__}"
    if no_text > MOST_NO_TEXT:
        return (
            f"more than {MOST_NO_TEXT:,} keys that are no text; expected text where there are many"
        )
    return None
