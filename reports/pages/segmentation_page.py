"""A comparison of segmenters as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.errors import DecodeError
from gliaboost.reports.document.blocks import Alarm, Block, Cell, Paragraph, Section, Table
from gliaboost.reports.document.numerals import count, plural, seconds
from gliaboost.reports.document.writing import write_pages
from gliaboost.reports.pages.mask_gallery import MaskedSlice, chosen
from gliaboost.reports.pages.pretrained import alarm, unknown
from gliaboost.reports.pages.segmentation import segmentation
from gliaboost.reports.protocol.segmentation_record import (
    RECORD,
    SLICES,
    TRUE_MASK,
    SegmentationRecord,
    SegmentationResults,
)
from gliaboost.reports.protocol.segmented_slices import found_masks


def render_segmentation(
    results: SegmentationResults,
    out: Path | str | None = None,
    *,
    images: Path | str | None = None,
) -> dict[str, Any]:
    """Draw the report of a comparison of segmenters.

    Parameters
    ----------
    results : SegmentationResults
        From `gliaboost.reports.protocol.segmentation.run_segmentation`, or as read from its folder.
    out : path-like, optional
        Where the pages go; into the results' folder by default.
    images : path-like, optional
        The folder that paths of images and masks are relative to (the manifest's): with it, the
        page shows slices with their outlines. Such a page holds pictures of patients.

    Returns
    -------
    dict
        As `gliaboost.reports.document.writing.write_pages`.
    """
    record = results.record
    shown = [] if images is None else _shown(results, Path(images))
    made = ", simulated images" if record.simulated else ""
    return write_pages(
        results.folder if out is None else Path(out),
        f"Segmenters on {record.dataset}{made}",
        [
            segmentation(
                results.slices,
                shown,
                fit_seconds={s.name: s.fit_seconds for s in record.segmenters},
                seed=record.seed,
            ),
            _measured(record),
        ],
        simulated=record.simulated,
        source=f"{RECORD} and {SLICES}",
        alarms=_alarms(record),
    )


def _alarms(record: SegmentationRecord) -> list[Alarm]:
    """Warn of segmenters that may have seen the pictures they are tested on."""
    names = unknown({s.name: s.pretrained_on for s in record.segmenters})
    return [alarm(names, names)] if names else []


def _shown(results: SegmentationResults, images: Path) -> list[MaskedSlice]:
    """Find the slices that show how good and how bad the best segmenter is."""
    dice = results.dice()
    if not dice:
        return []
    best = max(dice, key=dice.__getitem__)
    (own,) = [s for s in results.record.segmenters if s.name == best]
    found = found_masks(results.folder, best, [f.fold for f in own.folds])
    if TRUE_MASK not in results.slices:  # of an older version
        return []
    shown = []
    picked = chosen(results.slices[results.slices["experiment"] == best])
    for one in picked.to_dict("records"):
        path, mask = str(one["path"]), one[TRUE_MASK]
        if path not in found:
            continue
        try:
            image = decode(images / path)
            true = decode_mask(images / mask) if isinstance(mask, str) else found[path] & False
        except DecodeError:
            continue
        shown.append(
            MaskedSlice(
                str(one["kind"]),
                path,
                str(one["label"]),
                float(one["dice"]),
                image,
                true,
                found[path],
            )
        )
    return shown


def _measured(record: SegmentationRecord) -> Section:
    """Say on what, how and how fast it was measured."""
    whom = f" of {plural(record.patients, 'patient')}" if record.patients else ""
    healthy = record.images - record.with_tumour
    said = (
        f"{plural(record.images, 'slice')}{whom}: {count(record.with_tumour)} with a tumour, "
        f"{count(healthy)} known to have none. {record.division[:1].upper()}{record.division[1:]}; "
        "no patient was in the training and in the test of a fold. From map to mask is decided by "
        "what was chosen inside each training part, and masks are compared at the size of the "
        "picture, not at that of the segmenter."
    )
    blocks: list[Block] = [Paragraph(said)]
    if not record.patients:
        blocks.append(
            Paragraph(
                "Patients are not known: slices of one may be on both sides, and all numbers here "
                "may be too good.",
                "missing",
            )
        )
    if record.left_out:
        blocks.append(
            Paragraph(
                f"{plural(record.left_out, 'slice')} of a tumour without a mask took no part."
            )
        )
    if record.unreadable:
        names = ", ".join(list(record.unreadable)[:3])
        blocks.append(
            Paragraph(f"{plural(len(record.unreadable), 'image')} could not be read ({names}).")
        )
    blocks.append(_folds(record))
    cores = plural(record.cores, "thread")
    blocks.append(
        Paragraph(
            f"gliaboost {record.gliaboost}, {record.created}, seed {record.seed}, on "
            f"{record.processor}, {cores}. Command: {record.command or 'called from Python'}"
        )
    )
    return Section("measured", "How it was measured", blocks)


def _folds(record: SegmentationRecord) -> Table:
    rows = [
        [
            Cell(segmenter.name),
            Cell(fold.fold),
            Cell(count(fold.train), fold.train),
            Cell(count(fold.test), fold.test),
            Cell(seconds(fold.fit), fold.fit),
            Cell(fold.device),
            Cell(", ".join(f"{k} {v:g}" for k, v in fold.decision.items())),
        ]
        for segmenter in record.segmenters
        for fold in segmenter.folds
    ]
    head = ["Segmenter", "Fold", "#Training slices", "#Test slices", "#Training", "Device"]
    return Table(
        "segmenters-fits",
        "Each segmenter on each fold: slices, time to train, and the decision that was chosen.",
        [*head, "Decision"],
        rows,
        sortable=True,
    )
