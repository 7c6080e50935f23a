from __future__ import annotations

from dataclasses import fields

from gliaboost.reports.protocol.record import SCHEMA, STRICT, RunRecord


def test_a_run_says_its_schema_first_and_knows_no_other_fields() -> None:
    """A reader sees at once whether it can read on; a misspelled field is a fault."""
    first = fields(RunRecord)[0]
    assert (first.name, first.default) == ("schema", SCHEMA)
    assert RunRecord.__pydantic_config__ is STRICT
    assert STRICT["extra"] == "forbid"
