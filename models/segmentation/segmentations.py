"""What a segmenter found on pictures: masks, measurements, and what a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.datasets.scans import SlicePlace
from gliaboost.errors import DecodeError
from gliaboost.few import few
from gliaboost.models.familiarity.familiarity import Familiarity
from gliaboost.models.familiarity.sentences import NAMED, sentences, some_of
from gliaboost.models.segmentation.measurements import Measurements

if TYPE_CHECKING:
    import pandas as pd

# Rows that a notebook shows, and how many of them with their picture.
SHOWN, PICTURED = 20, 3


@dataclass(frozen=True, eq=False)
class SegmentedPicture:
    """What a segmenter found on one picture.

    Attributes
    ----------
    name : str
        The file's path; of a slice the scan with its number.
    measurements : Measurements or None
        Of the mask, at the picture's own size; None where the picture cannot be read.
    kind : str or None
        The most probable kind of tumour inside the mask, where the segmenter tells kinds apart.
    peak : float or None
        The greatest probability of a tumour on the picture.
    error : str or None
        Why the picture cannot be read.
    place : SlicePlace or None
        Of a slice of a scan.
    familiarity : Familiarity or None
        How the picture stands to those of the training; None where the bundle does not know.
    files : dict of str to str
        What was written of it: ``mask`` and ``overlay``.
    pictured : uint8 array [h, w, 3] or None
        The picture under the outline of its mask, RGB and small, for a notebook; of the first
        `PICTURED` that could be read.
    """

    name: str
    measurements: Measurements | None = None
    kind: str | None = None
    peak: float | None = None
    error: str | None = None
    place: SlicePlace | None = None
    familiarity: Familiarity | None = None
    packed: bytes = field(default=b"", repr=False)
    files: dict[str, str] = field(default_factory=dict)
    pictured: NDArray[np.uint8] | None = field(default=None, repr=False)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The mask: bool [H, W], as the picture."""
        if self.measurements is None:
            raise DecodeError(self.name, self.error or "has no mask")
        height, width = self.measurements.height, self.measurements.width
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=height * width)
        return bits.astype(bool).reshape(height, width)

    @property
    def found(self) -> bool:
        """Whether a tumour was found."""
        return self.measurements is not None and not self.measurements.empty

    def __repr__(self) -> str:
        name = notebook.printable(self.name)
        if self.measurements is None:
            return notebook.two_lines("SegmentedPicture", name, f"unreadable: {self.error}")
        return notebook.two_lines("SegmentedPicture", name, self._words())

    def _words(self) -> str:
        """Say what was found, and how large."""
        if not self.found or self.measurements is None:
            return "no tumour found"
        area = self.measurements.area_mm2
        of_kind = f", {notebook.cut(self.kind, notebook.LETTERS)}" if self.kind else ""
        return (
            f"a tumour of {self.measurements.area_pixels:,} pixels"
            + ("" if area is None else f", {area:,.0f} mm2")
            + of_kind
        )

    def _repr_html_(self) -> str:
        """Show a notebook the picture with the outline, and the measurements."""
        if self.measurements is None:
            return notebook.facts(self.name, [("unreadable", self.error)])
        whole = self.measurements.whole
        lines = {} if whole is None else {"longest": whole.longest, "across": whole.perpendicular}
        known = [
            ("peak probability", "" if self.peak is None else f"{self.peak:.3f}"),
            ("components", len(self.measurements.components)),
            *(
                (name, f"{line.pixels:.0f} pixels" if line.mm is None else f"{line.mm:.1f} mm")
                for name, line in lines.items()
            ),
        ]
        shown = []
        if self.pictured is not None:
            shown = [notebook.picture(self.pictured, f"{self.name}, with the outline of the mask")]
        return notebook.card(
            f"{self.name}: {self._words()}",
            shown,
            notebook.facts("", known),
            sentences([(self.name, self.familiarity)]),
        )

    def facts(self) -> dict[str, Any]:
        """Return what is known beside the measurements, in plain values."""
        familiarity = self.familiarity
        return {
            "path": self.name,
            "tumour": "found" if self.found else "none",
            **({} if self.kind is None else {"class": self.kind}),
            "peak_probability": self.peak,
            "typicality": None if familiarity is None else familiarity.typicality,
            "seen": None if familiarity is None else familiarity.seen,
            **self.files,
        }


@dataclass(frozen=True, eq=False)
class Segmentations(Sequence[SegmentedPicture]):
    """What a segmenter found on pictures: one `SegmentedPicture` each, in order.

    Attributes
    ----------
    rows : tuple of SegmentedPicture
        All of them; those without an ``error`` have a mask and measurements.
    segmenter : dict
        `SegmenterBundle.summary`.
    volumes : list of dict
        Of each scan of several slices: ``scan``, ``slices``, and where spacing is known
        ``volume_mm3``, ``volume_ml`` and ``volume_slices``.

    Examples
    --------
    >>> from gliaboost.models.segmentation.measurements import measure
    >>> nothing = measure(np.zeros((4, 4), bool))
    >>> found = Segmentations((SegmentedPicture("a.png", nothing),), {"modality": ""})
    >>> found[0].found, found.to_frame()["area_pixels"].tolist()
    (False, [0])
    """

    rows: tuple[SegmentedPicture, ...]
    segmenter: dict[str, Any]
    volumes: list[dict[str, Any]] = field(default_factory=list)

    @overload
    def __getitem__(self, index: int) -> SegmentedPicture: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[SegmentedPicture, ...]: ...

    def __getitem__(self, index: int | slice) -> SegmentedPicture | tuple[SegmentedPicture, ...]:
        """Return one, or a tuple of some."""
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> list[SegmentedPicture]:
        """Those that could be read."""
        return [row for row in self.rows if row.error is None]

    def to_frame(self) -> pd.DataFrame:
        """Set those that could be read as a table.

        Returns
        -------
        pandas.DataFrame
            One row a picture: `SegmentedPicture.facts` and `Measurements.to_dict`.
        """
        import pandas as pd

        rows = [
            {**row.facts(), **row.measurements.to_dict()}
            for row in self.rows
            if row.measurements is not None
        ]
        return pd.DataFrame(rows)

    @property
    def warnings(self) -> list[str]:
        """What a reader of these must know, a sentence each."""
        read, trained = self.read, self.segmenter["modality"]
        other: dict[str, list[str]] = {}
        for row in read:
            if trained and row.place is not None and row.place.modality != trained:
                other.setdefault(row.place.modality, []).append(row.name)
        said = [
            f"{some_of(names, len(read))} {modality}, and the segmenter was trained on {trained}: "
            f"its masks mean little there: {few(names, NAMED)}"
            for modality, names in other.items()
        ]
        return said + sentences([(row.name, row.familiarity) for row in read])

    def __repr__(self) -> str:
        read = self.read
        failed = len(self.rows) - len(read)
        return notebook.two_lines(
            "Segmentations",
            f"{self.segmenter['segmenter']} on {len(read):,} pictures"
            + (f", {failed:,} unreadable" if failed else ""),
            f"a tumour on {sum(row.found for row in read):,}",
        )

    def _repr_html_(self) -> str:
        """Show a notebook the first of them, some with their picture."""
        read = self.read
        failed = len(self.rows) - len(read)
        notes = [f"{len(read):,} pictures, a tumour on {sum(r.found for r in read):,}"]
        notes += [f"the first {SHOWN} shown"] if len(read) > SHOWN else []
        notes += [f"{failed:,} unreadable"] if failed else []
        notes += self.warnings
        return notebook.table(
            f"Tumours found by {self.segmenter['segmenter']}",
            ["path", "tumour", "pixels", "mm2"],
            [
                [
                    r.name,
                    "found" if r.found else "none",
                    f"{r.measurements.area_pixels:,}",
                    "" if r.measurements.area_mm2 is None else f"{r.measurements.area_mm2:,.0f}",
                ]
                for r in read[:SHOWN]
                if r.measurements is not None
            ],
            "; ".join(notes),
        ) + "".join(r._repr_html_() for r in read if r.pictured is not None)
