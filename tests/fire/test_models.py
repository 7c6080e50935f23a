"""Altered models, whose digest anybody can make again: refused, or a valid prediction, always.

``make test-fire`` alters 60,000 models, the short version, in ``make test``, 1,800. A crash or an
endless loop ends the tests themselves.
"""

from __future__ import annotations

import functools
import re
import struct
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import GliaboostError
from gliaboost.models.plain_arrays import pack, unpack
from gliaboost.models.registry import create_model, model_class
from gliaboost.models.segmentation.pixel_model import PixelModel, learn_pixels
from gliaboost.models.trees.ubjson import read_ubjson

COLUMNS, CLASSES = 6, 3
rng = np.random.default_rng(0)
X = rng.normal(size=(90, COLUMNS)).astype(np.float32)
Y = np.digitize(X[:, 0] - X[:, 3], [-0.6, 0.6])
# What is asked of an altered model, with a gap.
ASKED = np.where(rng.random((4, COLUMNS)) < 0.2, np.nan, X[:4]).astype(np.float32)
BOOSTERS = ("lightgbm", "xgboost")
ODD: list[float] = [-5, -1, 0, 1, 2, 7, 99, 127, -128, 255, 2**31 - 1, -(2**31), 2**40, 1e30, -1e31]
ODD += [1e300, -1e300, 1e-300, float("nan"), float("inf"), float("-inf"), 0.5]
# Seconds that an altered model may take.
PATIENCE = 5.0
Random = np.random.Generator


@functools.cache
def fitted(name: str) -> bytes:
    """Return a small model as a bundle of today keeps it."""
    if name == "pixels":
        model = learn_pixels(X, Y, np.ones(len(Y)), CLASSES, rounds=3, seed=0)
        return pack(model.arrays(), {})
    few = {"rounds": 4, "inner_folds": 0, "device": "cpu", "max_leaves": 7, "max_features": 1.0}
    own: dict[str, dict[str, Any]] = {
        **dict.fromkeys(BOOSTERS, few),
        "random-forest": {"trees": 3, "min_rows": 5, "jobs": 1},
        "stacked": {"booster_parameters": few, "head": "logistic", "jobs": 1},
    }
    return create_model(name, **own.get(name, {})).fit(X, Y).to_bytes()


@functools.cache
def in_library_format(name: str) -> bytes:
    """Return a small model as bundles up to layout 3 kept it."""
    if name == "lightgbm":
        import lightgbm

        few = {"objective": "multiclass", "num_class": CLASSES, "verbosity": -1, "num_leaves": 7,
               "min_data_in_leaf": 5}  # fmt: skip
        return lightgbm.train(few, lightgbm.Dataset(X, Y), 4).model_to_string().encode()
    import xgboost

    other = {"objective": "multi:softprob", "num_class": CLASSES, "max_leaves": 7}
    return bytes(xgboost.train(other, xgboost.DMatrix(X, Y), 4).save_raw("ubj"))


def asked(name: str, native: bytes) -> NDArray[np.float64]:
    """Take a model up, and ask it for all that it can tell."""
    if name == "pixels":
        arrays, _ = unpack(native)
        model = PixelModel.from_arrays(arrays, COLUMNS, CLASSES)
        return model.probabilities(np.nan_to_num(ASKED)).astype(np.float64)
    forms: dict[str, dict[str, Any]] = {
        "random-forest": {"trees": 3},
        "stacked": {"head": "logistic"},
    }
    own = forms.get(name, {})
    found = model_class(name).from_bytes(native, range(CLASSES), COLUMNS, **own)
    told = found.contributions(ASKED)
    assert told is None or told.shape == (len(ASKED), CLASSES, COLUMNS)
    return found.predict_proba(ASKED)


def outcome(name: str, native: bytes) -> str:
    """Say what became of an altered model."""
    begin = time.perf_counter()
    with np.errstate(all="ignore"):
        try:
            p = asked(name, native)
        except GliaboostError:
            said = "refused"
        else:
            valid = p.shape == (len(ASKED), CLASSES) and np.isfinite(p).all() and (p >= 0).all()
            said = "predicts" if valid and np.allclose(p.sum(axis=1), 1, atol=1e-5) else "nonsense"
    return said if time.perf_counter() - begin < PATIENCE else "endless"


def in_bytes(native: bytes, random: Random) -> bytes:
    """Alter, take away, repeat or put in some bytes anywhere."""
    data = bytearray(native)
    for _ in range(random.integers(1, 4)):
        place, length = int(random.integers(len(data))), int(random.integers(1, 9))
        some = random.integers(0, 256, length, np.uint8).tobytes()
        kind = random.integers(5)
        if kind == 0:
            del data[place : place + length]
        elif kind == 1:
            data[place:place] = some
        elif kind == 2:
            data[place:place] = data[place : place + 64 * length]
        elif kind == 3:
            del data[place:]
            data += some
        else:
            data[place : place + length] = some
    return bytes(data)


def in_arrays(native: bytes, random: Random) -> bytes:
    """Alter some numbers of plain arrays, or an array's kind, length or name."""
    arrays, about = unpack(native)
    for _ in range(random.integers(1, 4)):
        name = str(random.choice(list(arrays)))
        array, odd = arrays[name].copy(), random.choice(ODD)
        kind = random.integers(8)
        if name.startswith(("booster", "head/")) and array.dtype == np.uint8 and array.size > 100:
            # A model inside the model.
            inner = array.tobytes()
            changed = (in_arrays if inner.startswith(b"gliaboost arrays") else in_bytes)(
                inner, random
            )
            arrays[name] = np.frombuffer(changed, np.uint8)
        elif kind == 0:
            arrays[name] = array[: random.integers(array.shape[0] + 1)] if array.ndim else array
        elif kind == 1:
            arrays[name] = np.concatenate([array, array[:3]]) if array.ndim else array
        elif kind == 2:
            arrays[name] = array.astype(random.choice(["uint8", "int32", "float32", "float64"]))
        elif kind == 3:
            arrays.pop(name)
            arrays.update({str(random.choice([*arrays, "odd"])): array})
        elif kind == 4:
            array[...] = np.float64(odd).astype(array.dtype)
            arrays[name] = array
        elif array.size:
            array.reshape(-1)[random.integers(array.size)] = np.float64(odd).astype(array.dtype)
            arrays[name] = array
    return pack(arrays, about)


def in_text(native: bytes, random: Random) -> bytes:
    """Alter some numbers of LightGBM's text, or a whole line of them."""
    text = native.decode().partition("\nparameters:")[0]
    for _ in range(random.integers(1, 4)):
        odd = f"{random.choice(ODD):.17g}" if random.random() < 0.5 else str(random.integers(-9, 9))
        lines = list(re.finditer(r"(?<==)[-+.e\d ]+$", text, re.MULTILINE))
        line = lines[random.integers(len(lines))]
        words = line.group().split()
        if not words:
            continue
        if random.random() < 0.3:
            words = [odd] * len(words)
        else:
            words[random.integers(len(words))] = odd
        text = text[: line.start()] + " ".join(words) + text[line.end() :]
    return text.encode()


def in_ubjson(native: bytes, random: Random) -> bytes:
    """Alter some values of XGBoost's model, wherever they are in it."""
    whole = read_ubjson(native)
    for _ in range(random.integers(1, 4)):
        at: Any = whole
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = keys[random.integers(len(keys))]
            inner = at[key]
            if isinstance(inner, np.ndarray) and inner.size:
                inner = inner.copy()
                odd = np.float64(random.choice(ODD)).astype(inner.dtype)
                if random.random() < 0.3:
                    inner[:] = odd
                elif random.random() < 0.2:
                    inner = inner[: random.integers(len(inner))]
                else:
                    inner[random.integers(len(inner))] = odd
                at[key] = inner
                break
            if isinstance(inner, (dict, list)) and inner and random.random() > 0.03:
                at = inner
                continue
            at[key] = random.choice(
                np.array([None, True, "-5", "1e9", "nan", -5, 2**40, 0.5, "", "[1,2]"], object)
            )
            break
    return ubjson(whole)


def ubjson(value: Any) -> bytes:
    """Write what `read_ubjson` reads."""

    def length(number: int) -> bytes:
        return b"L" + struct.pack(">q", number)

    if isinstance(value, np.ndarray):
        marks = {"f4": b"d", "f8": b"D", "i1": b"i", "u1": b"U", "i2": b"I", "i4": b"l", "i8": b"L"}
        kind = f"{value.dtype.kind}{value.dtype.itemsize}"
        body = value.astype(value.dtype.newbyteorder(">")).tobytes()
        return b"[$" + marks[kind] + b"#" + length(len(value)) + body
    if value is None or isinstance(value, bool):
        return {None: b"Z", True: b"T", False: b"F"}[value]
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"S" + length(len(value.encode())) + value.encode()
    if isinstance(value, list):
        return b"[#" + length(len(value)) + b"".join(map(ubjson, value))
    pairs = [ubjson(key)[1:] + ubjson(inner) for key, inner in value.items()]
    return b"{" + b"".join(pairs) + b"}"


Alter = Callable[[bytes, Random], bytes]
KINDS: dict[str, tuple[str, Callable[[str], bytes], Alter]] = {
    **{f"{n}, bytes": (n, fitted, in_bytes) for n in BOOSTERS},
    **{f"{n}, arrays": (n, fitted, in_arrays) for n in BOOSTERS},
    "old lightgbm, bytes": ("lightgbm", in_library_format, in_bytes),
    "old lightgbm, numbers": ("lightgbm", in_library_format, in_text),
    "old xgboost, bytes": ("xgboost", in_library_format, in_bytes),
    "old xgboost, values": ("xgboost", in_library_format, in_ubjson),
    "pixels": ("pixels", fitted, in_arrays),
    "random forest": ("random-forest", fitted, in_arrays),
    "stacked": ("stacked", fitted, in_arrays),
    "stacked, bytes": ("stacked", fitted, in_bytes),
}


def altered(kind: str, count: int, seed: int) -> Counter[str]:
    name, make, alter = KINDS[kind]
    native, random = make(name), np.random.default_rng(seed)
    assert outcome(name, native) == "predicts"
    found: Counter[str] = Counter()
    for number in range(count):
        with np.errstate(all="ignore"):
            other = alter(native, random)
        try:
            found[outcome(name, other)] += 1
        except Exception as error:
            error.add_note(f"{kind}: number {number} of seed {seed}")
            raise
    print(kind, dict(found))
    return found


@pytest.mark.integration
@pytest.mark.parametrize("kind", KINDS)
def test_an_altered_model_is_refused_or_predicts(kind: str) -> None:
    assert set(altered(kind, 150, seed=0)) <= {"refused", "predicts"}


@pytest.mark.fire
@pytest.mark.parametrize("kind", KINDS)
def test_none_of_thousands_of_altered_models_does_harm(kind: str) -> None:
    assert set(altered(kind, 5_000, seed=1)) <= {"refused", "predicts"}


def test_models_of_libraries_are_written_as_they_are_read() -> None:
    native = in_library_format("xgboost")
    own, again = read_ubjson(native), read_ubjson(ubjson(read_ubjson(native)))
    np.testing.assert_equal(again, own)
