from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gliaboost.errors import BundleError
from gliaboost.models.plain_pickle import (
    MOST_NESTING,
    MOST_VALUES,
    fault_in,
    plain,
    read_state,
)


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
    # A crafted pickle may set attributes on what it was given: it was given a stand-in.
    # The class; state (None, {"spoilt": True}); BUILD, which sets it on the class.
    crafted = b"c" + f"{__name__}\nThing\n".encode() + b"(N}S'spoilt'\nI01\nstb."
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


@pytest.mark.parametrize(
    "put", [lambda n: b"r" + n.to_bytes(4, "little"), lambda n: f"p{n}\n".encode()]
)
def test_a_memo_number_that_would_take_gigabytes_is_refused(
    tmp_path: Path, put: Callable[[int], bytes]
) -> None:
    path = tmp_path / "m.joblib"
    for number in (MOST_VALUES + 1, 2**31):
        path.write_bytes(b"N" + put(number) + b".")
        with pytest.raises(BundleError, match=f"claims more than {MOST_VALUES} values"):
            read(path)
    path.write_bytes(b"N" + put(MOST_VALUES) + b".")
    with pytest.raises(BundleError, match="it holds a NoneType"):
        read(path)


def test_deep_and_endless_values_are_no_plain_values() -> None:
    deep: list[Any] = []
    for _ in range(MOST_NESTING):
        deep = [deep]
    assert fault_in(deep) is None
    assert fault_in([deep]) == f"values nested more than {MOST_NESTING} deep"
    under: dict[str, Any] = {}
    for _ in range(MOST_NESTING):
        under = {"a": under}
    assert fault_in(under) is None
    assert fault_in({"a": under}) == f"values nested more than {MOST_NESTING} deep"
    loop: list[Any] = []
    loop.append(loop)
    assert "nested" in str(fault_in(loop))
    wide = [0] * (MOST_VALUES - 1)
    assert fault_in(wide) is None
    assert fault_in([*wide, 0]) == f"more than {MOST_VALUES} values"


def test_subclasses_of_plain_types_are_not_plain() -> None:
    class Sly(dict[str, int]):
        pass

    assert fault_in({"a": Sly()}) == "a value of type Sly"


def test_arrays_and_tuples_become_lists_at_any_depth() -> None:
    given_ = {"a": (np.float32(0.5), np.arange(2)), np.int64(3): [np.bool_(True), "b", None]}
    got = plain(given_)
    assert got == {"a": [0.5, [0, 1]], 3: [True, "b", None]}
    assert fault_in(got) is None
    assert type(got["a"][0]) is float
