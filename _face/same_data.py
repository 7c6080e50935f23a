"""Whether a data set is still the one that a run was made on: all that differs, told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import UsageError
from gliaboost.few import few
from gliaboost.reports.protocol import inputs

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5
TOLD = ("label", "patient", "group", "modality")
TOLD_OTHERWISE = (
    "its labels, patients, groups, folds, splits or keys are not what they were; which of them is "
    "not kept in the results"
)
_some = partial(few, most=SHOWN)


@dataclass(frozen=True, eq=False)
class Known:
    """What a run's folder says of the data that it was made on.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of the manifest.
    digest : str
        SHA-256 of all inputs; empty where it was not noted.
    answers : pandas.DataFrame
        Predictions or slices: ``path`` and, of classifiers, ``key``; empty where there are none.
    folder : pathlib.Path
        The run's.
    """

    fingerprint: str
    digest: str
    answers: pd.DataFrame
    folder: Path


def check_same(
    faults: Faults, table: Manifest, known: Known, *, other: Manifest | None, jobs: int | None
) -> list[str]:
    """Note what differs between a data set now and then.

    Parameters
    ----------
    faults : Faults
        Notes it.
    table : Manifest
        Read as the run read it.
    known : Known
        What is known of it.
    other : Manifest, optional
        What the models were tested on beside it.
    jobs : int, optional
        Threads that hash.

    Returns
    -------
    list of str
        What could not be checked.
    """
    unchecked = []
    keys = _keys(table, jobs)
    before = len(faults.errors)
    then = inputs.read_inputs(known.folder)
    if then is not None and known.digest and inputs.digest(then) != known.digest:
        faults.note(UsageError(f"{known.folder / inputs.FILE} is not that of these results"))
        then = None
    if then is not None:
        masks = bool(then["mask"].notna().any())
        own = then[then["set"] == inputs.DATA]
        now = inputs.inputs_of(table, keys, masks=masks, jobs=jobs)
        new = sorted(set(now["path"].dropna()) - set(own["path"].dropna()))
        lines = inputs.faults(own, now, _some)
        lines += [f"pictures that were not in the data then: {_some(new)}"] if new else []
        if other is not None:
            abroad = inputs.inputs_of(other, _keys(other, jobs), masks=False, kind=inputs.OTHER)
            beside = then[then["set"] == inputs.OTHER]
            lines += [f"{other.name}: {line}" for line in inputs.faults(beside, abroad, _some)]
        unread = int(own["key"].isna().sum())
        if unread:
            unchecked.append(
                f"the bytes of {unread:,} pictures that the run did not read, or could not"
            )
    elif {"path", "key"} <= set(known.answers) and len(known.answers):
        rows = known.answers.drop_duplicates("path")
        here = inputs.inputs_of(table, keys, masks=False)
        if other is not None:
            rows = rows[rows["path"].isin(here["path"])]
        lines = inputs.faults(rows[["path", "key"]], here, _some)
        untested = len(table) - len(rows)
        if untested > 0:
            unchecked.append(
                f"the bytes of {untested:,} pictures that no model was tested on: these results "
                "name the others' alone"
            )
        unchecked.append("the bytes of masks: these results do not have them")
    else:
        lines = []
        gone = [str(p) for p, k in zip(table.table["path"], keys, strict=True) if k is None]
        lines += [f"pictures missing, or not to be opened: {_some(gone)}"] if gone else []
        unchecked.append(f"the bytes of pictures and masks: {_lacking(known)}")
    for line in lines:
        faults.note(UsageError(f"{table.name}: {line}"))
    if table.fingerprint() != known.fingerprint and not lines:
        faults.note(UsageError(f"{table.name}: {_told_otherwise(table, known.answers)}"))
    elif len(faults.errors) == before and then is None and known.digest:
        whole = inputs.digest(inputs.inputs_of(table, keys, masks=False))
        if whole == known.digest:
            unchecked = []
    return unchecked


def _keys(table: Manifest, jobs: int | None) -> list[str | None]:
    found = table.with_keys(jobs).table["key"]
    return [k if isinstance(k, str) else None for k in found]


def _lacking(known: Known) -> str:
    return (
        f"only {known.folder / inputs.FILE} names them"
        if known.digest
        else "these results do not have them"
    )


def _told_otherwise(table: Manifest, answers: pd.DataFrame) -> str:
    """Say what else a manifest tells of pictures that are the same."""
    if "path" in answers and len(answers):
        then = answers.drop_duplicates("path").set_index("path")
        now = table.table.drop_duplicates("path").set_index("path")
        shared = [p for p in then.index if p in now.index]
        said = []
        for column in (c for c in TOLD if c in then and c in now):
            pairs = zip(then.loc[shared, column], now.loc[shared, column], strict=True)
            odd = [p for p, (a, b) in zip(shared, pairs, strict=True) if _word(a) != _word(b)]
            if odd:
                said.append(f"another {column} than then: {_some(odd)}")
        if said:
            return "; ".join(said)
    return TOLD_OTHERWISE


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def missing(where: Sequence[Path], named: str, option: str) -> UsageError:
    """Say where something was looked for that a run was made on."""
    places = ", ".join(dict.fromkeys(str(p) for p in where))
    return UsageError(f"{named} is not at {places}; say where it lies now: {option}")
