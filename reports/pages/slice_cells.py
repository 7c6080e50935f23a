"""Averages over slices as cells of a table, and in a sentence."""

from __future__ import annotations

from gliaboost.reports.document.blocks import Cell
from gliaboost.reports.document.numerals import UNKNOWN, bounded, percent, span
from gliaboost.reports.statistics.slice_average import SliceAverage


def number(measured: SliceAverage) -> Cell:
    """Set a number from 0 to 1 with its interval."""
    return bounded(measured.value, measured.ci95)


def part(measured: SliceAverage) -> Cell:
    """Set a share in percent with its interval."""
    if measured.value is None:
        return Cell(UNKNOWN)
    limits = measured.ci95
    detail = f"[{percent(limits[0], 1)}, {percent(limits[1], 1)}]" if limits else ""
    return Cell(percent(measured.value, 1), measured.value, detail, limits)


def within(measured: SliceAverage) -> str:
    """Say an interval after a blank; nothing where there is none."""
    return f" {span(measured.ci95)}" if measured.ci95 else ""
