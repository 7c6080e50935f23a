from __future__ import annotations

import pytest

from gliaboost.web.words import bars, facts, key, plain, small

HOSTILE = '<img src=x onerror=alert(1)>"'


@pytest.mark.parametrize("text", ["**b**", "[a](http://x)", ":red[x]", "$x^2$", "<b>", "`c`"])
def test_no_name_becomes_markdown(text: str) -> None:
    assert plain(text).replace("\\", "") == text
    marks = [c for c in text if not c.isalnum() and c != " "]
    assert plain(text).count("\\") == len(marks)


def test_a_name_of_several_lines_is_one() -> None:
    assert plain("a\n\n# b") == "a \\# b"


@pytest.mark.parametrize(
    "html",
    [
        bars({HOSTILE: 0.5}), facts([(HOSTILE, HOSTILE)]), small(HOSTILE),
        key([((1, 2, 3), HOSTILE), ((4, 5, 6), HOSTILE)]),
    ],
)  # fmt: skip
def test_no_name_becomes_html(html: str) -> None:
    assert "<img" not in html and "&lt;img" in html


def test_a_bar_is_as_long_as_its_probability_and_kept_classes_stand_out() -> None:
    html = bars({"a": 0.912, "b": 0.088}, ["a"])
    assert "width:91.2%" in html and ">91.2%<" in html
    assert html.index("font-weight:600") < html.index("font-weight:400")


def test_a_key_of_one_side_has_no_middle() -> None:
    both = key([((1, 2, 3), "against"), ((4, 5, 6), "for")])
    one = key([((70, 70, 70), "none"), ((4, 5, 6), "most")])
    assert "rgb(1, 2, 3), rgb(70, 70, 70), rgb(4, 5, 6)" in both
    assert "rgb(70, 70, 70), rgb(4, 5, 6)" in one
