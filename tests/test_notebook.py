from __future__ import annotations

import re
from html.parser import HTMLParser

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
