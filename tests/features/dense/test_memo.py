"""What is kept in memory, and what is not."""

from __future__ import annotations

import numpy as np

from gliaboost.features.dense.memo import PyramidMemo
from gliaboost.features.dense.pyramid import Pyramid


def _counting() -> tuple[list[int], object]:
    seen: list[int] = []

    def compute(image: np.ndarray) -> Pyramid:
        seen.append(int(image[0, 0]))
        return Pyramid((np.full((2, 2, 5), image[0, 0], np.float16),))

    return seen, compute


def _image(grey: int, shape: tuple[int, int] = (4, 6)) -> np.ndarray:
    return np.full(shape, grey, np.uint8)


def test_the_same_pixels_are_computed_once() -> None:
    seen, compute = _counting()
    memo = PyramidMemo(10_000)
    for grey in (1, 2, 1, 2):
        assert memo.get("a", _image(grey), compute).levels[0][0, 0, 0] == grey  # type: ignore[arg-type]
    assert seen == [1, 2]
    assert memo.nbytes == 80


def test_another_kind_or_shape_is_another_thing() -> None:
    seen, compute = _counting()
    memo = PyramidMemo(10_000)
    memo.get("a", _image(1), compute)  # type: ignore[arg-type]
    memo.get("b", _image(1), compute)  # type: ignore[arg-type]
    memo.get("a", _image(1, (6, 4)), compute)  # type: ignore[arg-type]
    assert len(seen) == len(memo) == 3


def test_it_never_holds_more_than_its_room_and_stays_useful() -> None:
    seen, compute = _counting()
    memo = PyramidMemo(400)  # ten of twenty
    for _ in range(5):
        for grey in range(20):
            assert memo.get("a", _image(grey), compute).levels[0][0, 0, 0] == grey  # type: ignore[arg-type]
            assert memo.nbytes == 40 * len(memo) <= 400
    assert len(seen) < 90


def test_what_is_larger_than_the_room_is_not_held() -> None:
    seen, compute = _counting()
    memo = PyramidMemo(39)
    for _ in range(2):
        memo.get("a", _image(3), compute)  # type: ignore[arg-type]
    assert seen == [3, 3]
    assert len(memo) == memo.nbytes == 0


def test_clearing_forgets_all() -> None:
    seen, compute = _counting()
    memo = PyramidMemo(1000)
    memo.get("a", _image(3), compute)  # type: ignore[arg-type]
    memo.clear()
    memo.get("a", _image(3), compute)  # type: ignore[arg-type]
    assert seen == [3, 3]
