"""Measurements of a mask as a reader wants them: a name and a value each."""

from __future__ import annotations

from gliaboost.models.segmentation.diameters import Diameter
from gliaboost.models.segmentation.measurements import Measurements


def measured_words(found: Measurements) -> list[tuple[str, str]]:
    """Say what was measured; in mm where the spacing is known, in pixels else.

    Examples
    --------
    >>> import numpy as np
    >>> from gliaboost.models.segmentation.measurements import measure
    >>> mask = np.zeros((20, 20), bool)
    >>> mask[5:9, 4:12] = True
    >>> measured_words(measure(mask, spacing=(0.5, 0.5)))[0]
    ('Area', '8 mm² (32 pixels)')
    >>> measured_words(measure(mask & False))
    [('Area', 'no tumour found')]
    """
    whole = found.whole
    if whole is None:
        return [("Area", "no tumour found")]
    pixels = f"{whole.area_pixels:,} pixels"
    area = pixels if whole.area_mm2 is None else f"{whole.area_mm2:,.0f} mm² ({pixels})"
    rows = [
        ("Area", area),
        ("Longest diameter", _length(whole.longest)),
        ("Across it", _length(whole.perpendicular)),
        ("Parts", f"{len(found.components)}"),
        ("Share of the picture", f"{whole.area_pixels / (found.height * found.width):.1%}"),
    ]
    if whole.contrast is not None:
        rows.append(("Brighter than around it", f"{whole.contrast:+.0f} grey levels"))
    if whole.rim_entropy is not None:
        rows.append(("How unsure the outline is", f"{whole.rim_entropy:.2f} of 1"))
    if found.spacing is None:
        rows.append(("Millimetres", "not known: the file does not tell the size of a pixel"))
    return rows


def _length(line: Diameter) -> str:
    return f"{line.pixels:.0f} pixels" if line.mm is None else f"{line.mm:.1f} mm"
