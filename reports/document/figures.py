"""Pictures of a run, drawn from saved numbers alone."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.lettering import LINE, wrapped
from gliaboost.reports.document.matrix import Matrix
from gliaboost.reports.document.numerals import count, percent, share


def intervals(
    name: str,
    rows: Sequence[tuple[str, float, Sequence[float] | None]],
    axis: str,
    *,
    guide: float | None = None,
) -> Picture:
    """Draw a value and its interval in each row (a forest plot).

    Parameters
    ----------
    name : str
        Stem of the file.
    rows : sequence of (label, value, [low, high] or None)
        From top to bottom.
    axis : str
        What the values are.
    guide : float, optional
        Where a dashed line stands, such as chance.

    Returns
    -------
    Picture
    """
    ends = [v for _, value, span in rows for v in (value, *(span or ()))]
    low, high = min(ends), max(ends)
    pad = max(0.02, 0.08 * (high - low))
    low, high = max(min(low - pad, 1), -1), high + pad
    if all(0 <= v <= 1 for v in ends):
        low, high = max(low, 0), min(high, 1)
    left, right, top, step = 18.0, svg.WIDTH - 18.0, 8.0, 36.0
    broken = [wrapped(label, svg.WIDTH - 12) for label, _, _ in rows]
    bottom = top + step * len(rows) + LINE * sum(len(lines) - 1 for lines in broken)

    def x(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    marks = svg.ticks(low, high)
    digits = svg.decimals(marks)
    parts = [svg.line(x(t), top, x(t), bottom, "grid") for t in marks]
    parts += [
        svg.text(x(t), bottom + 16, share(t, digits), anchor="middle", kind="soft") for t in marks
    ]
    if guide is not None and low <= guide <= high:
        parts.append(svg.line(x(guide), top, x(guide), bottom, "guide"))
    y = top - 11
    for lines, (_, value, span) in zip(broken, rows, strict=True):
        for n, line in enumerate(lines):
            parts.append(svg.text(6, y + 25 + LINE * n, line))
        y += step + LINE * (len(lines) - 1)
        if span is not None:
            parts.append(svg.line(x(span[0]), y, x(span[1]), y, "whisker s1"))
        parts.append(svg.marker(x(value), y, 0))
    parts.append(svg.line(left, bottom, right, bottom))
    parts.append(svg.text((left + right) / 2, bottom + 34, axis, anchor="middle"))
    said = "; ".join(f"{label}: {share(value)}" for label, value, _ in rows)
    return Picture(
        name, "".join(parts), svg.WIDTH, bottom + 42, f"{axis}, with 95 % intervals. {said}."
    )


def shares(
    name: str, rows: Sequence[tuple[str, Sequence[float]]], parts_of: Sequence[str]
) -> Picture:
    """Draw what a whole is made of, a bar a row.

    Parameters
    ----------
    name : str
        Stem of the file.
    rows : sequence of (label, shares [P])
        From top to bottom; shares sum to 1 or, where nothing is known, to 0.
    parts_of : sequence of str [P]
        What the shares are of.

    Returns
    -------
    Picture
    """
    left, right, top, step = 6.0, svg.WIDTH - 6.0, 8.0, 42.0
    parts = []
    y = top - step
    for label, values in rows:
        y, x = y + step, left
        lines = wrapped(label, right - left)
        for n, line in enumerate(lines):
            parts.append(svg.text(left, y + 9 + LINE * n, line))
        y += LINE * (len(lines) - 1)
        for k, value in enumerate(values):
            wide = value * (right - left)
            # A frame in the paper's colour keeps neighbours apart for those who see no hue.
            parts.append(svg.rect(x, y + 15, wide, 14, f"part m{k % svg.SERIES + 1}"))
            x += wide
    y += step + 4
    for k, words in enumerate(parts_of):
        y += 18
        parts.append(svg.rect(left, y - 10, 12, 12, f"part m{k % svg.SERIES + 1}"))
        for n, line in enumerate(wrapped(words, right - left - 20)):
            y += LINE if n else 0
            parts.append(svg.text(left + 20, y, line))
    said = "; ".join(
        f"{label}: {', '.join(f'{p} {share(v)}' for p, v in zip(parts_of, values, strict=True))}"
        for label, values in rows
    )
    return Picture(name, "".join(parts), svg.WIDTH, y + 10, f"Shares by part. {said}.")


def confusion(
    name: str, title: str, classes: Sequence[str], counts: Sequence[Sequence[int]]
) -> Picture:
    """Draw a confusion matrix: counts, and below them the share of the row; shade is that share.

    Parameters
    ----------
    name : str
        Stem of the file.
    title : str
        Above the matrix.
    classes : sequence of str [K]
        In order.
    counts : sequence [K][K]
        Rows true, columns predicted.

    Returns
    -------
    Picture
    """
    matrix = Matrix(title, classes, classes, "true", "predicted")
    for i, row in enumerate(counts):
        total = sum(row)
        for j, number in enumerate(row):
            part = number / total if total else 0.0
            matrix.fill(
                i,
                j,
                count(number),
                part=part,
                kind="strong" if i == j else "",
                small=percent(part, 1) if total else "",
            )
    right = [
        f"{row[i]} of {sum(row)} {label}"
        for i, (label, row) in enumerate(zip(classes, counts, strict=True))
    ]
    return matrix.picture(name, f"Confusion matrix of {title}. Right: {'; '.join(right)}.")
