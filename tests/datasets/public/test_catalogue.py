from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gliaboost.datasets.public.catalogue import (
    CATALOGUE,
    ON_THE_PAGE,
    FigshareArticle,
    KaggleDataset,
    PlainFiles,
    RemoteFile,
    describe,
)
from gliaboost.datasets.sources import names
from gliaboost.errors import UsageError

entries = pytest.mark.parametrize("name", sorted(CATALOGUE))


@entries
def test_every_data_set_has_a_reader_a_page_and_a_citation_to_follow(name: str) -> None:
    entry = describe(name)
    assert entry.name == name
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert entry.source in names()
    assert re.match(r"https://[\w.]+/", entry.page)
    assert re.search(r"https://", entry.citation)
    assert re.search(r"\b(19|20)\d\d\b", entry.citation)
    assert entry.licence


@entries
def test_the_page_and_the_origin_are_of_one_data_set(name: str) -> None:
    entry = describe(name)
    match entry.origin:
        case FigshareArticle(number):
            assert entry.page.endswith(f"/{number}")
        case KaggleDataset(slug):
            assert entry.page == f"https://www.kaggle.com/datasets/{slug}"
            assert re.fullmatch(r"[a-z0-9]+/[a-z0-9-]+", slug)
        case PlainFiles(files):
            assert files
            for file in files:
                assert file.url.startswith("https://")
                assert "/" not in file.name


@entries
def test_a_licence_that_was_not_read_from_the_publisher_says_so(name: str) -> None:
    entry = describe(name)
    if isinstance(entry.origin, KaggleDataset):
        assert entry.licence == ON_THE_PAGE or entry.licence.endswith("the page decides")


def test_no_two_are_the_same_download() -> None:
    origins = [entry.origin for entry in CATALOGUE.values()]
    assert len(set(origins)) == len(origins)
    assert len({entry.page for entry in CATALOGUE.values()}) == len(origins)


def test_the_text_for_people_is_laid_out_line_by_line() -> None:
    assert describe("br35h").text().split("\n") == [
        "br35h: Br35H :: Brain Tumor Detection 2020",
        "  page:     https://www.kaggle.com/datasets/ahmedhamada0/brain-tumor-detection",
        "  licence:  stated on the page",
        "  citation: Br35H :: Brain Tumor Detection 2020 [Data set], Kaggle, "
        "https://www.kaggle.com/datasets/ahmedhamada0/brain-tumor-detection",
        "  checked:  what came the first time, as the publisher gives no checksum",
    ]


def test_what_a_download_is_checked_against_is_said() -> None:
    assert "publisher's MD5" in describe("figshare").checked()
    assert "second-hand, the files that we have measured" in describe("sartaj").checked()
    given = PlainFiles((RemoteFile("a", "https://a", "md5:0"),))
    assert "publisher's checksum" in replace(describe("bangladesh"), origin=given).checked()


def test_an_unknown_one_is_refused_with_those_known_and_another_way() -> None:
    with pytest.raises(UsageError, match=r"'brats'.* bangladesh, br35h, .*manifest SOURCE FOLDER"):
        describe("brats")
