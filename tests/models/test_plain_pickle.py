from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.errors import BundleError
from gliaboost.models.plain_pickle import read_state
from gliaboost.models.plain_values import MOST_VALUES, fault_in


class Thing:
    """What the file may hold."""


class Other:
    pass


def dumped(folder: Path, found: Any, protocol: int = 4) -> Path:
    path = folder / "m.joblib"
    path.write_bytes(pickle.dumps(found, protocol))
    return path


def read(path: Path) -> dict[str, Any]:
    return read_state(path, __name__, "Thing")


def thing(**values: Any) -> Thing:
    made = Thing()
    vars(made).update(values)
    return made


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=40)
@given(state=st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), values, max_size=4))
def test_plain_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, state: dict[str, Any]
) -> None:
    assert read(dumped(tmp_path_factory.getbasetemp(), thing(**state))) == state
    assert fault_in(state) is None


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol_and_joblib_are_read(tmp_path: Path, protocol: int) -> None:
    assert read(dumped(tmp_path, thing(a=[1, "b"]), protocol)) == {"a": [1, "b"]}
    joblib.dump(thing(a=b"c"), tmp_path / "j.joblib")
    assert read(tmp_path / "j.joblib") == {"a": b"c"}


class Attack:
    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (Attack(), r"asks for posix\.mkdir, which no bundle needs: refused, nothing was run"),
        (thing(a=Attack()), "refused"),
        (Other(), "asks for .*Other"),
        (thing(a=Other()), "asks for .*Other"),
        (thing(a=np.float64(1)), "asks for numpy"),
        ({"a": 1}, "it holds a dict"),
        (Thing, "it holds a class"),
        (thing(a=(1, 2)), "a value of type tuple"),
        (thing(a={1}), "a value of type set"),
        (thing(a={(1, 2): 3}), "a value of type tuple"),
        (thing(a=thing()), "a value of type Stand"),
    ],
)
def test_anything_else_is_refused_before_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Any, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match=message):
        read(dumped(tmp_path, found))
    assert not (tmp_path / "ran").exists()


def test_the_class_itself_is_never_touched(tmp_path: Path) -> None:
    # The class; state {"spoilt": True}; BUILD, which would set it on the class.
    crafted = b"c" + f"{__name__}\nThing\n".encode() + b"}X\x06\0\0\0spoilt\x88sb."
    path = tmp_path / "m.joblib"
    path.write_bytes(crafted)
    with pytest.raises(BundleError, match="it holds a class"):
        read(path)
    assert not hasattr(Thing, "spoilt")


@pytest.mark.parametrize("module", ["os", "zlib"])
def test_a_class_of_that_name_elsewhere_is_another(tmp_path: Path, module: str) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(b"c" + module.encode() + b"\nThing\n)\x81}b.")
    with pytest.raises(BundleError, match=rf"asks for {module}\.Thing, which no bundle needs"):
        read(path)


@pytest.mark.parametrize("data", [b"", b"no pickle", b"\x80\x04."])
def test_no_pickle_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(data)
    with pytest.raises(BundleError, match=r"not a gliaboost bundle, or is cut short"):
        read(path)


def test_objects_outside_the_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.joblib"
    path.write_bytes(b"Pelsewhere\n.")
    with pytest.raises(BundleError, match="refers to objects outside it"):
        read(path)


def test_a_memo_number_that_would_take_gigabytes_is_refused(tmp_path: Path) -> None:
    def put(number: int) -> bytes:
        return b"r" + number.to_bytes(4, "little")

    path = tmp_path / "m.joblib"
    for number in (MOST_VALUES + 1, 2**31):
        path.write_bytes(b"N" + put(number) + b".")
        with pytest.raises(BundleError, match=f"claims more than {MOST_VALUES} values"):
            read(path)
    path.write_bytes(b"N" + put(MOST_VALUES) + b".")
    with pytest.raises(BundleError, match="it holds a NoneType"):
        read(path)


def _class() -> bytes:
    return b"\x80\x02cgliaboost.models.bundle\nBundle\n)\x81"


def _long(value: int) -> bytes:
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def _looked_for_along_one_way() -> bytes:
    """Numbers that a table of 2^18 places all looks for along one way through half of it."""
    most = 2**18 - 1
    way = np.zeros(2**17, np.int64)
    for k in range(1, len(way)):
        way[k] = 5 * way[k - 1] + 1 & most
    step = np.full(most + 1, len(way))
    step[way] = np.arange(len(way))
    later = np.arange(most + 1, 4_000_000)
    place, rest = later & most, later.copy()
    taken = step[place] < len(way)
    while rest.any():
        rest >>= 5
        place = 5 * place + rest + 1 & most
        taken &= step[place] < len(way)
    later = later[taken & (step[place] < len(way) // 4)][:40_000]
    keys = [*way.tolist(), *later.tolist()]
    return b"\x80\x02}(" + b"".join(b"J" + k.to_bytes(4, "little") + b"N" for k in keys) + b"u."


MANY = 20_000_000


def hostile() -> dict[str, bytes]:
    """Make them where they are read: together they are half a gigabyte."""
    return {
        # What once ended the process: the hash, or the end, of a value without end.
        "deep tuple as a key": b"\x80\x02})" + b"\x85" * 200_000 + b"K\x01s.",
        "deep tuple": b"\x80\x02)" + b"\x85" * 200_000 + b".",
        "deep frozenset": b"\x80\x04(" + b"\x91(" * 100_000 + b".",
        "deep list": b"\x80\x02]" + b"]" * 900_000 + b"a" * 900_000 + b".",
        "deep dict": b"\x80\x02" + b"}N" * 400_000 + b"N" + b"s" * 400_000 + b".",
        "deep marks": b"\x80\x02" + b"(" * MANY,
        # What once took seconds and gigabytes.
        "dicts": b"\x80\x02" + b"}" * MANY,
        "lists": b"\x80\x02" + b"]" * MANY,
        "nones": b"\x80\x02(" + b"N" * MANY,
        "memorised": b"\x80\x04N" + b"\x94" * MANY,
        "memorised apart": b"\x80\x02N"
        + b"".join(b"r%b" % i.to_bytes(4, "little") for i in range(10**6)),
        "got again": b"\x80\x02]q\0(" + b"h\0" * MANY,
        "appended to itself": b"\x80\x02]q\0" + b"h\0a" * 5_000_000 + b".",
        "frames": b"\x80\x04" + (b"\x95" + b"\0" * 8) * 2_000_000,
        "frame of all": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
        "marks and appends": b"\x80\x02]" + b"(e" * 10_000_000 + b".",
        "keys of one hash": b"\x80\x02}("
        + b"".join(_long(k * (2**61 - 1)) + b"N" for k in range(1, 200_000))
        + b"u.",
        "keys looked for along one way": _looked_for_along_one_way(),
        "text told again": _class()
        + b"}X\1\0\0\0a](X\0\0\0\4"
        + b"x" * 2**26
        + b"q\0"
        + b"h\0" * 1000
        + b"esb.",
        "bytes told again": _class()
        + b"}X\1\0\0\0a](B\0\0\0\4"
        + b"x" * 2**26
        + b"q\0"
        + b"h\0" * 1000
        + b"esb.",
        "a laugh": b"\x80\x02]q\0"
        + b"".join(b"](" + b"h%c" % i * 10 + b"eq%c" % (i + 1) for i in range(30))
        + b".",
        "text of more than there is": b"\x80\x04\x8d" + b"\xff" * 7 + b"\x7f",
        "bytes of more than there are": b"\x80\x04\x8e" + b"\0\0\0\0\1\0\0\0",
        "a number without end": b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\x7f" * 10**6,
        "a decimal without end": b"I" + b"9" * 10**6 + b"\n.",
        "a name without end": b"c" + b"a" * 10**7 + b"\n",
        "a name of numbers": b"\x80\x04K\1K\2\x93.",
        "a name that shows": b"\x80\x04\x8c\4" + b"\x1b[2J" + b"\x8c\1a\x93.",
        "no text": b"\x80\x04\x8c\2\xff\xfe.",
        "half a character": _class() + b"}X\3\0\0\0\xed\xa0\x80Nsb.",
        # Of fields that no bundle has.
        "numbers for names": _class() + b"}K\1NsX\1\0\0\0aNsb.",
        "nothing for a name": _class() + b"}NNsb.",
        "bytes for a name": _class() + b"}C\1aNsb.",
        "no fields": _class() + b".",
        "no state": _class() + b"Nb.",
        "a state of two": _class() + b"N}\x86b.",
        "a name of many letters": _class() + b"}X\0\0\x10\0" + b"n" * 2**20 + b"Nsb.",
        "many names": _class()
        + b"}("
        + b"".join(b"X\5\0\0\0%05dN" % i for i in range(99_999))
        + b"ub.",
        "the class for a field": _class() + b"}X\1\0\0\0acgliaboost.models.bundle\nBundle\nsb.",
        "itself for a field": _class() + b"q\0}X\1\0\0\0ah\0sb.",
        "built twice": _class() + b"}b}b.",
        "a value built": b"\x80\x02}}b.",
        "a number appended to": b"\x80\x02K\1K\2a.",
        "an empty stack": b"\x80\x02a.",
        "a mark taken": b"\x80\x02(a.",
        "marks alone": b"\x80\x02((((.",
        "a key alone": b"\x80\x02}(Nu.",
        "an unset memo": b"\x80\x02h\7.",
        "a call": b"\x80\x02cos\nsystem\nX\1\0\0\0aR.",
        "a class given values": b"\x80\x02cgliaboost.models.bundle\nBundle\nN\x85\x81.",
        "a class given a list": b"\x80\x02cgliaboost.models.bundle\nBundle\n]\x81.",
        "an extension": b"\x80\x02\x82\1.",
        "protocol 0": b"(dp0\nS'a'\np1\nI1\ns.",
        "a buffer": b"\x80\x05\x97.",
    }


# Of a fiftieth of what may be.
SMALLER = """
import gliaboost.models.plain_pickle as reader, gliaboost.models.plain_values as values
reader.MOST_VALUES = values.MOST_VALUES = 20_000
reader._MOST_OPCODES = 80_000
"""


@pytest.mark.integration
@pytest.mark.parametrize("limits", [pytest.param("", id="whole", marks=pytest.mark.fire), SMALLER])
def test_hostile_pickles_are_refused_and_take_little(
    tmp_path: Path, trial: Any, limits: str
) -> None:
    files = []
    for name, data in hostile().items():
        files.append(tmp_path / name)
        files[-1].write_bytes(data)
    reads = f"{limits}\nfrom gliaboost.models.bundle import load as read"
    assert trial.faults(reads, files, "BundleError") == []


def test_a_file_of_any_size_is_refused_by_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("plain_pickle", "plain_values"):
        monkeypatch.setattr(f"gliaboost.models.{module}.MOST_BYTES", 1000)
        monkeypatch.setattr(f"gliaboost.models.{module}.MOST_BESIDE", 100)
    fits = thing(native=b"n" * 1000, b=b"b" * 20, t="t" * 20)
    assert read(dumped(tmp_path, fits)) == vars(fits)
    for large in (
        thing(native=b"n" * 1001),
        thing(native=b"n" * 1000, beside=b"b" * 101),
        thing(beside=b"b" * 101, native=b"n" * 1000),
        thing(text="t" * 101),
        thing(text=["t" * 40] * 3),
    ):
        with pytest.raises(BundleError, match="more than 100 bytes beside"):
            read(dumped(tmp_path, large))


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path / "pipe", "is a pipe"), (Path("/dev/zero"), "is a device")):
        with pytest.raises(OSError, match=said):
            read(path)
