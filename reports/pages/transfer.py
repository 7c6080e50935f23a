"""Whether a model travels: trained on one data set, tested on another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliaboost.reports.document.blocks import Block, Cell, Figure, Paragraph, Picture, Table
from gliaboost.reports.document.matrix import Matrix
from gliaboost.reports.document.numerals import UNKNOWN, bounded, count, listed, plural, share
from gliaboost.reports.protocol.results import ExperimentResult, Results

# More matrices than this are one too many; the table has all.
SHOWN = 4
# A test of fewer images, or of a class with fewer, says little of any hospital.
IMAGES = 100
OF_A_CLASS = 10
# Where more of the other set are pictures of the training set, both have one origin in part.
SHARED = 0.01


@dataclass(frozen=True)
class Transfer:
    """One cell of the matrix.

    Attributes
    ----------
    trained, tested : str
        Data sets; the same one stands for its own folds.
    experiment : ExperimentResult
        Measured on `tested`.
    shared : int
        Pictures that are in both data sets, where they are two: the number is then refused.
    origin : sequence of str
        Where the images come from that were trained on, as far as it is known.
    """

    trained: str
    tested: str
    experiment: ExperimentResult
    shared: int = 0
    origin: Sequence[str] = ()

    @property
    def sources(self) -> list[str]:
        """Where the tested images come from, as far as it is known."""
        table = self.experiment.predictions
        return sorted({str(s) for s in table["source"].dropna()}) if "source" in table else []

    @property
    def accuracy(self) -> float | None:
        """None where it is unknown or refused."""
        return None if self.shared else self.experiment.pooled("accuracy")


def transfers(runs: Sequence[Results]) -> list[Transfer]:
    """List what was tested on another data set, and beside it the same models' own folds."""
    found: dict[tuple[str, str, str], Transfer] = {}
    for run in runs:
        own = _keys(run.experiments)
        for e in run.transfers:
            here, other = listed(e.record.trained_on), e.record.test_on or ""
            shared = len(own & _keys([e]))
            found[here, other, e.title] = Transfer(here, other, e, shared, run.dataset.sources)
    moved = {title for _, _, title in found}
    for run in runs:
        for e in run.experiments:
            if e.title in moved:
                found.setdefault((run.name, run.name, e.title), Transfer(run.name, run.name, e))
    return list(found.values())


def elsewhere(runs: Sequence[Results]) -> list[Block]:
    """Draw what is known of other data sets; nothing where nothing was tested elsewhere."""
    cells = transfers(runs)
    if all(c.trained == c.tested for c in cells):
        return []
    titles = list(dict.fromkeys(c.experiment.title for c in cells))
    blocks: list[Block] = [Paragraph(_finding(cells))]
    refused = [c for c in cells if c.shared]
    if refused:
        said = listed([f"{c.trained} and {c.tested} ({count(c.shared)})" for c in refused])
        blocks.append(
            Paragraph(
                f"Refused, as pictures of the training set are in the test set: {said}. "
                "`gliaboost audit` finds them.",
                "warning",
            )
        )
    pictures = [
        _matrix(f"transfer-{n}", title, [c for c in cells if c.experiment.title == title])
        for n, title in enumerate(titles[:SHOWN], 1)
    ]
    blocks.append(
        Figure(
            "transfer",
            pictures,
            "Accuracy by the data set that was trained on (rows) and tested on (columns). On the "
            "diagonal, framed, each set's own folds: there training and test have one origin.",
            _table(cells),
        )
    )
    return blocks


def _finding(cells: Sequence[Transfer]) -> str:
    own = {(c.trained, c.experiment.title): c.accuracy for c in cells if c.trained == c.tested}
    away = [c for c in cells if c.trained != c.tested and c.accuracy is not None]
    if not away:
        return "No test on another data set can be shown."
    said = []
    for c in sorted(away, key=lambda c: -(c.accuracy or 0))[:1]:
        home = own.get((c.trained, c.experiment.title))
        there = f", in place of {share(home)} on folds of its own set" if home is not None else ""
        said.append(
            f"The best that was carried over, {c.experiment.title} trained on {c.trained}, reaches "
            f"{share(c.accuracy)} on {c.tested}{there}."
        )
    return " ".join([*said, *dict.fromkeys(map(remaining, away))])


def remaining(c: Transfer) -> str:
    """Say what of the other data set was tested, what was not and why, and what that tells.

    Parameters
    ----------
    c : Transfer
        A test on another data set.
    """
    tested, e = c.experiment.record.counts.images, c.experiment.record
    left_out = {why: n for why, n in (e.left_out or {}).items() if n}
    total = tested + sum(left_out.values())
    some = f"{count(tested)} of" if tested < total else "All"
    said = f"{some} {plural(total, 'image')} of {c.tested} are tested"
    unknown = {k: n for k, n in (e.offered or {}).items() if k not in e.per_class}
    reasons = []
    for why, n in left_out.items():
        words = {
            "in both": f"show pictures of {c.trained}, turned or resized copies too",
            "unknown class": "have a class that the model was not taught",
            "unreadable": "cannot be read",
        }.get(why, why)
        if why == "unknown class" and unknown:
            words += f" ({', '.join(f'{k} {count(v)}' for k, v in unknown.items())})"
        reasons.append(f"{count(n)} {words}")
    said += f"; {listed(reasons)}." if reasons else "."
    gone = _gone(c)
    if gone:
        said += f" No image of {listed(gone)} is left."
    against = _against(c)
    return f"{said} " + (
        f"It does not show what another hospital would see: {'; '.join(against)}."
        if against
        else "This, and not the folds of one set, is what another hospital would see, where its "
        "classes mean the same."
    )


def _gone(c: Transfer) -> list[str]:
    """List the model's classes that no tested image has."""
    return [k for k, measured in c.experiment.record.per_class.items() if not measured.images]


def _against(c: Transfer) -> list[str]:
    """List why a test is none of another hospital."""
    e = c.experiment.record
    tested, left_out = e.counts.images, e.left_out or {}
    total = tested + sum(left_out.values())
    said = []
    if c.shared:
        said.append("pictures of the training set are in it")
    elif left_out.get("in both", 0) > SHARED * total:
        said.append("the two sets share pictures, so they have one origin in part")
    if tested < IMAGES:
        said.append(f"{plural(tested, 'image')} are too few")
    few = [k for k, m in e.per_class.items() if 0 < m.images < OF_A_CLASS]
    if _gone(c):
        said.append("classes are missing")
    elif few:
        said.append(f"of {listed(few)} fewer than {OF_A_CLASS} images are left")
    if not c.sources or not c.origin:
        said.append("where the images come from is not recorded")
    elif set(c.sources) & set(c.origin):
        said.append(f"both come from {listed(sorted(set(c.sources) & set(c.origin)))}")
    return said


def _matrix(name: str, title: str, cells: Sequence[Transfer]) -> Picture:
    rows = list(dict.fromkeys(c.trained for c in cells))
    columns = list(dict.fromkeys([*rows, *(c.tested for c in cells)]))
    known = {(c.trained, c.tested): c for c in cells}
    matrix = Matrix(title, rows, columns, "trained on", "tested on")
    said = []
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            found = known.get((row, column))
            value = found.accuracy if found else None
            words = "refused" if found and found.shared else share(value)
            kind = "strong" if row == column else "" if value is not None else "soft small"
            matrix.fill(i, j, words, part=value, kind=kind)
            if row == column:
                matrix.outline(i, j)
            if found:
                said.append(f"{row} on {column}: {words}")
    return matrix.picture(name, f"{title}, accuracy by data set. {'; '.join(said)}.")


def _table(cells: Sequence[Transfer]) -> Table:
    rows = []
    for c in cells:
        images = c.experiment.record.counts.images
        rows.append(
            [
                Cell(c.trained),
                Cell(c.tested),
                Cell(c.experiment.title),
                Cell(count(images), images),
                Cell("refused")
                if c.shared
                else bounded(c.accuracy, c.experiment.record.accuracy.ci95),
                Cell(_left_out(c)),
            ]
        )
    return Table(
        "transfer",
        "Trained on one data set, tested on another, with 95 % intervals over "
        "patients, or over groups or images where those are not known. Not "
        "asked: pictures of the other set that the model had seen, or has no class for.",
        ["Trained on", "Tested on", "Experiment", "#Images", "#Accuracy", "Not asked"],
        rows,
        sortable=True,
    )


def _left_out(c: Transfer) -> str:
    if c.shared:
        return f"{plural(c.shared, 'picture')} in both"
    known = c.experiment.record.left_out
    if known is None:
        return UNKNOWN
    return ", ".join(f"{count(n)} {why}" for why, n in known.items() if n) or "none"


def _keys(experiments: Sequence[ExperimentResult]) -> set[str]:
    return {str(k) for e in experiments for k in e.predictions["key"].unique()}
