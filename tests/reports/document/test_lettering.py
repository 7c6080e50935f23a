from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gliaboost.reports.document.lettering import LETTER, fits, wrapped

text = st.text(alphabet="abcdefgh _-/", max_size=60)


@given(words=text, letters=st.integers(2, 30))
def test_nothing_is_lost_and_no_line_is_wider_than_its_room(words: str, letters: int) -> None:
    lines = wrapped(words, letters * LETTER + 0.01)
    assert lines
    assert all(len(line) <= letters for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


@given(words=text, letters=st.integers(2, 12), most=st.integers(1, 3))
def test_what_is_left_ends_in_an_ellipsis(words: str, letters: int, most: int) -> None:
    width = letters * LETTER + 0.01
    whole, cut = wrapped(words, width), wrapped(words, width, most=most)
    assert len(cut) <= most
    assert all(len(line) <= letters for line in cut)
    assert cut[-1].endswith("…") == (len(whole) > most)


def test_names_are_broken_where_they_are_joined() -> None:
    assert wrapped("pituitary_tumor", 80) == ["pituitary_", "tumor"]
    assert wrapped("low-grade glioma", 80) == ["low-grade", "glioma"]
    assert wrapped("", 80) == [""]


def test_a_name_fits_where_no_word_is_broken() -> None:
    assert fits("no_tumor", 8 * LETTER, 1)
    assert fits("no_tumor", 5 * LETTER, 2)
    assert not fits("no_tumor", 5 * LETTER, 1)
    assert not fits("meningioma", 5 * LETTER, 3)
