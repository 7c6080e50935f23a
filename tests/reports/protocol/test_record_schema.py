"""The JSON Schema: as shipped, as the dataclasses say, and as another program reads runs by it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from gliaboost.reports.protocol.record_file import read_record, to_json
from gliaboost.reports.protocol.record_schema import PATH, json_schema

COMMITTED = Path(__file__).parents[3] / "benchmarks" / "results"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(PATH.read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_shipped_schema_is_that_of_the_record() -> None:
    assert json.loads(PATH.read_text("utf-8")) == json_schema(), (
        "write it anew: python -m gliaboost.reports.protocol.record_schema"
    )


def test_the_schema_is_shipped() -> None:
    project = tomllib.loads((COMMITTED.parents[1] / "pyproject.toml").read_text("utf-8"))
    shipped = project["tool"]["setuptools"]["package-data"]
    assert PATH.name in shipped[json_schema.__module__.rpartition(".")[0]]


def test_a_run_that_was_really_made_keeps_the_schema(
    validator: Draft202012Validator, real_run: Any
) -> None:
    saved = json.loads((real_run.folder / "results.json").read_text("utf-8"))
    validator.validate(saved)
    assert saved == json.loads(json.dumps(asdict(real_run.results.record)))


@pytest.mark.parametrize("run", ["figshare", "figshare-features"])
def test_older_runs_keep_the_schema_once_read(validator: Draft202012Validator, run: str) -> None:
    validator.validate(json.loads(to_json(read_record(COMMITTED / run))))


def test_the_schema_refuses_what_the_reader_refuses(
    validator: Draft202012Validator, real_run: Any
) -> None:
    changes: list[Callable[[Any], Any]] = [
        lambda saved: saved["experiments"][0].pop("model_bytes"),
        lambda saved: saved["experiments"][0]["seconds"].update(fit="soon"),
        lambda saved: saved["dataset"].update(news=1),
        lambda saved: saved.pop("schema"),
        lambda saved: saved.update(schema=1),
    ]
    for change in changes:
        saved = json.loads((real_run.folder / "results.json").read_text("utf-8"))
        change(saved)
        with pytest.raises(ValidationError):
            validator.validate(saved)
