"""XGBoost's binary JSON, read without trust in what it claims."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from gliaboost.models.trees.ubjson import MOST_NESTING, MOST_VALUES, read_ubjson


def text(value: bytes) -> bytes:
    return b"L" + struct.pack(">q", len(value)) + value


def test_it_reads_what_the_format_says() -> None:
    data = (
        b"{" + text(b"a") + b"S" + text("ä".encode())
        + text(b"b") + b"[#i\x04i\xffI\xff\x00TZ"
        + text(b"c") + b"[$d#i\x02" + struct.pack(">2f", 1.5, -2)
        + text(b"d") + b"[U\xffD" + struct.pack(">d", 0.1) + b"]"
        + text(b"e") + b"{}" + b"}"
    )  # fmt: skip
    found = read_ubjson(data)
    np.testing.assert_array_equal(found.pop("c"), np.array([1.5, -2], np.float32))
    assert found == {"a": "ä", "b": [-1, -256, True, None], "d": [255, 0.1], "e": {}}


def test_it_reads_what_xgboost_writes() -> None:
    import json

    import xgboost

    X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    settings = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgboost.train(settings, xgboost.DMatrix(X, np.arange(60) % 3), 2)
    own = read_ubjson(bytes(model.save_raw("ubj")))["learner"]["gradient_booster"]["model"]
    text = json.loads(model.save_raw("json"))["learner"]["gradient_booster"]["model"]
    for ours, theirs in zip(own["trees"], text["trees"], strict=True):
        for name in ("left_children", "split_indices", "split_conditions", "sum_hessian"):
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"X", "unknown mark"),
        (b"i", "cut off"),
        (b"Si\xff", "length below 0"),
        (b"SL" + struct.pack(">q", 2**62), "cut off"),
        (b"Sd\0\0\0\0", "length of type"),
        (b"[$d#L" + struct.pack(">q", 2**60), "cut off"),
        (b"[$S#i\x01i\x01a", "array of type"),
        (b"[#L" + struct.pack(">q", 2**60), "cut off"),
        (b"[" * (MOST_NESTING + 2), "nested more"),
        (b"[" + b"T" * (MOST_VALUES + 1) + b"]", "more than"),
        (b"[T", "cut off"),
        (b"{i\x01ai\x01i\x01ai\x02}", "twice"),
        (b"TT", "bytes too many"),
        (b"Si\x01\xff", "utf-8"),
    ],
)
def test_what_claims_too_much_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_ubjson(data)


def test_any_beginning_of_a_value_is_refused() -> None:
    whole: Any = b"{" + text(b"a") + b"[$l#i\x02" + struct.pack(">2i", 1, 2) + b"}"
    for stop in range(len(whole)):
        with pytest.raises(ValueError, match="cut off"):
            read_ubjson(whole[:stop])
