"""What an audit found, as plain values, sentences and rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from gliaboost import notebook
from gliaboost.datasets.audit.duplicates import KINDS, LINK_COLUMNS, NEIGHBOUR
from gliaboost.datasets.audit.finest import finest
from gliaboost.datasets.audit.metadata_leak import Betrayal
from gliaboost.datasets.audit.patients import Straddler
from gliaboost.datasets.audit.verdict import FAULTS, SIDES, sentences
from gliaboost.datasets.audit.written import WrittenManifest


@dataclass(frozen=True)
class FileFault:
    """One file that is not what it should be.

    Attributes
    ----------
    row : int
        Row of the manifest.
    path : str
        As the manifest names it.
    kind : str
        One of `FAULTS`.
    detail : str
        What was seen.
    """

    row: int
    path: str
    kind: str
    detail: str


@dataclass(frozen=True, eq=False)
class AuditReport:
    """Everything that `audit` found.

    Attributes
    ----------
    manifest : str
        Name of what was audited.
    table : pandas.DataFrame
        The manifest's rows, with ``width``, ``height``, ``mode`` and ``format`` as read, and
        ``cluster``: pictures that are the same share a number.
    faults : list of FileFault
        Broken and odd files.
    links : pandas.DataFrame
        Pairs of the same picture (see `gliaboost.datasets.audit.duplicates.link`).
    straddlers : list of Straddler
        Patients on more than one side of ``split`` or ``fold``.
    families : dict of str to list of str
        Patient ids that differ by a suffix alone, by what they share; only those of several ids.
    straddling_families : list of Straddler
        Families on more than one side although each of their ids is on one.
    betrayals : list of Betrayal
        How far metadata alone tells the class.
    against : str or None
        Name of the other manifest.
    matches : pandas.DataFrame
        Pairs of this manifest's (``a``) and the other's rows (``b``), with their labels.
    neighbours : pandas.DataFrame
        Pairs of pictures that are not the same but as alike as slices beside each other in one
        volume; columns as of `links`. They are in no cluster.
    seconds : dict of str to float
        Wall time by step.
    written : tuple of WrittenManifest
        Manifests that were written of it.
    """

    manifest: str
    table: pd.DataFrame
    faults: list[FileFault]
    links: pd.DataFrame
    straddlers: list[Straddler]
    families: dict[str, list[str]]
    straddling_families: list[Straddler]
    betrayals: list[Betrayal]
    against: str | None = None
    matches: pd.DataFrame = field(default_factory=pd.DataFrame)
    neighbours: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=[*LINK_COLUMNS]))
    seconds: dict[str, float] = field(default_factory=dict)
    written: tuple[WrittenManifest, ...] = ()

    @property
    def clusters(self) -> list[list[int]]:
        """Rows that show the same picture, for each picture that is there more than once."""
        groups = self.table.groupby("cluster").indices
        return [sorted(map(int, rows)) for rows in groups.values() if len(rows) > 1]

    @property
    def contradictions(self) -> list[list[int]]:
        """The clusters whose rows carry more than one label, of the finest that are known."""
        labels = finest(self.table)
        return [rows for rows in self.clusters if labels.iloc[rows].nunique() > 1]

    def crossing(self, column: str) -> dict[str, tuple[int, int]]:
        """Count, by side, the pictures that lie on another side too.

        Parameters
        ----------
        column : str
            ``split`` or ``fold``.

        Returns
        -------
        dict of str to (int, int)
            By value of the column: pictures that another side has too, and all pictures.
        """
        rows = self.table[["cluster", column]].dropna()
        spread = rows.groupby("cluster")[column].nunique()
        both = rows["cluster"].isin(spread.index[spread > 1])
        return {
            str(side): (int(both[mine.index].sum()), len(mine))
            for side, mine in rows.groupby(column, sort=True)
        }

    def unguarded(self) -> pd.DataFrame:
        """Return the neighbours that no patient keeps together: one of the two is not known."""
        known = self.table["patient"].notna().to_numpy()
        a, b = (self.neighbours[c].to_numpy(int) for c in "ab")
        unguarded: pd.DataFrame = self.neighbours[~(known[a] & known[b])]
        return unguarded

    def beside(self, column: str) -> dict[str, tuple[int, int]]:
        """Count, by side, the pictures whose neighbour, unguarded, lies on another side.

        Pictures that are on another side themselves are not counted again.

        Parameters
        ----------
        column : str
            ``split`` or ``fold``.

        Returns
        -------
        dict of str to (int, int)
            By value of the column: such pictures, and all pictures.
        """
        sides = self.table[column]
        pairs = self.unguarded()
        ends = [(int(x), int(y)) for x, y in zip(pairs["a"], pairs["b"], strict=True)]
        rows = self.table[["cluster", column]].dropna()
        copied = set(rows.index[rows.groupby("cluster")[column].transform("nunique") > 1])
        found = {
            row
            for pair in ends
            for row in pair
            if sides.iloc[[*pair]].notna().all() and sides.iloc[[*pair]].nunique() > 1
        } - copied
        return {
            str(side): (len(found.intersection(mine.index)), len(mine))
            for side, mine in rows.groupby(column, sort=True)
        }

    def counts(self) -> dict[str, int]:
        """Count the findings by kind: files, pairs, patients, families, contradictory pictures."""
        files, pairs = Counter(f.kind for f in self.faults), Counter(self.links["kind"])
        return {
            **{kind: files[kind] for kind in FAULTS},
            **{kind: pairs[kind] for kind in KINDS},
            NEIGHBOUR: len(self.neighbours),
            "patient": len(self.straddlers),
            "family": len(self.straddling_families),
            "contradictions": len(self.contradictions),
            "duplicated": sum(len(rows) - 1 for rows in self.clusters),
            **{
                f"across {column}": sum(n for n, _ in self.crossing(column).values())
                for column in SIDES
            },
            **{
                f"beside {column}": sum(n for n, _ in self.beside(column).values())
                for column in SIDES
            },
            "matches": 0 if self.against is None else int(self.matches["a"].nunique()),
            "other label": 0 if self.against is None else int(self.disagreements["a"].nunique()),
        }

    @property
    def disagreements(self) -> pd.DataFrame:
        """The matches whose label is another there, of the labels that the other one uses."""
        m = self.matches
        return m[m["label"].isin(m["other_label"].dropna()) & (m["label"] != m["other_label"])]

    def verdict(self) -> list[str]:
        """Say in plain sentences whether the split is honest, and what else must be known."""
        return [sentence for _, sentence in sentences(self)]

    @property
    def wrong(self) -> list[str]:
        """The sentences of `verdict` that call something wrong: ``--strict`` fails on them."""
        return [sentence for weight, sentence in sentences(self) if weight == "wrong"]

    def rows(self) -> list[tuple[str, int, str]]:
        """Give the table that a terminal shows: finding, count, meaning."""
        counts = self.counts()
        return [
            *((kind, counts[kind], f"files {what}") for kind, what in FAULTS.items()),
            ("bytes", counts["bytes"], "pairs of the same file"),
            ("pixels", counts["pixels"], "pairs of files with the same pixels"),
            (
                "near",
                counts["near"],
                "pairs of the same picture, turned, resized, cropped or otherwise changed",
            ),
            (
                NEIGHBOUR,
                counts[NEIGHBOUR],
                "pairs of other pictures as alike as adjacent slices of one patient",
            ),
            ("contradictions", counts["contradictions"], "pictures under two labels"),
            (
                "across split",
                counts["across split"],
                "files whose picture is on another side of the split",
            ),
            ("across fold", counts["across fold"], "files whose picture is in another fold"),
            ("patient", counts["patient"], "patients on more than one side"),
            ("family", counts["family"], "families of ids (suffix apart) on more than one side"),
            (
                "metadata",
                sum(b.betrays and b.name != "everything" for b in self.betrayals),
                "kinds of metadata that tell the class without the picture",
            ),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Give everything in plain values, ready for ``audit.json``."""
        t, labels = self.table, finest(self.table)
        return {
            "manifest": self.manifest,
            "images": len(t),
            "verdict": self.verdict(),
            "counts": self.counts(),
            "files": [{"path": f.path, "kind": f.kind, "detail": f.detail} for f in self.faults],
            "classes": _tally(t["label"]),
            "sides": {c: self._side(c) for c in SIDES if t[c].notna().any()},
            "sizes": _tally(t["width"].astype(str) + "x" + t["height"].astype(str)),
            "modes": _tally(t["format"] + " " + t["mode"]),
            "metadata": [{**asdict(b), "lift": list(b.lift)} for b in self.betrayals],
            "leaks": [*self._pairs(self.links), *self._patient_leaks()],
            "neighbours": list(self._pairs(self.neighbours)),
            "groups": [[str(p) for p in t["path"].iloc[rows]] for rows in self.clusters],
            "contradictions": [
                [{"path": str(t["path"].iloc[r]), "label": _plain(labels.iloc[r])} for r in rows]
                for rows in self.contradictions
            ],
            "families": self.families,
            "against": self._against(),
            "seconds": self.seconds,
            "wrong": self.wrong,
            "written": [asdict(one) for one in self.written],
        }

    def __repr__(self) -> str:
        found = [f"{n:,} {what}" for what, n, _ in self.rows() if n]
        return notebook.two_lines(
            "AuditReport",
            f"{self.manifest}, {len(self.table):,} files",
            f"found: {notebook.listed(found) if found else 'nothing'}",
        )

    def _repr_html_(self) -> str:
        """Show a notebook what was found, and the verdict."""
        found = [(what, f"{n:,}", meaning) for what, n, meaning in self.rows() if n]
        return notebook.table(
            f"Audit of {self.manifest}, {len(self.table):,} files",
            ["finding", "number", "of"],
            found or [("nothing", "", "")],
            " ".join(self.verdict()),
        )

    def _side(self, column: str) -> dict[str, dict[str, int]]:
        return {
            side: {"images": total, "also on another side": shared}
            for side, (shared, total) in self.crossing(column).items()
        }

    def across(self, a: int, b: int) -> dict[str, list[str]]:
        """Say which sides two rows lie on, for the columns where they differ."""
        found = {}
        for column in SIDES:
            sides = self.table[column].iloc[[a, b]]
            if sides.notna().all() and sides.nunique() > 1:
                found[column] = [str(s) for s in sides]
        return found

    def _pairs(self, pairs: pd.DataFrame) -> Iterator[dict[str, Any]]:
        paths, labels = self.table["path"], finest(self.table)
        for pair in pairs.to_dict("records"):
            yield {
                "a": str(paths.iloc[pair["a"]]),
                "b": str(paths.iloc[pair["b"]]),
                "kind": pair["kind"],
                "similarity": round(float(pair["similarity"]), 4),
                "agreement": round(float(pair["agreement"]), 4),
                "across": self.across(pair["a"], pair["b"]),
                "labels": [_plain(labels.iloc[r]) for r in (pair["a"], pair["b"])],
                "orientation": pair["orientation"],
                "adjusted": pair["adjusted"],
                "move": list(pair["move"]),
            }

    def _patient_leaks(self) -> Iterator[dict[str, Any]]:
        paths, labels = self.table["path"], finest(self.table)
        for kind, found in (("patient", self.straddlers), ("family", self.straddling_families)):
            for s in found:
                first = [rows[0] for rows in s.sides.values()]
                yield {
                    "a": str(paths.iloc[first[0]]),
                    "b": str(paths.iloc[first[1]]),
                    "kind": kind,
                    "similarity": None,
                    "across": {s.column: list(s.sides)},
                    "labels": [_plain(labels.iloc[r]) for r in first[:2]],
                    "patients": list(s.ids),
                }

    def _against(self) -> dict[str, Any] | None:
        if self.against is None:
            return None
        return {
            "manifest": self.against,
            "images": int(self.matches["a"].nunique()),
            "of": len(self.table),
            "kinds": _tally(self.matches["kind"]),
            "matches": [
                {
                    "a": m["path"],
                    "b": m["other_path"],
                    "kind": m["kind"],
                    "similarity": round(float(m["similarity"]), 4),
                    "agreement": round(float(m["agreement"]), 4),
                    "labels": [_plain(m["label"]), _plain(m["other_label"])],
                    "orientation": m["orientation"],
                    "adjusted": m["adjusted"],
                    "move": list(m["move"]),
                }
                for m in self.matches.to_dict("records")
            ],
        }


def _tally(values: pd.Series[Any]) -> dict[str, int]:
    return {str(k): int(n) for k, n in values.value_counts().items()}


def _plain(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
