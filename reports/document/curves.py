"""Pictures of thresholds: ROC, precision and recall, reliability, error against coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.reports.document import svg
from gliaboost.reports.document.axes import Axes
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.numerals import share

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One line of a picture.

    Attributes
    ----------
    series : int
        Position of the experiment: colour, dash and mark.
    words : str
        Its name in the legend.
    x, y : float arrays [M]
        The line.
    low, high : float arrays [M], optional
        The band about it.
    """

    series: int
    words: str
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None


# Width and height of one of many: four stand side by side.
SMALL = 280.0, 180.0
FULL = float(svg.WIDTH), 240.0


def roc(name: str, title: str, curves: Sequence[Curve], *, small: bool = False) -> Picture:
    """Draw sensitivity against false alarms; `small` where it is one of many."""
    width, height = SMALL if small else FULL
    axes = Axes(
        (0, 1), (0, 1), "1 - specificity", "sensitivity", title=title, width=width, height=height
    )
    axes.guide([(0, 0), (1, 1)])
    return _drawn(axes, name, f"ROC curves, {title}", curves)


def precision_recall(
    name: str, title: str, curves: Sequence[Curve], prevalence: float, *, small: bool = False
) -> Picture:
    """Draw precision against recall; the dashed line is the class' share of the images."""
    width, height = SMALL if small else FULL
    axes = Axes((0, 1), (0, 1), "recall", "precision", title=title, width=width, height=height)
    axes.guide([(0, prevalence), (1, prevalence)])
    return _drawn(axes, name, f"Precision and recall, {title}", curves)


def risk(name: str, curves: Sequence[Curve]) -> Picture:
    """Draw the share of wrong answers against the share of images answered, the surest first."""
    top = max([0.05, *(float(c.y.max()) for c in curves)])
    axes = Axes((0, 1), (0, min(1.0, 1.05 * top)), "share of images answered", "share wrong")
    return _drawn(axes, name, "Error against coverage", curves)


def reliability(
    name: str,
    title: str,
    series: int,
    confidence: Array,
    accuracy: Array,
    images: Array,
    spans: Sequence[Sequence[float] | None],
) -> Picture:
    """Draw how often each level of confidence is right; bars are shares of images.

    Parameters
    ----------
    name, title : str
        Stem of the file, and heading.
    series : int
        Position of the experiment.
    confidence, accuracy, images : float arrays [M]
        By bin of equal width; NaN where a bin is empty.
    spans : sequence of ([low, high] or None)
        Interval of each accuracy.
    """
    axes = Axes((0, 1), (0, 1), "confidence", "share right", title=title)
    total = images.sum()
    for i, part in enumerate(images / total):
        if part > 0:
            axes.bar(i / len(images), (i + 1) / len(images), part)
    axes.guide([(0, 0), (1, 1)])
    said = []
    for x, y, limits in zip(confidence, accuracy, spans, strict=True):
        if not np.isnan(x):
            axes.mark(float(x), float(y), series, span=limits)
            said.append(f"{share(float(x), 2)} sure, {share(float(y), 2)} right")
    return axes.picture(name, f"Reliability, {title}: {'; '.join(said)}.")


def history(name: str, title: str, across: str, label: str, curves: Sequence[Curve]) -> Picture:
    """Draw how training or a search went, round by round."""
    xs, ys = (np.concatenate([getattr(c, k) for c in curves]) for k in ("x", "y"))
    pad = 0.05 * max(float(np.ptp(ys)), 0.02)
    span = (float(xs.min()), max(float(xs.max()), float(xs.min()) + 1))
    axes = Axes(span, (float(ys.min()) - pad, float(ys.max()) + pad), across, label, title=title)
    return _drawn(axes, name, f"{label} by {across}, {title}", curves)


def _drawn(axes: Axes, name: str, what: str, curves: Sequence[Curve]) -> Picture:
    for c in curves:
        if c.low is not None and c.high is not None:
            axes.band(_points(c.x, c.low), _points(c.x, c.high), c.series)
    for c in curves:
        axes.curve(_points(c.x, c.y), c.series)
    for series, words in dict.fromkeys((c.series, c.words) for c in curves):
        axes.key(series, words)
    return axes.picture(name, f"{what}: {'; '.join(dict.fromkeys(c.words for c in curves))}.")


def _points(x: Array, y: Array) -> list[tuple[float, float]]:
    known = ~(np.isnan(x) | np.isnan(y))
    return [(float(a), float(b)) for a, b in zip(x[known], y[known], strict=True)]
