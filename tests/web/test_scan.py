from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from gliaboost.web import asked, scan
from tests.web.conftest import Made, OpenPage, drop, words
from tests.web.test_classify import TEXTURE, volume


def test_all_slices_are_asked_about_and_the_outlines_are_one_volume(
    made: Made, open_page: OpenPage
) -> None:
    page = drop(open_page(made.bundle, segmenter=made.segmenter), ("scan.nii.gz", volume(made)))
    assert not page.dataframe  # not before it is asked for
    page.button(key="whole-0").click().run()
    assert not page.exception and not page.error
    table = page.dataframe[0].value
    assert table["Slice"].tolist() == [1, 2, 3, 4, 5] and set(table["Answer"]) != {""}
    held = page.session_state["holding"]
    # Pixels of 1 mm2 each, slices 4 mm apart.
    areas = [one.measurements.area_mm2 for _, one in sorted(held.outlined.items())]
    assert table["Outlined, mm²"].tolist() == areas
    assert f"{4 * sum(areas) / 1000:,.2f} ml" in words(page)
    assert f"{sum(area > 0 for area in areas)} of 5" in words(page)
    assert not [b for b in page.button if b.key == "whole-0"]
    # It stays beside another slice, and its CSV with it.
    page.slider(key="slice-0").set_value(5).run()
    assert len(page.dataframe) == 1 and len(page.get("download_button")) == 3


def test_what_was_answered_before_is_not_asked_again(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = vars(asked)["answer"], list[str]()

    def answer(bundle: object, sources: list[object], **named: object) -> object:
        seen.extend(str(getattr(one, "name", "")) for one in sources)
        return real(bundle, sources, **named)

    monkeypatch.setattr(asked, "answer", answer)
    page = drop(open_page(made.bundle), ("scan.nii.gz", volume(made)))
    page.slider(key="slice-0").set_value(1).run()
    page.button(key="whole-0").click().run()
    assert len(seen) == len(set(seen)) == 5
    assert not page.exception and "Outlined" not in words(page)


def test_a_series_whose_slices_lie_unevenly_has_no_volume(
    made: Made, open_page: OpenPage, dicom_slice: Callable[..., bytes]
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for n, place in enumerate((0, 5, 10, 30)):
            data = dicom_slice(TEXTURE + n, ImagePositionPatient=[0, 0, place])
            archive.writestr(f"{n}.dcm", data)
    page = open_page(made.bundle, segmenter=made.segmenter)
    page = drop(page, ("series.zip", stream.getvalue()))
    page.button(key="whole-0").click().run()
    assert "not known: slices lie unevenly apart" in words(page) and not page.exception
    assert len(page.dataframe[0].value) == 4


def test_there_is_an_end_to_what_is_asked_about(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "MOST", 4)
    page = drop(open_page(made.bundle), ("scan.nii.gz", volume(made)))
    assert "5 slices; 4 at most" in words(page)
    assert not [b for b in page.button if b.key == "whole-0"]


def test_a_picture_alone_is_no_scan(made: Made, open_page: OpenPage) -> None:
    page = drop(open_page(made.bundle), ("p00-0.png", made.picture()))
    assert "The whole scan" not in words(page)
