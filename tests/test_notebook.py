from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gliaboost import notebook

HOSTILE = "<script>alert('x')</script>&\".png"


class Words(HTMLParser):
    """Tags and words, as a browser sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def seen(html: str) -> Words:
    words = Words()
    words.feed(html)
    words.close()
    return words


def test_a_table_shows_files_names_as_words() -> None:
    words = seen(notebook.table(HOSTILE, [HOSTILE, "n"], [[HOSTILE, 3]], HOSTILE))
    assert "script" not in words.tags
    assert words.words == [HOSTILE, HOSTILE, "n", HOSTILE, "3", HOSTILE]


def test_facts_show_files_names_as_words() -> None:
    words = seen(notebook.facts(HOSTILE, [(HOSTILE, HOSTILE)], HOSTILE))
    assert "script" not in words.tags
    assert words.words == [HOSTILE, HOSTILE, HOSTILE, HOSTILE]


def test_facts_leave_out_what_is_not_known() -> None:
    words = seen(notebook.facts("Model", [("device", None), ("name", ""), ("images", 0)]))
    assert words.words == ["Model", "images", "0"]


def test_a_table_without_heads_has_no_empty_row() -> None:
    assert seen(notebook.table("", [], [["a"]])).tags.count("tr") == 1


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    html = notebook.table("", ["path", "n"], [["a", 3], ["b2", ""]])
    assert re.findall(r"text-align:(\w+)", html) == ["left", "right"] * 3


@pytest.mark.parametrize("odd", ["\n", "\r", "\x00", "\x1b[31m", "\u202e", "\u2028", "\udcff"])
def test_a_prompt_has_two_lines_of_text_whatever_a_name_holds(odd: str) -> None:
    said = notebook.two_lines("Kind", f"a{odd}b", f"c{odd}d")
    assert len(said.splitlines()) == 2 and all(map(str.isprintable, said.splitlines()))
    assert said.startswith("<Kind: a�") and said.splitlines()[0].endswith("b")
    said.encode()
    html = notebook.table(odd, [odd], [[odd]], odd) + notebook.facts(odd, [(odd, odd)], odd)
    html += notebook.bars({odd: 0.5}) + notebook.card(odd, [], "", [odd])
    assert html.isprintable()
    html.encode()


@pytest.mark.integration
def test_two_lines_are_short_whatever_they_hold() -> None:
    lines = notebook.two_lines("Kind", "a" * 10**6, notebook.listed(["b" * 999] * 10**4))
    assert max(map(len, lines.splitlines())) < 300
    assert "and 9,994 more" in notebook.listed(["b" * 999] * 10**4)


def test_bars_are_as_long_as_probabilities_and_the_rest_is_counted() -> None:
    html = notebook.bars({"a": 0.125, HOSTILE: 0.5, **dict.fromkeys("bcdefghij", 0.02)})
    words = seen(html)
    assert words.words[:4] == [HOSTILE, "50.0%", "a", "12.5%"]
    assert re.findall(r'"width:([\d.]+)%;', html)[:2] == ["50.0", "12.5"]
    assert words.tags.count("tr") == notebook.BARS and "and 3 less likely classes" in html
    assert "script" not in words.tags


def test_a_picture_is_whole_in_the_text_and_has_words() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    html = notebook.picture(pixels, HOSTILE)
    assert seen(html).tags == ["img"]
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    np.testing.assert_array_equal(np.asarray(Image.open(BytesIO(b64decode(data)))), pixels)


def test_a_card_escapes_words_and_keeps_what_is_set_in_it() -> None:
    words = seen(notebook.card(HOSTILE, ["<img>"], notebook.bars({"a": 1}), [HOSTILE, ""]))
    assert words.tags.count("img") == 1 and "script" not in words.tags
    assert words.words.count(HOSTILE) == 2
