from __future__ import annotations

import numpy as np
import pytest

from gliaboost.models.explain.overlay import AGAINST, FOR
from gliaboost.models.explain.picture import (
    HEAD,
    PART,
    ROOM,
    SIDE,
    WIDTH,
    Words,
    draw,
    lines,
    panels,
)

IMAGE = np.full((64, 64), 40, np.uint8)
HEAT = np.zeros((64, 64), np.float32)
HEAT[:32], HEAT[32:] = 1, -1


def words(**more: object) -> Words:
    given: dict[str, object] = {"title": "a.png", "predicted": "glioma"}
    given["probabilities"] = {"glioma": 0.75, "healthy": 0.25}
    return Words(**{**given, **more})  # type: ignore[arg-type]


def is_like(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """Which pixels have a colour's hue, whatever the grey below."""
    centred = pixels.astype(float) - pixels.mean(axis=-1, keepdims=True)
    wanted = np.array(colour, float) - np.mean(colour)
    norm = np.linalg.norm(centred, axis=-1) * np.linalg.norm(wanted)
    return np.asarray((centred @ wanted > 0.95 * norm) & (norm > 0))


def test_the_picture_is_larger_than_the_image_and_has_words_around_it() -> None:
    drawn = draw(IMAGE, HEAT, words())
    assert drawn.dtype == np.uint8 and drawn.shape[1:] == (WIDTH, 3)
    assert drawn.shape[0] > SIDE + 100
    title = drawn[: 2 * ROOM]
    assert (title < 60).all(axis=-1).sum() > 50


def test_the_key_runs_from_against_to_for() -> None:
    two, one = draw(IMAGE, HEAT, words()), draw(IMAGE, HEAT, words(one_sided=True))
    left, right = 2 * ROOM + SIDE, 2 * ROOM + 2 * SIDE - 1
    for drawn, against in ((two, True), (one, False)):
        key = drawn[np.flatnonzero(is_like(drawn[:, right], FOR))[-1]]
        assert is_like(key[right], FOR)
        assert bool(is_like(key[left], AGAINST)) is against


@pytest.mark.parametrize(
    "more",
    [
        {"title": "folder_" * 60 + "x.png"},
        {"title": "x" * 500},
        {"predicted": "glioblastoma" * 9, "probabilities": {"glioblastoma" * 9: 1.0}},
        {"probabilities": {f"class {i} of a long list of names": 0.02 for i in range(50)}},
        {"notes": ["A sentence that goes on and on. " * 20]},
        {"title": "腦\n\x00.png"},
    ],
)
def test_nothing_is_clipped(more: dict[str, object]) -> None:
    drawn = draw(IMAGE, HEAT, words(**more))
    paper = np.array([255, 255, 255])
    for edge in (drawn[:4], drawn[-8:], drawn[:, :8], drawn[:, -8:]):
        np.testing.assert_array_equal(edge, np.broadcast_to(paper, edge.shape))


def test_more_words_need_more_room() -> None:
    few, many = draw(IMAGE, HEAT, words()), draw(IMAGE, HEAT, words(title="long name " * 40))
    assert many.shape[0] > few.shape[0]


def test_the_head_is_outlined_on_the_map_alone() -> None:
    head = np.zeros((64, 64), bool)
    head[16:48, 16:48] = True
    without, outlined = draw(IMAGE, HEAT, words()), draw(IMAGE, HEAT, words(), head)
    changed = (without != outlined).any(axis=(0, 2))
    assert not changed[: 2 * ROOM + SIDE].any() and changed[2 * ROOM + SIDE :].any()


def is_near(panel: np.ndarray, colour: tuple[int, int, int]) -> bool:
    """Whether a line has a colour, but for its smoothing."""
    return bool((np.abs(panel[16, 20:44].astype(int) - colour) < 24).all())


def test_panels_alone_are_as_large_as_the_image_and_outlined_alike() -> None:
    head = np.zeros((64, 64), bool)
    head[16:48, 16:48] = True
    plain, mapped = panels(IMAGE, HEAT)
    assert plain.shape == mapped.shape == (64, 64, 3) and (plain == 40).all()
    assert (mapped[..., 0] != mapped[..., 2]).any()
    same, outlined = panels(IMAGE, HEAT, head)
    assert (same == plain).all() and is_near(outlined, HEAD)
    for panel, bare in zip(panels(IMAGE, HEAT, None, [head]), (plain, mapped), strict=True):
        assert is_near(panel, PART) and (panel[0] == bare[0]).all()
    assert panels(IMAGE, HEAT, side=90)[1].shape == (90, 90, 3)


@pytest.mark.parametrize("text", ["", "a b c", "no_tumor/x.png", "x" * 40, "a\nb", "   "])
@pytest.mark.parametrize("room", [1, 3, 10])
def test_lines_fit_and_keep_every_letter(text: str, room: int) -> None:
    found = lines(text, room, len)
    assert all(len(line) <= room for line in found)
    assert "".join("".join(found).split()) == "".join(text.split())
