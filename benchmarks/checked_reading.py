"""What it costs to check the bytes of a store when it is read: with and without, in turns.

python -m benchmarks.checked_reading
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.measure import machine, table, take_turns, versions, write
from gliaboost.features.store import FeatureTable

ROWS, COLUMNS, PART = 9192, 720, 64


@contextmanager
def unchecked() -> Iterator[None]:
    """Take every file for whole."""
    with patch("gliaboost.parquet_file.broken_parquet", lambda _: False):
        yield


def main() -> None:
    """Measure, print and write."""
    rng = np.random.default_rng(0)
    keys = [f"{k:064x}" for k in range(ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "lbp-0"
        made = FeatureTable(place, {"name": "lbp"})
        for start in range(0, ROWS, PART):
            part = keys[start : start + PART]
            made.write(part, rng.random((len(part), COLUMNS), np.float32))
        size = sum(part.stat().st_size for part in place.iterdir())

        def read() -> None:
            FeatureTable(place, {"name": "lbp"}).read(keys)

        def look() -> None:
            FeatureTable(place, {"name": "lbp"}).missing(keys)

        def apart(call: object) -> object:
            with unchecked():
                return call()  # type: ignore[operator]

        seconds = take_turns(
            {
                "read, checked": read,
                "read, not checked": lambda: apart(read),
                "looked what is there, checked": look,
                "looked what is there, not checked": lambda: apart(look),
            },
            15,
        )
    record = {
        "command": "python -m benchmarks.checked_reading",
        "machine": machine(),
        "versions": versions(["gliaboost", "pyarrow"]),
        "rows": ROWS,
        "bytes": size,
        "seconds": {name: round(s, 4) for name, s in seconds.items()},
    }
    rows = [[name, f"{1000 * each:.0f}"] for name, each in seconds.items()]
    text = (
        "# Reading a store with its bytes checked, and without\n\n"
        f"{table(['', 'ms'], rows)}\n\n{ROWS:,} rows of {COLUMNS} values in parts of {PART}, "
        f"{size / 1e6:.0f} MB; medians, in turns (`{record['command']}`).\n"
    )
    write("checked-reading", record, text)
    print(text)


if __name__ == "__main__":
    main()
