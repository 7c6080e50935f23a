"""Pairs of pictures side by side, the surest first, and what is left between the two."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gliaboost.datasets.audit.difference import GAIN, overlap
from gliaboost.datasets.audit.duplicates import KINDS, NEIGHBOUR
from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.audit.report import AuditReport
from gliaboost.datasets.decode import decode
from gliaboost.datasets.manifest import Manifest
from gliaboost.reports.document.page import picture_uri

# So many pairs a gallery and pixels a picture keep the page within a few megabytes.
SUREST = 12
LEAST_SURE = 6
PIXELS = 200
# Drawn where one of the two pictures does not reach; blue-green-red.
NOT_BOTH = (80, 60, 45)
EQUAL = {"bytes": "The same file.", "pixels": "The same pixels."}

# What is told of a picture, and the word before it.
FACTS = {"label": "", "split": "", "fold": "fold", "patient": "patient"}

Pair = Mapping[Hashable, Any]


@dataclass(frozen=True)
class PairGallery:
    """Pairs of one kind of finding.

    Attributes
    ----------
    title, about : str
        What they are.
    surest : list of dict
        Those shown first.
    least_sure : list of dict
        Of the others those that the search was least sure of, the least sure first.
    total : int
        Those there are.
    """

    title: str
    about: str
    surest: list[dict[str, Any]]
    least_sure: list[dict[str, Any]]
    total: int


@dataclass(frozen=True)
class Side:
    """Where one picture of each pair comes from.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows of a manifest.
    manifest : Manifest
        Whose files are shown.
    """

    table: pd.DataFrame
    manifest: Manifest

    @cached_property
    def folder(self) -> str:
        """The folder, with its slash, that all paths begin with; empty where there is none."""
        folders = {str(path).rpartition("/")[0] for path in self.table["path"]}
        try:
            shared = posixpath.commonpath(folders)
        except ValueError:  # absolute paths beside relative ones
            return ""
        return f"{shared}/" if shared else ""

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Decode the picture of a row."""
        return decode(self.manifest.paths[row])

    def facts(self, row: int) -> dict[str, str]:
        """Say what a row is."""
        one = self.table.iloc[row]
        told = [
            f"{word} {one[name]}".lstrip()
            for name, word in FACTS.items()
            if name in self.table and pd.notna(one[name])
        ]
        return {"path": str(one["path"]).removeprefix(self.folder), "facts": ", ".join(told)}


def gallery(
    title: str,
    about: str,
    pairs: pd.DataFrame,
    sides: tuple[Side, Side],
    tags: Callable[[Pair], list[str]],
) -> PairGallery:
    """Choose pairs and draw them.

    Parameters
    ----------
    title, about : str
        What they are.
    pairs : pandas.DataFrame
        Columns as of `gliaboost.datasets.audit.duplicates.link`.
    sides : (Side, Side)
        Of ``a`` and of ``b``; the table of the first has ``cluster``.
    tags : callable
        Says of a pair what is wrong with it.

    Returns
    -------
    PairGallery
        With up to `SUREST` and `LEAST_SURE` pairs.
    """
    surest, least = chosen(pairs, sides[0].table["cluster"])
    return PairGallery(
        title,
        about,
        [_drawn(pair, sides, tags(pair)) for pair in surest.to_dict("records")],
        [_drawn(pair, sides, tags(pair)) for pair in least.to_dict("records")],
        len(pairs),
    )


def chosen(pairs: pd.DataFrame, cluster: pd.Series[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the surest pairs, and of the others the least sure.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns as of `gliaboost.datasets.audit.duplicates.link`.
    cluster : pandas.Series of int
        Of each row of ``a``: the pictures that are the same.

    Returns
    -------
    surest : pandas.DataFrame
        One of each group first; kinds, orientations and adjustments in turn, so that the first
        dozen shows all there are; each from the surest down.
    least_sure : pandas.DataFrame
        From the least sure up, one of each group; equal files and pixels are never among them.
    """
    ranked = pairs.assign(
        group=cluster.iloc[pairs["a"].to_numpy(int)].to_numpy(),
        strength=pairs["kind"].map([*KINDS, NEIGHBOUR].index),
    ).sort_values(["strength", "agreement"], ascending=[True, False], kind="stable")
    ranked["again"] = ranked.groupby("group").cumcount()
    ranked["turn"] = ranked.groupby(["again", "kind", "orientation", "adjusted"]).cumcount()
    surest = ranked.sort_values(["again", "turn"], kind="stable").head(SUREST)
    doubtful = ranked.drop(surest.index)
    doubtful = doubtful[~doubtful["kind"].isin(EQUAL)].sort_values("agreement", kind="stable")
    return surest, doubtful.drop_duplicates("group").head(LEAST_SURE)


def labels_tag(labels: pd.Series[Any]) -> list[str]:
    """Name two labels where they differ."""
    return ["labels: " + " / ".join(map(str, labels))] if labels.nunique() > 1 else []


def own_tags(report: AuditReport, pair: Pair) -> list[str]:
    """Say which sides and labels a pair of one manifest has, where they differ."""
    across = report.across(pair["a"], pair["b"])
    labels = finest(report.table).iloc[[pair["a"], pair["b"]]]
    return [*(f"{c}: {' / '.join(sides)}" for c, sides in across.items()), *labels_tag(labels)]


def _drawn(pair: Pair, sides: tuple[Side, Side], tags: list[str]) -> dict[str, Any]:
    first, second = sides
    laid = overlap(
        first.picture(pair["a"]),
        second.picture(pair["b"]),
        pair["orientation"],
        pair["move"],
        longest=PIXELS,
    )
    left = np.repeat(laid.difference[..., None], 3, axis=2)
    left[~laid.reach] = NOT_BOTH
    return {
        "a": {**first.facts(pair["a"]), "uri": picture_uri(laid.first, PIXELS)},
        "b": {**second.facts(pair["b"]), "uri": picture_uri(laid.second, PIXELS)},
        "difference": picture_uri(left, PIXELS),
        "gain": GAIN,
        "tags": tags,
        "caption": caption(pair),
    }


def caption(pair: Pair) -> str:
    """Say how alike two pictures are, and what was undone to show them alike.

    Examples
    --------
    >>> caption({"kind": "near", "agreement": 0.99512, "orientation": "mirrored",
    ...          "adjusted": "contrast and crop"})
    'Agreement 0.9951. The second is mirrored, shown turned back, of other contrast and cropped.'
    """
    words = [EQUAL.get(pair["kind"], f"Agreement {pair['agreement']:.4f}.")]
    done = []
    if pair["orientation"] != "same":
        done.append(f"{pair['orientation']}, shown turned back")
    if "contrast" in pair["adjusted"]:
        done.append("of other contrast")
    if "alignment" in pair["adjusted"]:
        done.append("shifted or trimmed a little")
    if "crop" in pair["adjusted"]:
        done.append("cropped")
    if done:
        said = done[0] if len(done) == 1 else f"{', '.join(done[:-1])} and {done[-1]}"
        words.append(f"The second is {said}.")
    return " ".join(words)
