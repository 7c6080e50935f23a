from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gliaboost
from gliaboost._face.old_names import names_now
from gliaboost.reports.protocol.record import ExtractorRecord
from tests._face.test_reproducing import MakeImages, edited, made


def known(name: str, label: str, title: str, **parameters: Any) -> ExtractorRecord:
    return ExtractorRecord(name=name, label=label, title=title, version=1, parameters=parameters)


def test_what_was_the_default_has_a_name_that_says_it() -> None:
    last = {"pools": ["avg", "max"], "layers": [-1]}
    found = names_now(
        [
            known("hog", "hog", "HOG"),
            known("embedding", "embedding", "embedding", **last),
            known("no-such", "no-such", "gone"),
            known("hog", "hog:odd", "odd", no_such_parameter=1),
        ]
    )
    assert found.labels == {"embedding": "embedding:avg-max-layer-1"}
    assert found.titles == {"embedding": "embedding (avg-max-layer-1)"}


@pytest.mark.integration
def test_a_run_of_other_defaults_is_the_same_when_it_is_done_again(
    make_images: MakeImages, tmp_path: Path
) -> None:
    made(make_images, tmp_path, models="lightgbm", controls=False)
    file = tmp_path / "run" / "predictions.parquet"
    answers = pd.read_parquet(file)
    then = "+lbp:once"
    answers["experiment"] = answers["experiment"].str.replace("+lbp", then, regex=False)
    answers.to_parquet(file)

    def as_then(record: dict[str, Any]) -> None:
        text = json.dumps({k: v for k, v in record.items() if k != "call"})
        text = text.replace("glcm:levels=16+lbp", f"glcm:levels=16{then}").replace(
            "glcm+lbp", f"glcm{then}"
        )
        record.update(json.loads(text))
        for extractor in record["protocol"]["extractors"]:
            if extractor["name"] == "lbp":
                extractor["label"] = "lbp:once"
        for each in record["experiments"]:
            each["features"] = ["lbp:once" if f == "lbp" else f for f in each["features"]]
            for kind, shares in each.items():
                if isinstance(shares, dict) and "lbp" in shares:
                    each[kind] = {("lbp:once" if k == "lbp" else k): v for k, v in shares.items()}

    edited(tmp_path / "run" / "results.json", as_then)
    found = gliaboost.reproduce(tmp_path / "run", store=tmp_path / "s")
    assert not found.moved
