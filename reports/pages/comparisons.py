"""Which experiment is better than which, beyond chance."""

from __future__ import annotations

from gliaboost.reports.document import svg
from gliaboost.reports.document.blocks import (
    Block,
    Cell,
    Figure,
    Paragraph,
    Picture,
    Section,
    Table,
)
from gliaboost.reports.document.numerals import (
    bounded,
    count,
    plural,
    probability,
    share,
    signed,
    span,
)
from gliaboost.reports.protocol.results import Results
from gliaboost.reports.statistics.paired import LEVEL, Comparison

# More rows than this leave a cell too small for its number.
SHOWN = 10


def comparisons(results: Results) -> Section:
    """Test each pair of experiments on the images of both."""
    return Section("pairs", "Is one better than another", _blocks(results))


def _blocks(results: Results) -> list[Block]:
    if len(results.experiments) < 2:
        return [Paragraph("There is one experiment only: nothing to compare it with.", "missing")]
    pairs = results.comparisons
    if not pairs:
        return [
            Paragraph(
                "No two experiments have predictions of the same images, so none can be compared.",
                "missing",
            )
        ]
    blocks: list[Block] = [Paragraph(_finding(pairs))]
    partial = [c for c in pairs if _on_a_part(results, c)]
    if partial:
        blocks.append(
            Paragraph(
                f"{plural(len(partial), 'pair')} of {count(len(pairs))} "
                f"{'is' if len(partial) == 1 else 'are'} compared on a part of the images, as one "
                "of the two was not run on the others.",
                "missing",
            )
        )
    if len(pairs) == 1:
        return [*blocks, _table(results, pairs)]
    blocks.append(
        Figure(
            "pairs",
            [_matrix(results, pairs)],
            "Difference of accuracy in percentage points, row minus column. A filled cell is a "
            "difference beyond chance after Holm's correction, an empty one may be chance."
            + (f" The best {SHOWN} are shown." if len(results.experiments) > SHOWN else ""),
            _table(results, pairs),
        )
    )
    return blocks


def _finding(pairs: list[Comparison]) -> str:
    certain = sum(c.certain for c in pairs)
    unit = pairs[0].unit
    if len(pairs) == 1:
        said = (
            f"The two experiments {'differ' if certain else 'do not differ'} by more than chance "
            f"(p {'' if pairs[0].p < 0.001 else '= '}{probability(pairs[0].p)})."
        )
    else:
        said = (
            f"{count(certain) if certain else 'None'} of {len(pairs)} pairs "
            f"{'differs' if certain == 1 else 'differ'} by more than chance, at "
            f"{100 * LEVEL:.0f} % after Holm's correction for {len(pairs)} comparisons."
        )
    return (
        f"{said} McNemar's test looks at the images that one of two has right and the other wrong"
        f"{'' if unit == 'image' else f', with whole {unit}s as witnesses'}. Intervals resample "
        f"{unit}s, for both together."
    )


def _matrix(results: Results, pairs: list[Comparison]) -> Picture:
    names = [e.letter for e in results.experiments[:SHOWN]]
    left, top = 26.0, 46.0
    cell = min(64.0, (svg.WIDTH - left - 8) / max(1, len(names) - 1))
    parts = [svg.text(0, 12, "row minus column", kind="soft")]
    biggest = max((abs(c.difference) for c in pairs), default=0.0) or 1.0
    said = []
    for c in pairs:
        if c.second >= len(names):
            continue
        x, y = left + cell * (c.second - 1), top + cell * c.first
        part = 0.25 + 0.75 * abs(c.difference) / biggest if c.certain else 0.0
        parts.append(svg.rect(x, y, cell, cell, "heat", opacity=part))
        parts.append(svg.rect(x, y, cell, cell, "frame"))
        points = signed(100 * c.difference, 1)
        size = "" if cell >= 40 else " small"
        parts.append(
            svg.text(x + cell / 2, y + cell / 2 + 4, points, anchor="middle", kind=size.strip())
        )
        mark = "beyond chance" if c.certain else "perhaps chance"
        said.append(f"{names[c.first]} minus {names[c.second]} {points} points, {mark}")
    for i, name in enumerate(names):
        if i < len(names) - 1:
            y = top + cell * (i + 0.5) + 4
            parts.append(svg.text(left + cell * i - 8, y, name, anchor="end", kind="strong"))
        if i:
            x = left + cell * (i - 0.5)
            parts.append(svg.text(x, top - 6, name, anchor="middle", kind="strong"))
    height = top + cell * (len(names) - 1) + 8
    return Picture("pairs", "".join(parts), svg.WIDTH, height, f"{'; '.join(said)}.")


def _table(results: Results, pairs: list[Comparison]) -> Table:
    columns = [
        "Pair",
        "First",
        "Second",
        "#Images",
        "#Difference",
        "#Only first right",
        "#Only second right",
        "#p, bootstrap",
        "#p, McNemar",
        "#p, Holm",
        "More than chance",
    ]
    rows = []
    for c in pairs:
        a, b = results.experiments[c.first], results.experiments[c.second]
        rows.append(
            [
                Cell(f"{a.letter}{b.letter}"),
                Cell(a.title),
                Cell(b.title),
                Cell(count(c.images), c.images),
                bounded(c.difference, c.ci95, signed(c.difference, 3)),
                Cell(count(c.only_first), c.only_first),
                Cell(count(c.only_second), c.only_second),
                *(Cell(probability(p), p) for p in (c.p_bootstrap, c.p, c.p_holm)),
                Cell("yes" if c.certain else "no"),
            ]
        )
    caption = "Every pair: difference of accuracy with its 95 % interval, and the tests."
    return Table("pairs", caption, columns, rows, sortable=True)


def verdict(results: Results, first: int, second: int) -> str:
    """Say in half a sentence whether two experiments differ."""
    found = [c for c in results.comparisons if {c.first, c.second} == {first, second}]
    if not found:
        return "whether that is chance cannot be said: predictions of both on the same images lack"
    c = found[0]
    ci95 = c.ci95
    if ci95 is not None and c.difference < 0:
        ci95 = (-ci95[1], -ci95[0])
    limits = f" {span([100 * v for v in ci95], 1)}" if ci95 else ""
    chance = "more than chance" if c.certain else "no more than chance may give"
    compared = len(results.comparisons)
    if not c.certain and compared > 1 and ci95 and ci95[0] > 0:
        chance += f", as {compared} pairs were compared"
    where = f", on the {count(c.images)} images of both," if _on_a_part(results, c) else ""
    return (
        f"the difference of {share(abs(100 * c.difference), 1)} points{limits}{where} is {chance}"
    )


def _on_a_part(results: Results, c: Comparison) -> bool:
    """Whether one of the two was tested on images that the other was not."""
    return c.images < max(len(results.experiments[i].predictions) for i in (c.first, c.second))
