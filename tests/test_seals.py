"""A seal tells every altered bit, and no reader of the format sees it."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gliaboost.seals import (
    MARK,
    broken_json,
    broken_parquet,
    contents,
    sealed,
    sealed_json,
    sealed_parquet,
)


def parquet(compression: str = "snappy") -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}), made, compression=compression)
    return made.getvalue()


PLAIN = b"\x80\x04 some bytes"
TEXT = '{"a": [1, 2.5, null], "b": "é"}'
SEALED: dict[str, tuple[bytes, Callable[[bytes], bool]]] = {
    "bytes": (sealed(PLAIN), lambda data: contents(data) is None),
    "json": (sealed_json(TEXT), broken_json),
    "parquet": (sealed_parquet(parquet()), broken_parquet),
}


@pytest.mark.parametrize("kind", SEALED)
def test_every_flipped_bit_shows_or_is_in_the_mark(kind: str) -> None:
    data, broken = SEALED[kind]
    assert not broken(data)
    for at in range(8 * len(data)):
        altered = bytearray(data)
        altered[at // 8] ^= 1 << at % 8
        if broken(bytes(altered)):
            continue
        if kind == "json":  # a seal that is none any more: readers see what was written, or fail
            with contextlib.suppress(ValueError):
                assert json.loads(altered) == json.loads(TEXT)
        else:
            start = data.index(MARK)
            assert start <= at // 8 < start + len(MARK), at


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_what_has_no_seal_is_not_broken(kind: str) -> None:
    data = {"json": f"{TEXT}\n".encode(), "parquet": parquet()}[kind]
    assert not SEALED[kind][1](data)
    for short in (b"", b"{}", b"PAR1", b"\n", b" " * 40):
        assert not SEALED[kind][1](short)


@pytest.mark.parametrize("compression", ["snappy", "lz4", "none", "zstd"])
def test_parquet_is_read_by_all(compression: str) -> None:
    data = sealed_parquet(parquet(compression))
    assert pq.read_table(io.BytesIO(data)).to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    assert pd.read_parquet(io.BytesIO(data))["a"].tolist() == [1, 2, 3]


def test_a_program_that_writes_the_table_again_drops_the_seal() -> None:
    made = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(sealed_parquet(parquet()))).slice(1), made)
    assert MARK not in made.getvalue() and not broken_parquet(made.getvalue())


def test_a_footer_that_begins_elsewhere_shows() -> None:
    data = bytearray(sealed_parquet(parquet()))
    data[-8] ^= 1
    assert broken_parquet(bytes(data))


def test_json_is_the_same_to_its_readers() -> None:
    data = sealed_json(TEXT + "\n\n")
    assert json.loads(data) == json.loads(TEXT)
    assert data.decode().split("\n")[0] == TEXT
    assert len(data.decode().split("\n")[1]) == 32


def test_letters_that_are_none_are_written_as_their_bytes() -> None:
    assert json.loads(sealed_json('"a' + "\\\\" + 'x"')) == "a\\x"
    assert sealed_json('"\udc80"').startswith(b'"\\udc80"\n')


def test_an_editor_that_strips_blanks_drops_the_seal() -> None:
    edited = "\n".join(line.rstrip() for line in sealed_json(TEXT).decode().split("\n"))
    assert not broken_json(edited.replace("2.5", "3.5").encode())
