from __future__ import annotations

import csv
import io

import pandas as pd

from gliaboost.reports.document.blocks import Cell, Table

TABLE = Table(
    "t",
    "Accuracy",
    ["model", "#accuracy", "note"],
    [
        [Cell("XG, Boost"), Cell("0.9", 0.91234, "[0.9, 0.92]", [0.9, 0.92345]), Cell('so "so"')],
        [Cell("none"), Cell("–"), Cell("")],
    ],
)


def test_headings_tell_columns_of_numbers() -> None:
    assert TABLE.headings == [("model", False), ("accuracy", True), ("note", False)]


def test_csv_is_unrounded_with_limits_in_columns_of_their_own() -> None:
    rows = list(csv.reader(io.StringIO(TABLE.csv())))
    assert rows == [
        ["model", "accuracy", "accuracy, low", "accuracy, high", "note"],
        ["XG, Boost", "0.91234", "0.9", "0.92345", 'so "so"'],
        ["none", "–", "", "", ""],
    ]
    assert pd.read_csv(io.StringIO(TABLE.csv()), na_values="–")["accuracy"].max() == 0.91234


def test_a_value_of_zero_is_not_taken_for_none() -> None:
    table = Table("t", "", ["#n"], [[Cell("none at all", 0.0)], [Cell("0", 0, "", [0.0, 0.0])]])
    assert table.csv() == 'n,"n, low","n, high"\n0.0,,\n0,0.0,0.0\n'


def test_a_table_without_rows_keeps_its_head() -> None:
    assert Table("t", "", ["a", "#b"], []).csv() == "a,b\n"
