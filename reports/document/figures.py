"""Pictures of a run, drawn from saved numbers alone."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import Picture
from gliaboost.reports.document.numerals import count, share


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
    bottom = top + step * len(rows)

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
    for i, (label, value, span) in enumerate(rows):
        y = top + step * i + 25
        parts.append(svg.text(6, y - 11, label))
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
    for i, (label, values) in enumerate(rows):
        y, x = top + step * i, left
        parts.append(svg.text(left, y + 9, label))
        for k, value in enumerate(values):
            wide = value * (right - left)
            # A frame in the paper's colour keeps neighbours apart for those who see no hue.
            parts.append(svg.rect(x, y + 15, wide, 14, f"part m{k % svg.SERIES + 1}"))
            x += wide
    y = top + step * len(rows) + 4
    for k, words in enumerate(parts_of):
        y += 18
        parts.append(svg.rect(left, y - 10, 12, 12, f"part m{k % svg.SERIES + 1}"))
        parts.append(svg.text(left + 20, y, words))
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
    size = len(classes)
    longest = max(len(c) for c in classes)
    left = 24.0 + min(longest * 6.6, 110)
    cell = min(76.0, (svg.WIDTH - left - 6) / size)
    tilted = longest * 6.6 > cell
    top = 56.0 + (min(longest * 6.6, 110) - 8 if tilted else 0)
    parts = [svg.text(0, 14, title, kind="strong")]
    parts.append(svg.text(left + cell * size / 2, 32, "predicted", anchor="middle", kind="soft"))
    middle = top + cell * size / 2
    turned = f' transform="rotate(-90 14 {middle:.1f})"'
    parts.append(svg.text(14, middle, "true", anchor="middle", kind="soft", extra=turned))
    for k, label in enumerate(classes):
        short = label if len(label) <= 17 else label[:16] + "…"
        parts.append(svg.text(left - 6, top + cell * (k + 0.5) + 4, short, anchor="end"))
        x = left + cell * (k + 0.5)
        if tilted:
            turn = f' transform="rotate(-90 {x + 4:.1f} {top - 6:.1f})"'
            parts.append(svg.text(x + 4, top - 6, short, extra=turn))
        else:
            parts.append(svg.text(x, top - 6, short, anchor="middle"))
    for i, row in enumerate(counts):
        total = sum(row)
        for j, number in enumerate(row):
            part = number / total if total else 0.0
            x, y = left + cell * j, top + cell * i
            parts.append(svg.rect(x, y, cell, cell, "heat", opacity=part))
            parts.append(svg.rect(x, y, cell, cell, "frame"))
            centre = x + cell / 2
            big = cell >= 40
            parts.append(
                svg.text(
                    centre,
                    y + cell / 2 + (-1 if big else 4),
                    count(number),
                    anchor="middle",
                    kind="strong" if i == j else "",
                )
            )
            if big and total:
                parts.append(
                    svg.text(
                        centre,
                        y + cell / 2 + 14,
                        f"{part:.1%}".replace("%", " %"),
                        anchor="middle",
                        kind="small",
                    )
                )
    right = [
        f"{row[i]} of {sum(row)} {label}"
        for i, (label, row) in enumerate(zip(classes, counts, strict=True))
    ]
    return Picture(
        name,
        "".join(parts),
        svg.WIDTH,
        top + cell * size + 6,
        f"Confusion matrix of {title}. Right: {'; '.join(right)}.",
    )
