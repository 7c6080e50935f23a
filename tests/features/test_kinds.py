from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.features.kinds import wrong_kinds

DEFAULTS: dict[str, Any] = {
    "cells": 8,
    "share": 0.5,
    "soft": False,
    "norm": "L2",
    "radii": (1, 2),
    "names": ("mean",),
    "threads": None,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cells", 4),
        ("cells", [4, 2]),
        ("cells", np.int64(4)),
        ("share", 1),
        ("soft", True),
        ("norm", "L1"),
        ("radii", 1.5),
        ("radii", [1, 2.5]),
        ("radii", np.array([1.0, 2.0])),
        ("names", "energy"),
        ("names", ["energy", "mean"]),
        ("threads", "many"),
        ("unknown", object()),
    ],
)
def test_values_of_the_kind_pass(name: str, value: Any) -> None:
    assert wrong_kinds({name: value}, DEFAULTS) == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("cells", "8", "a whole number"),
        ("cells", 8.5, "a whole number"),
        ("cells", True, "a whole number"),
        ("cells", None, "a whole number"),
        ("cells", [1, 2, 3], "a whole number"),
        ("share", "half", "a number"),
        ("share", True, "a number"),
        ("soft", 1, "true or false"),
        ("soft", "yes", "true or false"),
        ("norm", 2, "a word"),
        ("norm", ["L1"], "a word"),
        ("radii", ["1"], "numbers"),
        ("radii", [], "numbers"),
        ("names", [1], "words"),
    ],
)
def test_others_say_what_was_expected(name: str, value: Any, expected: str) -> None:
    assert wrong_kinds({name: value}, DEFAULTS) == [f"{name}={value!r}, expected {expected}"]


def test_every_fault_is_listed() -> None:
    assert len(wrong_kinds({"cells": "a", "soft": 0, "norm": "L1"}, DEFAULTS)) == 2
