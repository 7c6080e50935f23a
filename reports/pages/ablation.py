"""What each feature family brings: alone, left out, and by what the model leans on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gliaboost.reports.document import figures
from gliaboost.reports.document.blocks import Block, Cell, Figure, Paragraph, Section, Table
from gliaboost.reports.document.numerals import bounded, listed, share, signed
from gliaboost.reports.pages.comparisons import verdict
from gliaboost.reports.protocol.results import ExperimentResult, Results


def ablation(results: Results) -> Section:
    """Set all features of a model against each family alone and against all but one."""
    blocks: list[Block] = []
    for model in dict.fromkeys(e.record.model for e in results.experiments):
        blocks += _of_model(results, model)
    if not blocks:
        blocks.append(
            Paragraph(
                "No model was run on a part of its features, so what each family brings is not "
                "known.",
                "missing",
            )
        )
    blocks += _leaning(results)
    return Section("ablation", "What each feature family brings", blocks)


def relation(
    features: Sequence[str], everything: Sequence[str], titles: Mapping[str, str]
) -> str | None:
    """Say how a set of features stands to all of them.

    Parameters
    ----------
    features, everything : sequence of str
        Labels of extractors.
    titles : mapping of str to str
        What readers call them.

    Examples
    --------
    >>> titles = {"hog": "HOG", "lbp": "LBP", "glcm": "GLCM"}
    >>> relation(["hog"], list(titles), titles), relation(["lbp", "glcm"], list(titles), titles)
    ('HOG alone', 'without HOG')
    """
    here, whole = set(features), set(everything)
    named = [titles.get(f, f) for f in features]
    if here == whole:
        return "all: " + " + ".join(named)
    if not here or not here < whole:
        return None
    if len(here) == 1:
        return f"{named[0]} alone"
    if len(whole - here) == 1:
        (absent,) = whole - here
        return f"without {titles.get(absent, absent)}"
    return " + ".join(named) + " only"


def _of_model(results: Results, model: str) -> list[Block]:
    own = [
        (i, e)
        for i, e in enumerate(results.experiments)
        if e.record.model == model and e.record.features and e.pooled("accuracy") is not None
    ]
    if len(own) < 2:
        return []
    at, full = max(own, key=lambda pair: len(pair[1].record.features))
    named = [
        (i, e, words)
        for i, e in own
        if (words := relation(e.record.features, full.record.features, results.feature_titles))
        is not None
    ]
    if len(named) < 2:
        return []
    title = full.record.title
    rows, drawn = [], []
    for i, e, words in named:
        accuracy = e.pooled("accuracy") or 0.0
        limits = e.record.accuracy.ci95
        drawn.append((f"{e.letter}  {words}", accuracy, limits))
        gained = accuracy - (full.pooled("accuracy") or 0.0)
        said = "" if i == at else verdict(results, at, i)
        rows.append(
            [
                Cell(e.letter),
                Cell(words),
                bounded(accuracy, limits),
                Cell("" if i == at else signed(100 * gained, 1), 100 * gained),
                Cell(said),
            ]
        )
    return [
        Paragraph(_finding(results, title, at, named)),
        Figure(
            f"ablation-{model}",
            [figures.intervals(f"ablation-{model}", drawn, "accuracy")],
            f"{title} with all feature families, with one left out, and with one alone; 95 % "
            f"intervals.",
            Table(
                f"ablation-{model}",
                f"What feature families bring to {title}.",
                ["", "Features", "#Accuracy", "#Points against all", "Is it chance"],
                rows,
            ),
        ),
    ]


def _finding(
    results: Results, title: str, at: int, named: list[tuple[int, ExperimentResult, str]]
) -> str:
    alone = [(e, w) for _, e, w in named if w.endswith(" alone")]
    without = [(i, e, w) for i, e, w in named if w.startswith("without ")]
    said = []
    if alone:
        best = alone[0]
        said.append(
            f"Of the families alone, {best[1].removesuffix(' alone')} carries {title} furthest: "
            f"{share(best[0].pooled('accuracy'))}."
        )
    needed = [
        w.removeprefix("without ")
        for i, _, w in without
        if any({c.first, c.second} == {at, i} and c.certain for c in results.comparisons)
    ]
    spared = [f for _, _, w in without if (f := w.removeprefix("without ")) not in needed]
    if needed:
        said.append(f"Leaving out {listed(needed)} costs more than chance may.")
    if spared:
        said.append(
            f"Leaving out {listed(spared)}{', one at a time,' if len(spared) > 1 else ''} makes no "
            "difference beyond chance."
        )
    return " ".join(said) or f"{title} was run on parts of its features."


def _leaning(results: Results) -> list[Block]:
    known = [(e, shares) for e in results.experiments if (shares := e.record.shap_by_family)]
    if not known:
        return [
            Paragraph(
                "SHAP values by family were not computed in this run: what the models lean on "
                "is not shown.",
                "missing",
            )
        ]
    families = list(dict.fromkeys(f for _, shares in known for f in shares))
    titles = [results.feature_titles.get(f, f) for f in families]
    return [
        Figure(
            "shap",
            [
                figures.shares(
                    "shap",
                    [
                        (f"{e.letter}  {e.title}", [shares.get(f, 0.0) for f in families])
                        for e, shares in known
                    ],
                    titles,
                )
            ],
            "What the models lean on: mean absolute SHAP value, summed by feature family, as a "
            "share of all families. It says what a model uses, not what it could do without.",
            Table(
                "shap",
                "SHAP by feature family in numbers.",
                ["", "Experiment", *(f"#{title}" for title in titles)],
                [
                    [
                        Cell(e.letter),
                        Cell(e.title),
                        *(Cell(share(shares.get(f)), shares.get(f)) for f in families),
                    ]
                    for e, shares in known
                ],
                sortable=True,
            ),
        )
    ]
