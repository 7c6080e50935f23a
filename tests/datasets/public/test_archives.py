from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.public.archives import Limits, extract, is_archive, stem
from gliaboost.errors import ArchiveError
from gliaboost.files import replacing_folder

ESCAPES = [
    "../evil.png",
    "a/../../evil.png",
    "/evil.png",
    "..\\evil.png",
    "C:\\evil.png",
    "c:evil.png",
    "a/..",
    "a\nb.png",
]


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members.items():
            z.writestr(name, content)
    return path


def make_tar(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as t:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))
    return path


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> None:
    """Unpack whole or not at all, as `fetch` does."""
    with replacing_folder(folder) as temporary:
        extract(archive, temporary, limits)


MAKERS = {"a.zip": make_zip, "a.tar.gz": make_tar}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()
    }


def assert_refused(archive: Path, match: str, limits: Limits | None = None) -> None:
    """Nothing is written beside the archive, and a folder of that name stays what it was."""
    around = archive.parent
    target = around / "target"
    target.mkdir()
    (target / "old").write_bytes(b"old")
    before = tree(around)
    with pytest.raises(ArchiveError, match=match):
        unpack(archive, target, limits)
    assert tree(around) == before
    assert sorted(f.name for f in around.iterdir()) == sorted([archive.name, "target"])


@pytest.mark.parametrize("name", MAKERS)
def test_unpacks(tmp_path: Path, name: str) -> None:
    members = {"Training/glioma/1.png": b"one", "./Testing/2.png": b"", "notes.txt": b"three"}
    archive = MAKERS[name](tmp_path / name, members)
    assert is_archive(archive)
    unpack(archive, tmp_path / "target")
    assert tree(tmp_path / "target") == {k.removeprefix("./"): v for k, v in members.items()}


def test_folders_and_resource_forks(tmp_path: Path) -> None:
    archive = make_zip(
        tmp_path / "a.zip", {"empty/": b"", "x/1.png": b"1", "__MACOSX/x/._1.png": b"f"}
    )
    unpack(archive, tmp_path / "target")
    assert tree(tmp_path / "target") == {"x/1.png": b"1"}
    assert (tmp_path / "target" / "empty").is_dir()


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("name", MAKERS)
def test_no_member_escapes(tmp_path: Path, name: str, escape: str) -> None:
    archive = MAKERS[name](tmp_path / name, {"good.png": b"good", escape: b"evil"})
    assert_refused(archive, "would leave")


def test_zip_link(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as z:
        z.writestr("good.png", b"good")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        z.writestr(link, "/etc")
    assert_refused(tmp_path / "a.zip", "'link' is a link")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_tar_link(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as t:
        info = tarfile.TarInfo("good.png")
        t.addfile(info)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = kind, "good.png"
        t.addfile(link)
        below = tarfile.TarInfo("link/below.png")
        t.addfile(below)
    assert_refused(tmp_path / "a.tar", "'link' is a link")


@pytest.mark.parametrize("name", MAKERS)
def test_bomb(tmp_path: Path, name: str) -> None:
    archive = MAKERS[name](tmp_path / name, {"1.png": b"1", "bomb": bytes(10**7)})
    assert archive.stat().st_size < 20_000
    assert_refused(archive, "more than 1,000,000 bytes", Limits(size=10**6))


@pytest.mark.parametrize("name", MAKERS)
def test_bomb_in_many_parts(tmp_path: Path, name: str) -> None:
    archive = MAKERS[name](tmp_path / name, {f"{i}": bytes(10**5) for i in range(11)})
    assert_refused(archive, "more than 1,000,000 bytes", Limits(size=10**6))


@pytest.mark.parametrize("name", MAKERS)
def test_too_many_members(tmp_path: Path, name: str) -> None:
    archive = MAKERS[name](tmp_path / name, {f"{i}/": b"" for i in range(11)})
    assert_refused(archive, "more than 10 members", Limits(files=10))


@pytest.mark.parametrize("name", MAKERS)
def test_limits_themselves_are_allowed(tmp_path: Path, name: str) -> None:
    archive = MAKERS[name](tmp_path / name, {f"{i}": bytes(100) for i in range(10)})
    unpack(archive, tmp_path / "target", Limits(size=1000, files=10))
    assert len(tree(tmp_path / "target")) == 10


def test_zip_that_lies_about_sizes(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"bomb": bytes(10**6)})
    true, false = (10**6).to_bytes(4, "little"), (10).to_bytes(4, "little")
    content = archive.read_bytes()
    assert content.count(true) == 2
    archive.write_bytes(content.replace(true, false))
    assert_refused(archive, "broken archive", Limits(size=1000))


@pytest.mark.parametrize("name", MAKERS)
def test_inner_archives(tmp_path: Path, name: str) -> None:
    deepest = make_zip(tmp_path / "deepest.zip", {"3.mat": b"3"}).read_bytes()
    inner = make_zip(tmp_path / "inner.zip", {"1.mat": b"1", "deep.zip": deepest}).read_bytes()
    archive = MAKERS[name](tmp_path / name, {"x/1-766.zip": inner, "cvind.mat": b"c"})
    unpack(archive, tmp_path / "target")
    assert tree(tmp_path / "target") == {
        "cvind.mat": b"c",
        "x/1-766/1.mat": b"1",
        "x/1-766/deep.zip": deepest,
    }


def test_inner_archives_share_the_limits(tmp_path: Path) -> None:
    around = tmp_path / "around"
    around.mkdir()
    inner = make_zip(tmp_path / "inner.zip", {"bomb": bytes(10**6)}).read_bytes()
    archive = make_zip(around / "a.zip", {f"{i}.zip": inner for i in range(3)})
    assert_refused(archive, "more than 2,500,000 bytes", Limits(size=2_500_000))


def test_inner_archive_may_not_escape(tmp_path: Path) -> None:
    around = tmp_path / "around"
    around.mkdir()
    inner = make_zip(tmp_path / "inner.zip", {"../../evil": b"evil"}).read_bytes()
    assert_refused(make_zip(around / "a.zip", {"inner.zip": inner}), "would leave")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["1.png", "./1.png", "1.png/below"])
def test_two_members_in_one_place(tmp_path: Path, second: str) -> None:
    archive = make_zip(tmp_path / "a.zip", {"1.png": b"one", second: b"two"})
    if second == "1.png":
        with zipfile.ZipFile(archive, "a") as z:
            z.writestr("1.png", b"two")
    assert_refused(archive, "two members have one place")


def test_encrypted(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"1.png": b"one"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)
    assert_refused(archive, "encrypted")


@pytest.mark.parametrize("name", MAKERS)
def test_cut_archive(tmp_path: Path, name: str) -> None:
    content = bytes(range(256)) * 1000
    archive = MAKERS[name](tmp_path / name, {"1.png": content, "2.png": content[::-1]})
    archive.write_bytes(archive.read_bytes()[:-700])
    assert_refused(archive, "broken archive|no zip or tar")


def test_wrong_bytes(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "a.zip", {"1.png": b"good", "2.png": b"x" * 1000})
    content = bytearray(archive.read_bytes())
    content[37] ^= 0xFF
    archive.write_bytes(content)
    assert_refused(archive, "broken archive")


def test_no_archive(tmp_path: Path) -> None:
    (tmp_path / "page.zip").write_bytes(b"<html>log in first</html>")
    assert not is_archive(tmp_path / "page.zip")
    assert_refused(tmp_path / "page.zip", "no zip or tar archive")


def test_stem() -> None:
    assert [stem(n) for n in ("a.tar.gz", "A.ZIP", "v.nii.gz", ".zip")] == [
        "a",
        "A",
        "v.nii.gz",
        ".zip",
    ]


def tar_header(name: bytes, size: int, kind: bytes) -> bytes:
    head = bytearray(512)
    head[: len(name)] = name
    head[100:108], head[108:116], head[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    head[124:136] = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    head[136:148], head[156:157], head[257:265] = b"00000000000\0", kind, b"ustar  \0"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def bombs() -> dict[str, bytes]:
    """Small archives whose names, notes or lists claim much, packed where that makes them small."""
    long, member = bytes(60_000_000), tar_header(b"a.png", 4, b"0") + bytes(512)
    sparse = bytearray(tar_header(b"a.png", 0, b"S"))
    sparse[482] = 1
    sparse[148:156] = b" " * 8
    sparse[148:156] = b"%06o\0 " % sum(sparse)
    more = (b"00000000001\0" * 42 + b"\1" + bytes(7)) * 100_000
    found = {}
    for name, kind in (("name", b"L"), ("link", b"K"), ("notes", b"x"), ("all notes", b"g")):
        packer = zlib.compressobj(9, wbits=31)
        packed = packer.compress(tar_header(b"././@LongLink", len(long), kind))
        packed += packer.compress(long) + packer.compress(member * 3) + packer.flush()
        found[f"{name}.tar.gz"] = packed
    found["size.tar"] = tar_header(b"././@LongLink", 2**40, b"L") + member
    found["holes.tar.gz"] = gzip.compress(bytes(sparse) + more + member, 1)
    found["folders.tar.gz"] = gzip.compress(tar_header(b"a/", 0, b"5") * 6_000, 1)
    listed = b"PK\1\2" + bytes(24) + b"\1\0" + bytes(16) + b"a"
    count = 1_500_000
    end = b"PK\5\6" + bytes(4) + b"\xff\xff" * 2 + struct.pack("<II", len(listed) * count, 0)
    found["many.zip"] = listed * count + end + b"\0\0"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as z:
        for n in range(9):
            with z.open(f"{n}.png", "w", force_zip64=True) as f:
                for _ in range(12):
                    f.write(bytes(10**7))
    found["zeros.zip"] = file.getvalue()
    return found


@pytest.mark.integration
def test_bombs_take_little_memory(tmp_path: Path, trial: Any) -> None:
    files = []
    for name, data in bombs().items():
        files.append(tmp_path / name)
        files[-1].write_bytes(data)
    reads = """
import tempfile
from pathlib import Path
from gliaboost.datasets.public.archives import Limits, extract, is_archive
def read(file):
    is_archive(Path(file))
    with tempfile.TemporaryDirectory() as folder:
        extract(Path(file), Path(folder), Limits(size=10**9, files=5_000))
"""
    found = trial.read(reads, files)
    assert {o.error for o in found} <= {"ArchiveError"}, found
    # A zip's list is read whole: of as many members as may be unpacked.
    grown = {file.name: o.grown for file, o in zip(files, found, strict=True)}
    assert grown.pop("many.zip") < 10**9
    assert max(grown.values()) < 4 * 10**7, grown
