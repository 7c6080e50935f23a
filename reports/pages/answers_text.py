"""What a model says of pictures, set for a terminal, for CSV and for JSON.

Apart from `gliaboost.reports.pages.terminal`: to import what reads results takes longer than this.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gliaboost.outside_text import csv_cell
from gliaboost.reports.document.columns import columns

if TYPE_CHECKING:
    from gliaboost.models.familiarity.familiarity import Familiarity
    from gliaboost.models.prediction import Prediction
    from gliaboost.models.segmentation.segmentations import Segmentations

# How a picture stands to the training, in a table of predictions.
FAMILIAR = ("typicality", "seen")


def predictions_json(model: Mapping[str, Any], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Return predictions and failures as plain values."""
    return {
        "model": dict(model),
        "predictions": [
            {
                "path": p.name,
                "predicted": p.predicted,
                "probabilities": p.probabilities,
                "typicality": p.typicality,
                "unlike_training": None if p.familiarity is None else p.familiarity.unlike,
                "seen_in_training": p.seen,
            }
            for p in predictions
            if p.error is None
        ],
        "failed": [{"path": p.name, "reason": p.error} for p in predictions if p.error is not None],
    }


def predictions_csv(classes: Sequence[str], predictions: Sequence[Prediction]) -> str:
    """Return one line a file, probabilities with six digits; failures have a reason instead."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "predicted", *(f"proba_{c}" for c in classes), "error", *FAMILIAR])
    for p in predictions:
        shown = [f"{p.probabilities[c]:.6f}" if p.probabilities else "" for c in classes]
        typical = "" if p.typicality is None else f"{p.typicality:.4f}"
        cells = [p.name, p.predicted or "", *shown, p.error or "", typical, p.seen or ""]
        writer.writerow([csv_cell(cell) for cell in cells])
    return text.getvalue().rstrip("\n")


def predictions_table(
    classes: Sequence[str], predictions: Sequence[Prediction], *, fit: bool = False
) -> str:
    """Return an aligned table of the files that could be read; `fit` as of `columns`.

    A picture that is unlike the training, or was part of it, has a remark at the end of its line.
    """
    read = [p for p in predictions if p.error is None]
    remarks = [_remark(p) for p in read]
    rows = [["path", "predicted", *classes, *(["remark"] if any(remarks) else [])]]
    rows += [
        [
            p.name,
            str(p.predicted),
            *(f"{p.probabilities[c]:.3f}" for c in classes),
            *([remark] if any(remarks) else []),
        ]
        for p, remark in zip(read, remarks, strict=True)
    ]
    return columns(rows, left=2, fit=fit)


def segmentations_table(found: Segmentations, *, fit: bool = False) -> str:
    """Return a line a picture that could be read: area, diameters; `fit` as of `columns`.

    Lengths are in mm where the spacing is known, else in pixels.
    """
    rows: list[list[str]] = []
    kinds = any(p.kind for p in found.read)
    for p in found.read:
        m = p.measurements
        if m is None or m.whole is None:
            nothing = [*([""] if kinds else []), "no tumour", ""]
            rows.append([p.name, *nothing, _familiar(p.familiarity)])
            continue
        area = f"{m.area_pixels:,} px" if m.area_mm2 is None else f"{m.area_mm2:,.1f} mm2"
        lines = (m.whole.longest, m.whole.perpendicular)
        across = " x ".join(f"{d.pixels if d.mm is None else d.mm:.1f}" for d in lines)
        unit = "px" if m.whole.longest.mm is None else "mm"
        kind = [p.kind or ""] if kinds else []
        rows.append([p.name, *kind, area, f"{across} {unit}", _familiar(p.familiarity)])
    head = ["path", *(["class"] if kinds else []), "area", "longest x across", "remark"]
    rows = [head, *rows]
    if not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    return columns(rows, left=2 if kinds else 1, fit=fit)


def _remark(prediction: Prediction) -> str:
    return _familiar(prediction.familiarity)


def _familiar(familiarity: Familiarity | None) -> str:
    if familiarity is None:
        return ""
    words = {"file": "was in training", "copy": "copy of training"}
    return "unlike training" if familiarity.unlike else words.get(familiarity.seen, "")
