"""A whole scan, where it is asked for: its answers slice by slice, and the tumour's volume."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import streamlit as st

from gliaboost._face.answers import answers_frame
from gliaboost.models.segmentation.mask_folder import series_of
from gliaboost.outside_text import csv_frame
from gliaboost.web.asked import answer_scan, outline_scan, unanswered, unoutlined
from gliaboost.web.batch import show_rows
from gliaboost.web.holding import holding
from gliaboost.web.words import facts

if TYPE_CHECKING:
    from gliaboost._face.answers import Answer
    from gliaboost.datasets.scans import SlicePlace
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.segmentation.bundle import SegmenterBundle
    from gliaboost.models.segmentation.segmentations import SegmentedPicture

# Slices that are asked about at most: with a segmenter some minutes on two cores.
MOST = 512
# What a column of the CSV is called on the page.
_HEADS = {"outlined_mm2": "Outlined, mm²", "outlined_pixels": "Outlined, pixels"}


def show_scan(number: int, bundle: Bundle, segmenter: SegmenterBundle | None) -> None:
    """Offer to ask about all slices of a scan; show what was said of them.

    Parameters
    ----------
    number : int
        Of the upload.
    bundle : Bundle
        Whose answers.
    segmenter : SegmenterBundle, optional
        What finds the tumour.
    """
    st.divider()
    st.subheader("The whole scan")
    count = len(holding().uploads[number].slices)
    if count > MOST:
        st.info(f"It has {count:,} slices; {MOST} at most are asked about here.")
        return
    missing = set(unanswered(bundle, number))
    if segmenter is not None:
        missing |= set(unoutlined(segmenter, number))
    if missing:
        slot = st.empty()
        if not slot.button(f"Ask about all {count} slices", key=f"whole-{number}"):
            return
        with slot.container():
            answer_scan(bundle, number)
            if segmenter is not None:
                outline_scan(segmenter, number)
        slot.empty()
    _show(number, bundle, segmenter)


def _show(number: int, bundle: Bundle, segmenter: SegmenterBundle | None) -> None:
    own = holding()
    slices = own.uploads[number].slices
    answers = [own.answers[bundle.sha256, number, at] for at in range(len(slices))]
    outlines: list[SegmentedPicture] = []
    if segmenter is not None:
        outlines = [own.outlined[segmenter.sha256, number, at] for at in range(len(slices))]
    counted = Counter(one.verdict for one in answers).most_common()
    said = [("Slices", ", ".join(f"{n} {verdict}" for verdict, n in counted))]
    st.html(facts([*said, *_volume(slices[0].place, outlines)]))
    rows = [_row(at, one, outlines) for at, one in enumerate(answers, 1)]
    show_rows(rows, "The answer on each slice")
    frame = answers_frame(answers, bundle.classes)
    frame.insert(0, "slice", range(1, len(answers) + 1))
    for name, column in _areas(outlines).items():
        frame[name] = column
    st.download_button(
        "All slices as CSV",
        csv_frame(frame).to_csv(index=False).encode(),
        "slices.csv",
        "text/csv",
        key=f"slices-{number}",
        on_click="ignore",
    )


def _row(at: int, one: Answer, outlines: list[SegmentedPicture]) -> dict[str, Any]:
    areas = _areas(outlines[at - 1 : at])
    return {
        "Slice": at,
        "Answer": one.verdict,
        "Probability": None if one.probabilities is None else max(one.probabilities.values()),
        "Cannot be ruled out": ", ".join(one.inside or ()),
        **{_HEADS[name]: column[0] for name, column in areas.items()},
    }


def _areas(outlines: list[SegmentedPicture]) -> dict[str, list[float | None]]:
    """Set the outlined areas in a column; in mm2 where the scan tells the size of a pixel."""
    measured = [one.measurements for one in outlines]
    if not any(measured):
        return {}
    if any(one is not None and one.spacing is not None for one in measured):
        return {"outlined_mm2": [None if one is None else one.area_mm2 for one in measured]}
    return {"outlined_pixels": [None if one is None else one.area_pixels for one in measured]}


def _volume(place: SlicePlace | None, outlines: list[SegmentedPicture]) -> list[tuple[str, str]]:
    """Say how large the outlines are together, or why that is not known."""
    if not outlines or place is None:
        return []
    known = series_of(place, [one for one in outlines if one.error is None])
    if "volume_ml" in known:
        return [
            ("Outlined volume", f"{known['volume_ml']:,.2f} ml"),
            ("Outlined slices", f"{known['volume_slices']} of {known['slices']}"),
        ]
    why = known.get("note", "the file does not tell how large pixels are, or where slices lie")
    return [("Outlined volume", f"not known: {why}")]
