from __future__ import annotations

import cv2
import numpy as np
import pytest

from gliaboost.models.explain.ground import Ground, ground_of_boxes, ground_of_map


def labelled() -> np.ndarray:
    """A head in the middle of 128 x 128 pixels, and letters in the upper left corner."""
    image = np.zeros((128, 128), np.uint8)
    cv2.circle(image, (64, 70), 40, 150, cv2.FILLED)
    cv2.putText(image, "L", (4, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    return image


AIR, TEXT, BRAIN = (100, 0, 128, 20), (8, 5, 20, 12), (60, 50, 80, 70)


@pytest.mark.parametrize(
    ("box", "outside", "on_marks"), [(AIR, 1.0, 0.0), (TEXT, 1.0, 1.0), (BRAIN, 0.0, 0.0)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_planted_evidence_is_found(
    box: tuple[int, ...], outside: float, on_marks: float, sign: int
) -> None:
    image = labelled()
    values, boxes = np.array([sign * 2.0], np.float32), np.array([box])
    found = ground_of_boxes(image, values, boxes)
    assert found.outside_head == pytest.approx(outside)
    assert found.on_marks == pytest.approx(on_marks, abs=0.3)
    heat = np.zeros(image.shape, np.float32)
    top, left, bottom, right = box
    heat[top:bottom, left:right] = sign
    mapped = ground_of_map(image, heat)
    assert mapped.outside_head == pytest.approx(outside)
    assert mapped.on_marks == pytest.approx(found.on_marks)


def test_for_and_against_do_not_cancel() -> None:
    values, boxes = np.array([1, -1, 2], np.float32), np.array([AIR, AIR, BRAIN])
    assert ground_of_boxes(labelled(), values, boxes).outside_head == pytest.approx(0.5)


def test_a_box_across_the_rim_counts_by_its_area() -> None:
    whole = ground_of_boxes(labelled(), np.ones(1, np.float32), np.array([(0, 0, 128, 128)]))
    assert whole.outside_head == pytest.approx(whole.area)
    assert 0.5 < whole.area < 0.75


def test_nothing_to_go_by_is_nothing_outside() -> None:
    empty = np.zeros((0, 4), np.int64)
    assert ground_of_boxes(labelled(), np.zeros(0, np.float32), empty).outside_head == 0
    assert ground_of_map(labelled(), np.zeros((128, 128), np.float32)).outside_head == 0
    even = ground_of_map(np.zeros((64, 64), np.uint8), np.ones((64, 64), np.float32))
    assert (even.outside_head, even.words()) == (0, "")


def test_it_is_said_where_the_map_is_no_better_than_chance() -> None:
    half = np.array([[True, False]])
    assert "chance" in Ground(half, 0.6, 0.0).words()
    assert "chance" not in Ground(half, 0.4, 0.0).words()
