from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.matching import check_names, match_images
from gliaboost.errors import ManifestError, UsageError

PATHS = ["Training/a/1.png", "Testing/a/1.png", "Testing/b/P7.v2.jpg", "Testing/b/007.png"]
M = Manifest.of(pd.DataFrame({"path": PATHS}), "/data/set")


def matched(*pairs: tuple[str, str]) -> list[str | None]:
    return match_images(M, pairs, "t.csv").values


@pytest.mark.parametrize(
    "name",
    [
        "Testing/b/P7.v2.jpg",
        "./Testing/b/P7.v2.jpg",
        "Testing\\b\\P7.v2.jpg",
        "/data/set/Testing/b/P7.v2.jpg",
        "set/Testing/b/P7.v2.jpg",
        "b/P7.v2",
        "P7.v2.jpg",
        " P7.v2 ",
    ],
)
def test_a_name_means_an_image_by_any_whole_end_of_its_path(name: str) -> None:
    assert matched((name, "p")) == [None, None, "p", None]


@pytest.mark.parametrize("name", ["P7", "7.v2.jpg", "p7.v2.jpg", "esting/b/P7.v2.jpg", "P7.v2.png"])
def test_a_part_of_a_name_means_nothing(name: str) -> None:
    with pytest.raises(UsageError, match=r"t.csv names none of the images: it has .*; there are"):
        matched((name, "p"))


def test_a_name_of_several_images_is_refused_and_a_path_is_not() -> None:
    assert matched(("Training/a/1.png", "p"), ("Testing/a/1", "q"))[:2] == ["p", "q"]
    message = r"1.png is 2 images \(Training/a/1.png, Testing/a/1.png\); give paths"
    with pytest.raises(ManifestError, match=message):
        matched(("1.png", "p"))


def test_two_values_of_one_image_are_refused() -> None:
    assert matched(("007.png", "p"), ("b/007", "p"))[3] == "p"
    with pytest.raises(ManifestError, match="b/007 has two values, p and q; give one"):
        matched(("007.png", "p"), ("b/007", "q"))


def test_zeros_that_a_spreadsheet_took_are_named() -> None:
    with pytest.raises(UsageError, match="names '7' for '007': the zeros in front differ"):
        matched(("7", "p"), ("P7.v2", "q"))


def test_what_is_left_on_either_side_is_counted() -> None:
    assert match_images(M, [("007", "p"), ("x.png", "q")], "t.csv").notes == (
        "t.csv names 1 images that are not there: x.png",
        "t.csv says nothing of 3 of 4 images "
        "(Training/a/1.png, Testing/a/1.png, Testing/b/P7.v2.jpg)",
    )


def test_images_outside_the_manifests_folder_are_named_by_their_own(tmp_path: Path) -> None:
    m = Manifest.of(pd.DataFrame({"path": ["../set/a/1.png"]}), tmp_path / "runs")
    assert match_images(m, [("set/a/1.png", "p")], "t").values == ["p"]


def test_accents_that_are_taken_apart_are_the_same() -> None:
    m = Manifest.of(pd.DataFrame({"path": ["a/gro\u0308\u00dfe.png"]}), "/data")
    assert match_images(m, [("gr\u00f6\u00dfe", "p")], "t").values == ["p"]


def test_a_table_must_speak_of_what_there_is() -> None:
    def check(given: list[str], there: list[str]) -> list[str]:
        return check_names(given, there, "l.csv", "patients")

    assert check(["007", "7"], ["007", "7", "8"]) == []
    assert check(["007", "9"], ["007"]) == ["l.csv names 1 patients that are not there: 9"]
    # 7 is another patient of the table, not 007 without its zeros.
    assert check(["007", "7"], ["007"]) == ["l.csv names 1 patients that are not there: 7"]
    assert check([], ["007"]) == []
    with pytest.raises(UsageError, match="names '7' for '007': the zeros in front differ"):
        check(["7", "8"], ["007", "8"])
    with pytest.raises(UsageError, match="names 'P7-1' for 'P007-1'"):
        check(["P7-1"], ["P007-1"])
    with pytest.raises(UsageError, match="names none of the patients: it has 9; there are 7, 8"):
        check(["9"], ["7", "8"])


def test_an_ending_of_two_parts_is_one() -> None:
    scans = Manifest.of(pd.DataFrame({"path": ["a/P1.nii.gz", "b/P2.nii"]}), "/data")
    for one, two in (("P1", "P2"), ("P1.nii.gz", "P2.nii"), ("a/P1", "b/P2")):
        assert match_images(scans, [(one, "p"), (two, "q")], "t.csv").values == ["p", "q"]


def test_a_whole_name_goes_before_one_without_its_ending() -> None:
    m = Manifest.of(pd.DataFrame({"path": ["a/1.png.jpg", "a/1.png"]}), "/data")
    assert match_images(m, [("1.png", "p")], "t").values == [None, "p"]
