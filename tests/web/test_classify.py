from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import nibabel
import numpy as np
import pytest

from tests.web.conftest import Made, OpenPage, drop, words

TEXTURE = np.random.default_rng(3).integers(0, 255, (48, 48)).astype(np.uint16)


def volume(made: Made) -> bytes:
    """Five slices of a training picture, turned so that they are cut as it lies."""
    image, library = made.greys().astype(np.int16), cast(Any, nibabel)
    cut = np.stack([image.T[::-1, ::-1] + 10 * n for n in range(5)], axis=2)
    data: bytes = library.Nifti1Image(cut, np.diag([1, 1, 4, 1])).to_bytes()
    return data


def test_one_picture_gives_class_bars_reason_and_what_it_was_trained_on(
    made: Made, open_page: OpenPage
) -> None:
    page = open_page(made.bundle)
    assert not page.exception and len(page.file_uploader) == 1
    assert "Research use only, not a diagnosis" in words(page)
    assert "48 pictures of 24 patients" in words(page)
    page = drop(page, ("p00-0.png", made.picture()))
    said = words(page)
    assert not page.exception and not page.error
    assert page.subheader[0].value in ("fine", "not sure\\: show it to a human")
    assert "coarse" in said and "%</span>" in said
    assert "with 90% certainty" in said and "calibrated on patients" in said
    assert "was in its training set" in said
    assert "for fine" in said and "against fine" in said
    assert "The decision rests on hog" in said
    assert page.slider(key="opacity").value == 60 and len(page.image) == 1


def test_the_uploader_is_new_after_each_upload_and_the_session_keeps_no_bytes(
    made: Made, open_page: OpenPage
) -> None:
    page = open_page(made.bundle)
    key = page.file_uploader[0].key
    page = drop(page, ("p00-0.png", made.picture()))
    assert page.file_uploader[0].key != key and not page.file_uploader[0].value
    held = page.session_state["holding"]
    assert held.uploads[0].size > 0 and key not in page.session_state


def test_the_opacity_changes_the_picture_and_asks_nobody(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = drop(open_page(made.bundle), ("p00-0.png", made.picture()))
    before = page.image[0].value
    monkeypatch.setattr("gliaboost.web.asked.answer", None)
    monkeypatch.setattr("gliaboost.web.asked.explanation_of", None)
    page.slider(key="opacity").set_value(10).run()
    assert not page.exception and page.image[0].value != before


def test_many_pictures_give_a_table_downloads_and_one_to_look_at(
    made: Made, open_page: OpenPage
) -> None:
    names = [f"p{n:02}-1.png" for n in range(11)]
    page = drop(open_page(made.bundle), *[(name, made.picture(name)) for name in names])
    table = page.dataframe[0].value
    assert table["Picture"].tolist() == names and table["Probability"].between(0, 1).all()
    assert [getattr(b, "label", "") for b in page.get("download_button")] == [
        "Answers as CSV", "Answers as one page (HTML)",
    ]  # fmt: skip
    page.selectbox(key="picture").set_value(7).run()
    assert "**p07-1.png**" in words(page)
    page.button(key="clear").click().run()
    assert not page.dataframe and not page.get("download_button")


def test_bad_files_are_a_red_line_each_and_the_others_are_answered(
    made: Made, open_page: OpenPage
) -> None:
    page = drop(
        open_page(made.bundle),
        ("letter.png", b"Dear patient"),
        ("empty.dcm", b""),
        ("![x](http://evil/x.png)<b>", made.picture()[:50]),
        ("good.png", made.picture()),
    )
    assert not page.exception and len(page.error) == 3
    assert all("Traceback" not in e.value and "<b>" not in e.value for e in page.error)
    assert "\\!\\[x\\]" not in page.error[0].value and "http:" not in page.error[2].value
    assert "**good.png**" in words(page)
    page = drop(page, ("again.png", made.picture("p01-0.png")))
    assert not page.error


def test_a_dicom_file_is_answered_and_its_patient_is_not_shown(
    made: Made, open_page: OpenPage, dicom_slice: Callable[..., bytes]
) -> None:
    page = drop(
        open_page(made.bundle, segmenter=made.segmenter),
        ("scan", dicom_slice(made.greys(), BurnedInAnnotation="YES")),
    )
    said = words(page)
    assert not page.exception and not page.error
    assert "burnt-in text" in said
    assert "Doe" not in said and "4711" not in said


def test_a_volume_has_a_slider_that_starts_in_the_middle(made: Made, open_page: OpenPage) -> None:
    page = drop(open_page(made.bundle), ("scan.nii.gz", volume(made)))
    assert not page.exception and not page.error
    slider = page.slider(key="slice-0")
    assert (slider.min, slider.max, slider.value) == (1, 5, 3)
    held = page.session_state["holding"]
    slider.set_value(5).run()
    asked = {place[2] for place in held.answers}
    assert asked == {2, 4} and not page.exception


def test_a_zipped_series_is_one_scan(
    made: Made, open_page: OpenPage, dicom_slice: Callable[..., bytes]
) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for n in range(4):
            data = dicom_slice(TEXTURE + n, ImagePositionPatient=[0, 0, 5 * n])
            archive.writestr(f"DOE/{n}.dcm", data)
    page = drop(open_page(made.bundle), ("series.zip", stream.getvalue()))
    assert not page.exception and page.slider(key="slice-0").max == 4
    assert "DOE" not in words(page)


def test_what_is_no_such_picture_is_refused_and_no_class_is_named(
    made: Made, open_page: OpenPage
) -> None:
    import skimage.data

    cat = Path(skimage.data.__file__).with_name("chelsea.png").read_bytes()
    page = drop(open_page(made.bundle, segmenter=made.segmenter), ("slice.png", cat))
    assert page.subheader[0].value == "No answer"
    assert "Refused" in page.error[0].value and "it answers above" in page.error[0].value
    assert not [s for s in page.slider if s.key in ("opacity", "outline-0-slice.png")]


def test_an_outline_follows_its_threshold_and_is_measured(made: Made, open_page: OpenPage) -> None:
    page = drop(open_page(made.bundle, segmenter=made.segmenter), ("p00-0.png", made.picture()))
    outline = next(s for s in page.slider if str(s.key).startswith("outline-"))
    first = words(page)
    assert "Longest diameter" in first or "no tumour found" in first
    assert isinstance(outline.value, int)
    outline.set_value(99 if outline.value < 50 else 1).run()
    assert not page.exception and words(page) != first


def test_two_bundles_are_chosen_between(made: Made, open_page: OpenPage) -> None:
    page = drop(open_page(made.bundle, made.other), ("p00-0.png", made.picture()))
    assert "calibrated on patients" in words(page)
    page.selectbox(key="model").set_value("second").run()
    assert "as the model gives them" in words(page) and not page.exception


def test_too_many_files_are_refused_before_any_is_read(
    made: Made, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliaboost.web.holding.open_upload", None)
    page = drop(open_page(made.bundle), *[(f"{n}.png", b"x") for n in range(201)])
    assert "201 files; 200 at most" in words(page) and len(page.error) == 1


def test_a_wrong_bundle_is_a_red_line(made: Made, open_page: OpenPage, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.joblib"
    wrong.write_bytes(b"Dear patient")
    page = open_page(wrong, made.bundle)
    assert not page.exception and "wrong.joblib" in words(page)
    assert len(page.file_uploader) == 1
