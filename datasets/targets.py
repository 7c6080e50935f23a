"""What a model is to tell: the class, whether there is a tumour, or which; on MRI, CT or both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gliaboost.datasets.manifest import LEGAL, Manifest
from gliaboost.datasets.sources.labels import presence_of, told
from gliaboost.errors import UsageError
from gliaboost.few import few
from gliaboost.spelling import did_you_mean, spelled

if TYPE_CHECKING:
    import pandas as pd

TARGETS = ("label", "presence", "type")
# Columns that say something else than what an image shows.
NO_TARGETS = (*("path", "patient", "mask", "key", "group", "split", "fold", "source", "modality"),)
BOTH = "both"
SHOWN = 6


@dataclass(frozen=True, eq=False)
class Targeted:
    """A manifest whose ``label`` is the target, and what was left out for it.

    Attributes
    ----------
    manifest : Manifest
        Rows that have the target, in their order.
    target, modality : str
        As asked for.
    without_target : int
        Rows of the modality that say nothing of the target.
    other_modality : int
        Rows of another modality, or of none that is known.
    """

    manifest: Manifest
    target: str
    modality: str
    without_target: int
    other_modality: int

    def describe(self) -> str:
        """Say in one line what was left out; empty where nothing was."""
        told = []
        if self.without_target:
            told.append(f"{self.without_target} rows without {self.target!r}")
        if self.other_modality:
            told.append(f"{self.other_modality} rows that are not {self.modality}")
        return f"left out: {', '.join(told)}" if told else ""


def with_target(manifest: Manifest, target: str = "label", modality: str = BOTH) -> Targeted:
    """Choose what is to be told, and on which images.

    Parameters
    ----------
    manifest : Manifest
        Left as it is.
    target : str
        The column that becomes ``label``: ``label``, ``presence``, ``type``, or another one of the
        manifest, in any case. A usual word for a tumour or for none in ``presence`` (``1``,
        ``yes``, ``False``) is read as ``tumor`` or ``no_tumor``; where the cell is empty, a label
        that is such a word tells it.
    modality : {"both", "MRI", "CT"}
        Rows of which modality to keep, in any case; ``both`` keeps all, also those of unknown
        modality.

    Returns
    -------
    Targeted
        With the rows that have the target. Folds, groups and all other columns are kept.

    Raises
    ------
    UsageError
        If the target or the modality is unknown or in no row; lists what the manifest has.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"path": ["a", "b"], "label": ["tumor", "no_tumor"], "type": ["glioma", None]}
    >>> chosen = with_target(Manifest.of(pd.DataFrame(rows), "."), "type")
    >>> chosen.manifest.classes, chosen.describe()
    (['glioma'], "left out: 1 rows without 'type'")
    """
    columns = [*TARGETS, *_further(manifest)]
    named = spelled(target, columns)
    if named is None:
        raise UsageError(
            f"no target {target!r}; targets are {', '.join(columns)}; {_filled(manifest)}"
            f"{did_you_mean(target, columns)}"
        )
    target = named
    if target == "presence":
        manifest = _with_presence(manifest)
    chosen_rows = of_modality(manifest, modality)
    table, modality = chosen_rows.table, spelled(modality, (*LEGAL["modality"], BOTH)) or modality
    kept = table[table[target].notna()] if target in table else table.iloc[:0]
    if kept.empty:
        where = "" if modality == BOTH else f" of {modality}"
        raise UsageError(
            f"{manifest.name} has no {target!r} in any row{where}; {_filled(manifest)}"
        )
    values = kept[target].map(_as_text)
    chosen = Manifest.of(kept.assign(label=values), manifest.root, manifest.name, manifest.notes)
    return Targeted(
        chosen, target, modality, len(table) - len(kept), len(manifest.table) - len(table)
    )


def of_modality(manifest: Manifest, modality: str) -> Manifest:
    """Keep the rows of a modality, labelled or not.

    Parameters
    ----------
    manifest : Manifest
        Its column ``modality`` tells.
    modality : {"both", "MRI", "CT"}
        In any case; ``both`` keeps all.

    Raises
    ------
    UsageError
        If there is no such modality, or no row of it.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"path": ["a", "b"], "modality": ["MRI", "CT"]})
    >>> of_modality(Manifest.of(rows, "."), "ct").table["path"].tolist()
    ['b']
    """
    legal = (*LEGAL["modality"], BOTH)
    known = spelled(modality, legal)
    if known is None:
        raise UsageError(f"no modality {modality!r}; expected one of {', '.join(legal)}")
    if known == BOTH:
        return manifest
    rows = manifest.table[manifest.table["modality"] == known]
    if rows.empty:
        counts = manifest.table["modality"].fillna("unknown").value_counts()
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise UsageError(f"{manifest.name} has no {known} rows; its modalities: {told}")
    return replace(manifest, table=rows.reset_index(drop=True))


def _further(manifest: Manifest) -> list[str]:
    return [str(c) for c in manifest.table if c not in (*TARGETS, *NO_TARGETS)]


def _as_text(value: object) -> str:
    """Write a value as a class: a whole number without the .0 that a missing neighbour gave it."""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def _with_presence(manifest: Manifest) -> Manifest:
    """Write ``presence`` in two words, and fill it where it is missing and the label tells it."""
    table = manifest.table
    labels = [v if isinstance(v, str) else None for v in table["label"]]
    derived = [told(label)["presence"] for label in labels]
    if "presence" in table:
        pairs = zip(table["presence"], derived, strict=True)
        derived = [
            presence_of(known) if isinstance(known, str) else other for known, other in pairs
        ]
    table = table.copy()
    table["presence"] = derived
    return Manifest.of(table, manifest.root, manifest.name, manifest.notes)


def _filled(manifest: Manifest) -> str:
    table = manifest.table
    filled = [_described(table[t], t) for t in TARGETS if t in table and table[t].notna().any()]
    return f"the manifest has {', '.join(filled) or 'none of them'}"


def _described(column: pd.Series[str], name: str) -> str:
    classes = sorted(map(str, column.dropna().unique()))
    return f"{name} ({few(classes, SHOWN)}) in {column.notna().sum()} of {len(column)} rows"
