from __future__ import annotations

import errno
import json
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from gliaboost.errors import DamagedWarning, StoreError
from gliaboost.features.store import SPEC_KEY, FeatureStore, FeatureTable, default_store
from gliaboost.seals import MARK


def rows(n: int, width: int = 3, start: int = 0) -> NDArray[np.float32]:
    return np.arange(start, start + n * width, dtype=np.float32).reshape(n, width)


def table(tmp_path: Path) -> FeatureTable:
    return FeatureStore(tmp_path).table("demo-0", {"name": "demo"})


def test_reads_back_what_was_written_in_any_order(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a", "b"], rows(2))
    t.write(["c"], rows(1, start=100))
    np.testing.assert_array_equal(t.read(["c", "a", "c"])[:, 0], [100, 0, 100])
    np.testing.assert_array_equal(table(tmp_path).read(["b"]), rows(2)[1:])


def test_a_table_that_travels_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    t = FeatureStore(Path("store")).table("demo-0", {"name": "demo"})
    t.write(["a", "b"], rows(2))
    packed = pickle.dumps(t)
    monkeypatch.chdir(tmp_path / "other")
    np.testing.assert_array_equal(pickle.loads(packed).read(["b"]), rows(2)[1:])
    at_url = FeatureTable(Path("s3://bucket/demo-0"), {"name": "demo"})
    same = pickle.loads(pickle.dumps(at_url))
    assert (same.folder, same.spec) == (at_url.folder, at_url.spec)


def test_missing_names_each_key_once_in_order(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["b"], rows(1))
    assert t.missing(["c", "b", "a", "c"]) == ["c", "a"]


def test_part_layout_is_the_contract(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a"], rows(1))
    (part,) = (tmp_path / "demo-0").iterdir()
    assert part.name.startswith("part-") and part.suffix == ".parquet"
    schema = pq.read_schema(part)
    assert str(schema.field("values").type).startswith("fixed_size_list<")
    assert schema.field("values").type.list_size == 3
    assert json.loads(schema.metadata[SPEC_KEY]) == {"name": "demo"}


def test_reading_an_absent_key_says_which(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"1 of 1 rows are not in .*first: a"):
        table(tmp_path).read(["a"])


@pytest.mark.parametrize("values", [np.zeros((1, 3)), np.zeros(3, np.float32), rows(2)])
def test_refuses_other_shapes_and_dtypes(tmp_path: Path, values: NDArray[Any]) -> None:
    with pytest.raises(StoreError, match="expected float32"):
        table(tmp_path).write(["a"], values)
    assert not list(tmp_path.rglob("*"))


def test_notes_tell_the_share_of_each_part(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a", "b"], rows(2), {"seconds": 4.0})
    assert list(t.notes(["a", "z"])) == [(1, 2, {"seconds": 4.0})]


def test_damaged_part_is_passed_over_and_said(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a"], rows(1))
    (part,) = (tmp_path / "demo-0").iterdir()
    part.write_bytes(part.read_bytes()[:-20])
    with pytest.warns(UserWarning, match="damaged"):
        assert table(tmp_path).missing(["a"]) == ["a"]


def flipped(part: Path, at: int) -> None:
    data = bytearray(part.read_bytes())
    data[at % len(data)] ^= 16
    part.write_bytes(data)


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8, 0.99])
def test_a_flipped_bit_anywhere_sets_the_part_aside(tmp_path: Path, share: float) -> None:
    t = table(tmp_path)
    t.write(["a", "b"], rows(2, width=50))
    t.write(["c"], rows(1, width=50))
    part = next(iter(t._parts))
    flipped(part, int(share * part.stat().st_size))
    with pytest.warns(
        DamagedWarning, match=f"{part.name} is damaged and is set aside as {part.name}"
    ):
        assert table(tmp_path).missing(["a", "b", "c"]) == ["a", "b"]
    assert part.with_name(f"{part.name}.damaged").is_file() and not part.exists()
    # An object that knew the part already does not believe it either.
    with pytest.raises(StoreError, match="2 of 3 rows are not in"):
        t.read(["a", "b", "c"])
    again = table(tmp_path)
    again.write(["a", "b"], rows(2, width=50))
    np.testing.assert_array_equal(again.read(["a", "b"]), rows(2, width=50))


def test_a_part_that_rots_between_two_readings_is_not_believed(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a"], rows(1, width=50))
    t.write(["a", "b"], rows(2, width=50))
    np.testing.assert_array_equal(t.read(["a"]), rows(1, width=50))
    flipped(next(iter(t._parts)), 100)
    with pytest.warns(DamagedWarning):
        np.testing.assert_array_equal(t.read(["a", "b"]), rows(2, width=50))


def test_parts_of_older_versions_have_no_seal_and_are_read(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a"], rows(1), {"seconds": 2.0})
    (part,) = (tmp_path / "demo-0").iterdir()
    pq.write_table(pq.read_table(part), part, compression="lz4", use_dictionary=False)
    assert MARK not in part.read_bytes()
    again = table(tmp_path)
    np.testing.assert_array_equal(again.read(["a"]), rows(1))
    assert list(again.notes(["a"])) == [(1, 1, {"seconds": 2.0})]


def test_what_is_no_part_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "demo-0").mkdir()
    pq.write_table(pa.table({"key": ["a"], "other": [1]}), tmp_path / "demo-0" / "part-1.parquet")
    pq.write_table(pa.table({"other": [1]}), tmp_path / "demo-0" / "part-2.parquet")
    with pytest.warns(DamagedWarning, match=r"part-2\.parquet"):
        t = table(tmp_path)
        assert t.missing(["a"]) == []
    with pytest.warns(DamagedWarning, match=r"part-1\.parquet"), pytest.raises(StoreError):
        t.read(["a"])


def test_a_part_that_may_not_be_read_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = table(tmp_path)
    t.write(["a"], rows(1))
    (part,) = (tmp_path / "demo-0").iterdir()

    def refused(path: Path, most: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    with monkeypatch.context() as patch:
        patch.setattr("gliaboost.parquet_file.read_regular", refused)
        with pytest.warns(
            DamagedWarning, match="passed over, its rows are computed again .*cannot"
        ):
            assert table(tmp_path).missing(["a"]) == ["a"]
    assert part.exists() and table(tmp_path).missing(["a"]) == []


def test_a_part_of_another_process_is_seen(tmp_path: Path) -> None:
    reader = table(tmp_path)
    assert reader.missing(["a"]) == ["a"]
    table(tmp_path).write(["a"], rows(1))
    assert reader.missing(["a"]) == []


FULL_DISK = """
import resource, signal, sys
import numpy as np
from gliaboost.errors import StoreError
from gliaboost.features.store import FeatureStore
table = FeatureStore(sys.argv[1]).table("demo-0", {})
table.write(["a"], np.zeros((1, 8), np.float32))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    noise = np.random.default_rng(0).random((64, 512), dtype=np.float32)
    table.write([f"b{i}" for i in range(64)], noise)
except StoreError as error:
    print(error)
"""


@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE on Windows")
def test_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "--store" in run.stdout and "no space left" in run.stdout
    assert len(list((tmp_path / "demo-0").iterdir())) == 1
    assert table(tmp_path).missing(["a", "b0"]) == ["b0"]


KILLED = """
import sys, numpy as np
from gliaboost.features.store import FeatureStore
table = FeatureStore(sys.argv[1]).table("demo-0", {})
print("ready", flush=True)
for i in range(10**6):
    table.write([f"{i}-{j}" for j in range(8)], np.full((8, 4096), i, np.float32))
"""


@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_kill_at_any_moment_leaves_whole_parts_alone(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    folder = tmp_path / "demo-0"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(list(folder.glob("part-*"))) < 3:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    parts = len(list(folder.glob("part-*")))
    assert parts >= 3
    t = table(tmp_path)
    keys = [f"{i}-{j}" for i in range(parts) for j in range(8)]
    assert t.missing(keys) == []
    np.testing.assert_array_equal(t.read(keys)[:, 0], np.repeat(np.arange(parts), 8))


def _race(arguments: tuple[str, int]) -> None:
    root, _ = arguments
    FeatureStore(root).table("demo-0", {}).write(["same"], np.full((1, 4), 7, np.float32))


@pytest.mark.integration
def test_sixteen_writers_may_race_on_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(_race, [(str(tmp_path), i) for i in range(16)])
    assert table(tmp_path).read(["same"]).tolist() == [[7, 7, 7, 7]]
    assert not list(tmp_path.rglob("*.tmp"))


def test_default_store_is_the_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIABOOST_STORE", "/somewhere")
    assert default_store() == Path("/somewhere")


@pytest.mark.parametrize(
    ("system", "cache", "folder"),
    [
        (Unix, "/cache", "/cache/gliaboost/features"),
        (Unix, "", "/home/reader/.cache/gliaboost/features"),
        (MacOS, "", "/home/reader/Library/Caches/gliaboost/features"),
    ],
)
def test_default_store_lies_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, system: type, cache: str, folder: str
) -> None:
    monkeypatch.delenv("GLIABOOST_STORE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    monkeypatch.setenv("HOME", "/home/reader")
    monkeypatch.setattr("platformdirs.PlatformDirs", system)
    assert default_store() == Path(folder)


def test_rows_of_today_take_the_place_of_older_ones(tmp_path: Path) -> None:
    t = table(tmp_path)
    t.write(["a", "b"], rows(2))
    assert t.older(["b", "a", "z", "a"], 2) == ["b", "a"]
    t.write(["a"], rows(1, start=500), {"decoding": 2})
    for opened in (t, table(tmp_path)):  # whatever the parts are called
        assert opened.older(["a", "b"], 2) == ["b"]
        np.testing.assert_array_equal(opened.read(["a"]), rows(1, start=500))
        assert opened.older(["a"], 3) == ["a"]


def test_a_store_of_objects_is_one(s3_folder: str, tmp_path: Path) -> None:
    store = FeatureStore(Path(s3_folder))  # which makes one slash of two
    assert store.absolute() is store and store.beside.is_absolute()
    table = store.table("demo-0", {"name": "demo"})
    assert table.missing(["a", "b"]) == ["a", "b"]
    first = table.write(["a", "b"], np.eye(2, dtype=np.float32), {"seconds": 3.0})
    assert store.holds("demo-0", first) and not store.holds("demo-0", "part-x.parquet")
    # Another process's part is seen at the next look.
    other = FeatureStore(s3_folder).table("demo-0", {"name": "demo"})
    other.write(["c"], np.full((1, 2), 7, np.float32))
    assert table.missing(["a", "c", "d"]) == ["d"]
    assert table.read(["c", "a"]).tolist() == [[7.0, 7.0], [1.0, 0.0]]
    assert [notes for _, _, notes in table.notes(["a"])] == [{"seconds": 3.0}]


@pytest.mark.parametrize("damage", ["half", "flipped", "empty", "other"])
def test_an_object_that_is_not_whole_does_not_count(s3_folder: str, damage: str) -> None:
    from gliaboost.remote import read_remote, write_remote

    table = FeatureStore(s3_folder).table("demo-0", {})
    name = table.write(["a", "b"], np.eye(2, dtype=np.float32))
    url = f"{s3_folder}/demo-0/{name}"
    data = read_remote(url)
    flipped = bytearray(data)
    flipped[20] ^= 1
    write_remote(
        url, {"half": data[:-9], "flipped": bytes(flipped), "empty": b""}.get(damage, b"x")
    )
    fresh = FeatureStore(s3_folder).table("demo-0", {})
    with pytest.warns(DamagedWarning, match="passed over"):
        assert fresh.missing(["a", "b"]) == ["a", "b"]
    fresh.write(["b"], np.full((1, 2), 7, np.float32))
    assert fresh.read(["b"]).tolist() == [[7.0, 7.0]]


def test_a_store_that_cannot_be_reached_is_told(
    s3_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = FeatureStore("s3://no-such-bucket-here/x").table("demo-0", {})
    with pytest.raises(StoreError, match=r"cannot write s3://no-such-bucket-here/x/demo-0/part-"):
        table.write(["a"], np.zeros((1, 2), np.float32))
