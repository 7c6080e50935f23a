"""The JSON Schema of ``results.json``, made from the record's dataclasses.

``python -m gliaboost.reports.protocol.record_schema`` writes it anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gliaboost.reports.protocol.record import SCHEMA, RunRecord

PATH = Path(__file__).with_name("results.schema.json")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `record_file.write_record` writes."""
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    class Untitled(GenerateJsonSchema):
        # A title per field repeats its name; the documentation is in the descriptions.
        def field_title_should_be_set(self, schema: Any) -> bool:
            return False

    made = TypeAdapter(RunRecord).json_schema(schema_generator=Untitled)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **made,
        "title": f"results.json of gliaboost benchmark, schema {SCHEMA}",
        # A file always says which schema it has, though a record in Python need not.
        "required": ["schema", *made["required"]],
    }


def schema_text() -> str:
    """Return what `PATH` holds."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), "utf-8")
