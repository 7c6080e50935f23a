"""The best, median and worst masks of a segmenter, and its false alarms, with outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.segmentation.outline import PREDICTED, TRUE, Colour, outlined
from gliaboost.reports.document.blocks import Gallery, Plate
from gliaboost.reports.document.numerals import count, share
from gliaboost.reports.document.page import picture_uri

if TYPE_CHECKING:
    import pandas as pd

# Of each kind.
EACH = 3
PIXELS = 300
KINDS = ("best", "median", "worst", "false alarm")
# Around the tumour: so much of its own length, and no fewer pixels in all.
MARGIN, CLOSEST = 0.35, 80


@dataclass(frozen=True, eq=False)
class MaskedSlice:
    """A slice to be shown.

    Attributes
    ----------
    kind : {"best", "median", "worst", "false alarm"}
        Why it is shown, as `chosen` says.
    path, label : str
        Which image, and its class.
    dice : float
        Of the masks.
    image : uint8 array [H, W]
        Greys.
    true, predicted : bool array [H, W]
        Masks at the image's size.
    """

    kind: str
    path: str
    label: str
    dice: float
    image: NDArray[np.uint8]
    true: NDArray[np.bool_]
    predicted: NDArray[np.bool_]


def chosen(slices: pd.DataFrame, each: int = EACH) -> pd.DataFrame:
    """Choose the slices that show how good and how bad a segmenter is.

    Parameters
    ----------
    slices : pandas.DataFrame
        Of one segmenter; see `gliaboost.reports.statistics.segmentation.COLUMNS`.
    each : int
        How many of each kind.

    Returns
    -------
    pandas.DataFrame
        Rows of `slices` with a column ``kind``, in the order of `KINDS`: the best Dice, those
        nearest to the median, the worst (of equals the largest tumour first), and the largest
        masks on slices without a tumour. No slice twice, and of each kind one of a patient.
    """
    import pandas as pd

    ill = slices[slices["area_true"] > 0]
    alarms = slices[(slices["area_true"] == 0) & (slices["area_predicted"] > 0)]
    middle = (ill["dice"] - ill["dice"].median()).abs()
    ranked = {
        "best": ill.sort_values(["dice", "path"], ascending=[False, True], kind="stable"),
        "worst": ill.sort_values(
            ["dice", "area_true", "path"], ascending=[True, False, True], kind="stable"
        ),
        "median": ill.assign(off=middle).sort_values(["off", "path"], kind="stable"),
        "false alarm": alarms.sort_values(
            ["area_predicted", "path"], ascending=[False, True], kind="stable"
        ),
    }
    taken: set[str] = set()
    parts = {}
    for kind, rows in ranked.items():
        left = rows[~rows["path"].isin(taken)]
        if "patient" in left:
            left = left[left["patient"].isna() | ~left["patient"].duplicated()]
        parts[kind] = left.head(each).assign(kind=kind)
        taken |= set(parts[kind]["path"])
    return pd.concat([parts[kind] for kind in KINDS]).drop(columns="off", errors="ignore")


def mask_gallery(shown: Sequence[MaskedSlice], name: str) -> Gallery:
    """Draw slices with their outlines, whole and closer.

    Parameters
    ----------
    shown : sequence of MaskedSlice
        In order.
    name : str
        Of the segmenter.

    Returns
    -------
    Gallery
    """
    key = [(_hex(TRUE), "true"), (_hex(PREDICTED), f"found by {name}")]
    kinds = [kind for kind in KINDS if any(s.kind == kind for s in shown)]
    about = ", ".join({"false alarm": "false alarms"}.get(k, k) for k in kinds)
    return Gallery(
        "masks", f"Slices of {name}: {about}. Outlines:", [_plate(s) for s in shown], key
    )


def _plate(one: MaskedSlice) -> Plate:
    outlines = [(one.true, TRUE), (one.predicted, PREDICTED)]
    height, width = one.image.shape
    whole = outlined(one.image, outlines, scale=min(1.0, PIXELS / max(height, width)))
    pictures = [(_uri(whole), "the slice")]
    if (one.true | one.predicted).any():
        box = closer(one.true | one.predicted)
        near = [(mask[box], colour) for mask, colour in outlines]
        side = max(box[0].stop - box[0].start, box[1].stop - box[1].start)
        pictures.append((_uri(outlined(one.image[box], near, scale=PIXELS / side)), "closer"))
    heading = one.kind.capitalize()
    if one.true.any():
        heading += f": Dice {share(one.dice)}"
    areas = f"{count(int(one.true.sum()))} true pixels, {count(int(one.predicted.sum()))} found"
    return Plate(heading, f"{one.label}; {areas}; {one.path}", pictures)


def closer(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Cut a square about a mask, with some room, as far as the picture reaches.

    Examples
    --------
    >>> mask = np.zeros((400, 400), bool)
    >>> mask[100:200, 50:90] = True
    >>> closer(mask)
    (slice(65, 235, None), slice(0, 155, None))
    """
    cut = []
    spans = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    longest = max(int(s[-1] - s[0]) + 1 for s in spans)
    side = max(CLOSEST, round(longest * (1 + 2 * MARGIN)))
    for span, length in zip(spans, mask.shape, strict=True):
        middle = (int(span[0]) + int(span[-1]) + 1) / 2
        start = round(middle - side / 2)
        cut.append(slice(max(0, start), min(length, start + side)))
    return cut[0], cut[1]


def _uri(picture: NDArray[np.uint8]) -> str:
    return picture_uri(np.ascontiguousarray(picture[..., ::-1]), PIXELS)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
