"""What a reader must know before any number: one list for the page's top and for the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from gliaboost.reports.document.blocks import Alarm
from gliaboost.reports.document.numerals import count, listed, plural
from gliaboost.reports.pages.checks import check_folds
from gliaboost.reports.pages.control_words import control_words
from gliaboost.reports.pages.pretrained import unknown_weights
from gliaboost.reports.pages.transfer import transfers
from gliaboost.reports.protocol.results import Results

# How `gliaboost.datasets.audit.verdict.sentences` begins what it says of a side, and of copies.
SIDE = re.compile(r"^(?:split|fold) ([^:]+): ")
OWN = {"split": "The data set's own split leaks.", "fold": "The data set's own folds leak."}
REPEATED = re.compile(r"(\d+) files? repeating a picture")


def alarms(results: Results) -> list[Alarm]:
    """List what makes the numbers of a run, or others on its data set, misleading.

    Parameters
    ----------
    results : Results
        A run; without predictions, folds are not looked at.

    Returns
    -------
    list of Alarm
        What concerns the run itself first; empty where nothing was found.
    """
    kinds: tuple[Callable[[Results], Iterable[Alarm]], ...] = (
        _control,
        _folds,
        _sides,
        copies,
        _elsewhere,
        unknown_weights,
        _faults,
    )
    return [alarm for kind in kinds for alarm in kind(results)]


def _control(results: Results) -> Iterator[Alarm]:
    control = control_words(results)
    if control is not None and control.verdict == "leak":
        yield Alarm(
            "Trained on shuffled labels, a model still knows the class.",
            f"{control.alarm} Images of the test part are recognised from training, or labels "
            "reach it by another way. Believe no number here until it is found.",
        )


def _folds(results: Results) -> Iterator[Alarm]:
    check = check_folds(results)
    if check is None:
        return
    if check.cut:
        yield Alarm(
            "The folds cut through patients.",
            f"{count(check.cut)} of {plural(check.patients, 'patient')} lie in more than one fold: "
            "a model has seen images of those that it is tested on, and every number is too good.",
        )
    if check.twice:
        yield Alarm(
            "Images are tested more than once.",
            f"{plural(check.twice, 'image')} of {count(check.images)} count twice or more in every "
            "number.",
        )


def copies(results: Results) -> list[Alarm]:
    """Look for copies in the run's own folds: equal files, else the audit's word where none are."""
    table = max((e.predictions for e in results.experiments), key=len, default=None)
    if table is None or not len(table):
        return []
    advice = "gliaboost audit --write-groups keeps copies together."
    if any(_used(results, column) for column in _leaking(results)):
        return []  # said of the split
    apart = results.protocol.copies
    if apart is None:
        # In a run that did not count them: in another fold is in the training part.
        folds = table.groupby("key")["fold"].nunique()
        apart = int(table["key"].isin(folds.index[folds > 1]).sum())
    repeated = next(
        (int(m[1]) for _, said in results.dataset.audit if (m := REPEATED.match(said))), 0
    )
    if apart:
        return [
            Alarm(
                "Test images are in the training part.",
                f"The files of {count(apart)} of {plural(len(table), 'tested image')} are in the "
                f"training part as well, byte for byte: every number is too good. {advice}",
            )
        ]
    if repeated and results.protocol.group == "image":
        return [
            Alarm(
                "Copies of test images may be in the training part.",
                f"The audit found {plural(repeated, 'file')} that repeat a picture, and the folds "
                f"do not keep copies together: every number may be too good. {advice}",
            )
        ]
    return []


def _elsewhere(results: Results) -> Iterator[Alarm]:
    shared = {c.tested: c.shared for c in transfers([results]) if c.shared}
    if shared:
        said = listed([f"{name} ({plural(n, 'picture')})" for name, n in shared.items()])
        yield Alarm(
            "Pictures of the training set are in the other test set.",
            f"In both: {said}. No accuracy there is shown.",
        )


def against_folds(results: Results) -> list[Alarm]:
    """List what speaks against the folds that the run was made on, but for cut patients."""
    used = [
        _side(results, column, mine)
        for column, mine in _leaking(results).items()
        if _used(results, column)
    ]
    return [*used, *copies(results)]


def _sides(results: Results) -> Iterator[Alarm]:
    for column, mine in _leaking(results).items():
        yield _side(results, column, mine)


def _side(results: Results, column: str, mine: list[str]) -> Alarm:
    be = "may be" if all("perhaps" in said for said in mine) else "are"
    tail = (
        f"This run was made on it: its numbers {be} too good."
        if _used(results, column)
        else f"This run does not use it; results published on it {be} too good."
    )
    title = OWN[column] if be == "are" else re.sub(r"leaks?", "may leak", OWN[column])
    # What is alike but no copy weighs less: it stands in the audit's table, and here where alone.
    mine = [said for said in mine if "no copies" not in said] or mine
    mine = [re.sub(r"(?<=\d)%", " %", said) for said in mine]
    parts = [SIDE.sub(r"In \1, ", said.rstrip(".")) for said in mine]
    return Alarm(title, f"{'; '.join([parts[0], *map(_lower, parts[1:])])}. {tail}")


def _faults(results: Results) -> Iterator[Alarm]:
    told = {said for mine in _leaking(results).values() for said in mine}
    wrong = [said for weight, said in results.dataset.audit if weight == "wrong"]
    rest = [said for said in wrong if said not in told]
    if rest:
        yield Alarm(f"The audit found {plural(len(rest), 'fault')}.", " ".join(rest))


def _leaking(results: Results) -> dict[str, list[str]]:
    """Return what the audit found wrong with each division of the data set's own."""
    wrong = [said for weight, said in results.dataset.audit if weight == "wrong"]
    found = {
        column: [s for s in wrong if s.startswith(f"{column} ") or f" of {column}" in s]
        for column in OWN
    }
    return {column: mine for column, mine in found.items() if mine}


def _used(results: Results, column: str) -> bool:
    return f"column '{column}'" in results.protocol.folds


def _lower(said: str) -> str:
    return said[0].lower() + said[1:]
