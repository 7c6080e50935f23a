"""``results.json``: written whole or not at all, and read with all its faults told at once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.errors import DamagedFileError, ResultsError
from gliaboost.json_file import read_json_text, write_json
from gliaboost.reports.protocol.record import SCHEMA, RunRecord
from gliaboost.reports.protocol.record_faults import faults
from gliaboost.reports.protocol.schema_1 import converted

if TYPE_CHECKING:
    from pydantic import ValidationError

FILE = "results.json"
REMEDY = "run gliaboost benchmark again"
# What is quoted of a wrong value.
QUOTED = 60
# Of a file, in bytes: some twenty times what the largest run so far wrote. Of faults: more
# than these are only counted.
MOST_RECORD, MOST_FAULTS = 4 * 2**20, 1000
# How JSON escapes a byte of a file's name that is not UTF-8; readers refuse it.
_HALF_A_LETTER = re.compile(r"(?<!\\)(?<!\\ud[89ab][0-9a-f]{2})\\udc([89a-f][0-9a-f])")


def to_json(record: RunRecord) -> str:
    """Return the text of ``results.json``.

    Raises
    ------
    ValueError
        If a number is not finite: JSON has no word for it.
    """
    text = json.dumps(asdict(record), indent=1, allow_nan=False) + "\n"
    return _HALF_A_LETTER.sub(r"\\\\x\1", text)


def write_record(folder: Path, record: RunRecord) -> None:
    """Write ``results.json`` into a results' folder, whole or not at all."""
    text = to_json(record)
    write_json(text, folder / FILE)


def read_record(folder: Path) -> RunRecord:
    """Read ``results.json`` of this schema or an older one.

    Parameters
    ----------
    folder : pathlib.Path
        Where ``gliaboost benchmark`` wrote.

    Raises
    ------
    ResultsError
        If there is no run, one of a newer schema, or a damaged one; it lists every fault.
    """
    path = folder / FILE
    try:
        text = read_json_text(path, MOST_RECORD)
    except FileNotFoundError:
        raise ResultsError(
            str(folder),
            [f"no {FILE} in it"],
            "name the folder that gliaboost benchmark --out wrote",
        ) from None
    except DamagedFileError as error:
        raise ResultsError(str(path), [f"it is damaged: {error.reason}"], REMEDY) from None
    except OSError as error:
        raise ResultsError(str(path), [f"it cannot be read ({error})"], REMEDY) from None
    try:
        saved = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultsError(str(path), [f"it is no JSON ({error})"], REMEDY) from None
    schema = saved.get("schema") if isinstance(saved, dict) else None
    if schema == 1:
        text = json.dumps(converted(saved))
    elif schema != SCHEMA:
        newer = isinstance(schema, int) and schema > SCHEMA
        raise ResultsError(
            str(path),
            [f"schema: it is {schema!r}, this gliaboost reads 1 and {SCHEMA}"],
            "install the gliaboost that wrote it, or a newer one" if newer else REMEDY,
        )
    return parsed(text, str(path))


def parsed(text: str, source: str) -> RunRecord:
    """Make a record of the text of ``results.json``, schema 2.

    Raises
    ------
    ResultsError
        If it is none; it lists every fault with its place.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        record = TypeAdapter(RunRecord).validate_json(text)
        found = faults(record)
    except ValidationError as error:
        found = [
            f"{place(fault['loc'])}: {_said(fault['type'], fault['msg'], fault['input'])}"
            for fault in shown_errors(error)
        ]
    if found:
        raise ResultsError(source, found, REMEDY)
    return record


def shown_errors(error: ValidationError) -> list[Any]:
    """List a file's faults; very many are counted, as each takes a kilobyte."""
    if error.error_count() <= MOST_FAULTS:
        return list(error.errors(include_url=False))
    said = f"{error.error_count():,} faults; expected what gliaboost benchmark writes"
    return [{"loc": ("file",), "type": "many", "msg": said, "input": None}]


def place(steps: Sequence[int | str]) -> str:
    """Write where something stands in JSON.

    Examples
    --------
    >>> place(["experiments", 2, "seconds", "fit"]), place(["dataset", "unreadable", "a.png"])
    ('experiments[2].seconds.fit', "dataset.unreadable['a.png']")
    """
    said = "".join(
        f".{s}" if isinstance(s, str) and s.isidentifier() else f"[{s!r}]" for s in steps
    )
    return said.removeprefix(".")


def _said(kind: str, message: str, seen: Any) -> str:
    if kind == "missing":
        return "it is missing"
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return "no such field is known"
    text = json.dumps(seen)
    shown = text if len(text) <= QUOTED else f"{text[:QUOTED]}…"
    return f"{message.replace('Input should be', 'expected', 1)}, seen {shown}"
