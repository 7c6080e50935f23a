from __future__ import annotations

import cv2
import numpy as np

from gliaboost.datasets.uploads import Upload, open_upload
from gliaboost.web.holding import KEPT, LIMITS, Holding

PNG = cv2.imencode(".png", np.arange(64, dtype=np.uint8).reshape(8, 8))[1].tobytes()


def test_the_limits_are_those_that_are_promised() -> None:
    assert (LIMITS.files, LIMITS.size) == (200, 400_000_000)


def test_what_is_read_is_kept_by_number_and_the_rest_is_named() -> None:
    own = Holding()
    own.add([*open_upload("a.png", PNG), Upload("b", error="is empty"), *open_upload("c", PNG)])
    assert {n: one.name for n, one in own.uploads.items()} == {0: "a.png", 1: "c"}
    assert own.faults == [("b", "is empty")] and own.kept > 0


def test_there_is_an_end_to_what_is_kept_decoded() -> None:
    own = Holding()
    big = Upload("big", open_upload("a", PNG)[0].slices)
    object.__setattr__(big.slices[0].source, "data", bytes(LIMITS.size + 1))
    own.add([big])
    assert not own.uploads and "no room" in own.faults[0][1]


def test_of_what_was_drawn_the_last_is_kept() -> None:
    own = Holding()
    for n in range(KEPT + 3):
        assert own.remember(("x", n, 0), n) == n
    assert len(own.drawn) == KEPT and ("x", 0, 0) not in own.drawn
