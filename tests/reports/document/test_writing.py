from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import (
    Alarm,
    Beside,
    Block,
    Cell,
    Figure,
    Gallery,
    Paragraph,
    Picture,
    Plate,
    Section,
    Strip,
    Table,
)
from gliaboost.reports.document.writing import write_pages

TABLE = Table(
    "acc",
    "How often right",
    ["model", "#accuracy"],
    [[Cell("a|b"), Cell("0.9", 0.91, "[0.9, 0.92]", [0.9, 0.92])]],
    sortable=True,
)
PICTURE = Picture("acc-figure", svg.text(0, 9, "a & b"), 50, 20, "a picture")


def written(out: Path, blocks: Sequence[Block], **how: Any) -> tuple[str, str]:
    sections = [Section("first", "Is it <right>?", blocks)]
    named = {"simulated": False, "source": "a run", **how}
    paths = write_pages(out, "Title", sections, **named)
    return paths["html"].read_text("utf-8"), paths["markdown"].read_text("utf-8")


def test_both_pages_say_the_same(tmp_path: Path) -> None:
    blocks: list[Block] = [
        Paragraph("All is 5 % of [0.1, 0.2]."),
        TABLE,
        Figure("f", [PICTURE], "Seen"),
    ]
    html, markdown = written(tmp_path, blocks)
    for page in (html.replace("\xa0", " "), markdown.replace("\xa0", " ")):
        assert "All is 5 % of [0.1, 0.2]." in page
        assert "How often right" in page
        assert "Seen" in page
        assert "a picture" in page
    assert "Is it &lt;right&gt;?" in html
    assert "<right>" not in html


def test_a_bar_in_a_cell_does_not_end_it(tmp_path: Path) -> None:
    _, markdown = written(tmp_path, [TABLE])
    row = next(line for line in markdown.splitlines() if "a\\|b" in line)
    assert len(re.findall(r"(?<!\\)\|", row)) == 3


def test_the_table_comes_as_its_csv(tmp_path: Path) -> None:
    html, _ = written(tmp_path, [TABLE])
    data = re.findall(r"data:text/csv;charset=utf-8;base64,([A-Za-z0-9+/=]+)", html)
    assert base64.b64decode(data[0]).decode() == TABLE.csv()


def test_pictures_lie_beside_the_page_and_stale_ones_go(tmp_path: Path) -> None:
    old = Picture("old", "", 1, 1, "gone")
    written(tmp_path, [Figure("f", [old], "Seen")])
    (tmp_path / "figures" / "mine.png").write_bytes(b"")
    written(tmp_path, [Figure("f", [PICTURE], "Seen")])
    names = sorted(p.name for p in (tmp_path / "figures").iterdir())
    assert names == ["acc-figure.svg", "mine.png"]
    ElementTree.parse(tmp_path / "figures" / "acc-figure.svg")


MINE = '<svg xmlns="http://www.w3.org/2000/svg"><text>mine</text></svg>'


def test_no_picture_of_the_users_is_touched(tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "brain.svg").write_text(MINE)
    written(tmp_path, [Figure("f", [PICTURE], "Seen ![x](figures/brain.svg)")])
    # A page that speaks of it makes it no picture of ours, nor does one that somebody else wrote.
    written(tmp_path, [TABLE])
    (tmp_path / "report.md").write_text("![](figures/acc-figure.svg) ![](figures/brain.svg)")
    (figures / "acc-figure.svg").write_text(svg.standalone(PICTURE))
    written(tmp_path, [TABLE])
    assert sorted(f.name for f in figures.iterdir()) == ["acc-figure.svg", "brain.svg"]
    assert (figures / "brain.svg").read_text() == MINE


def test_a_users_picture_of_a_pictures_name_is_kept(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    for count in (1, 2):
        (figures / "acc-figure.svg").write_text(f"{MINE}{count}")
        with pytest.warns(UserWarning, match=r"kept as acc-figure\.own.*\.svg"):
            written(tmp_path, [Figure("f", [PICTURE], "Seen")])
    assert (figures / "acc-figure.own.svg").read_text() == f"{MINE}1"
    assert (figures / "acc-figure.own-2.svg").read_text() == f"{MINE}2"
    written(tmp_path, [Figure("f", [PICTURE], "Seen")])
    assert not recwarn.list
    assert svg.is_standalone((figures / "acc-figure.svg").read_text())


def test_tables_and_figures_are_numbered_in_reading_order(tmp_path: Path) -> None:
    second = Table("other", "Another", ["a"], [[Cell("1")]])
    html, markdown = written(tmp_path, [TABLE, Figure("f", [PICTURE], "Seen"), second])
    for page in (html, markdown):
        for number in ("Table 1", "Table 2", "Figure 1"):
            assert number in page
        assert "Table 3" not in page
        assert page.index("Table 1") < page.index("Figure 1") < page.index("Table 2")


def test_simulated_images_are_called_that(tmp_path: Path) -> None:
    for page in written(tmp_path, [], simulated=True):
        assert "simulated" in page.lower()
    for page in written(tmp_path, [], simulated=False):
        assert "simulated" not in page.lower()


def test_galleries_are_for_the_page_alone(tmp_path: Path) -> None:
    plate = Plate("Wrong", "p1.png", [("data:image/png;base64,AAAA", "the slice")])
    html, markdown = written(tmp_path, [Gallery("g", "Mistakes", [plate])])
    assert "data:image/png;base64,AAAA" in html
    assert "AAAA" not in markdown


@pytest.mark.parametrize("again", [True, False])
def test_the_same_sections_give_the_same_bytes(tmp_path: Path, again: bool) -> None:
    blocks: list[Block] = [TABLE, Figure("f", [PICTURE], "Seen")]
    first = written(tmp_path / "a", blocks)
    assert written(tmp_path / ("a" if again else "b"), blocks) == first


def test_alarms_stand_before_everything(tmp_path: Path) -> None:
    html, markdown = written(
        tmp_path, [Paragraph("Fine.")], alarms=[Alarm("It <leaks>.", "So 5 % is too good.")]
    )
    assert html.index("It &lt;leaks&gt;.") < html.index("<nav") < html.index("Fine.")
    assert markdown.index("> **It &lt;leaks>.** So 5 % is too good.") < markdown.index("Fine.")
    html, markdown = written(tmp_path, [Paragraph("Fine.")])
    assert 'class="alarms"' not in html
    assert "\n>" not in markdown


def test_what_stands_side_by_side_is_whole_on_both_pages(tmp_path: Path) -> None:
    strip = Strip("s", "Examples", [("glioma", [("data:image/png;base64,AAAA", "a slice")])])
    beside = Beside([[Figure("f", [PICTURE], "Seen"), strip], [TABLE]])
    html, markdown = written(tmp_path, [beside])
    for page in (html, markdown):
        assert page.index("Figure 1") < page.index("Table 1")
    assert (tmp_path / "figures" / "acc-figure.svg").exists()
    assert "data:image/png;base64,AAAA" in html
    assert "AAAA" not in markdown


@pytest.mark.parametrize(
    ("blocks", "folded"),
    [
        ([Paragraph("Not known.", "missing")], True),
        ([Beside([[Paragraph("Not known.", "missing")]])], True),
        ([Paragraph("Not known.", "missing"), Paragraph("Known.")], False),
        ([TABLE], False),
    ],
)
def test_a_section_without_content_is_folded(
    tmp_path: Path, blocks: list[Block], folded: bool
) -> None:
    html, markdown = written(tmp_path, blocks)
    assert ('<details class="empty">' in html) == folded
    assert "## 1. Is it &lt;right>?" in markdown
