"""The call of a benchmark, noted with its results so that it can be made again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.inputs import DataSet
from gliaboost._face.words import by_comma
from gliaboost.datasets.manifest import Manifest
from gliaboost.models.plain_values import plain
from gliaboost.regular_files import is_there
from gliaboost.reports.protocol.call_record import CallRecord, ExtractorCall

if TYPE_CHECKING:
    from gliaboost.features.base import Extractor

Only = str | int | Iterable[str | int]
# Where an extractor computes, which is no part of what it computes.
PLACE = ("device", "jobs")


def noted_call(
    data: DataSet,
    out: Path,
    *,
    models: Sequence[str],
    parameters: Mapping[str, Mapping[str, Any]],
    extractors: Sequence[Extractor] = (),
    only: Only = "",
    test_on: DataSet | None = None,
    **given: Any,
) -> CallRecord:
    """Note a call.

    Parameters
    ----------
    data, test_on : Manifest, pandas.DataFrame or path-like
        As they were given; a table in memory has no name.
    out : pathlib.Path
        The run's folder.
    models : sequence of str
        Registered names.
    parameters : mapping of str to mapping
        As they were given, by name.
    extractors : sequence of Extractor
        As they were built.
    only : str, int or iterable of these
        As it was given.
    **given
        The record's other fields.
    """
    return CallRecord(
        data=name_of(data),
        folder=_working_folder(out),
        models=tuple(models),
        settings={name: _json(own) for name, own in parameters.items() if name in models},
        extractors=tuple(
            ExtractorCall(
                name=e.name,
                parameters={
                    k: _json(v) for k, v in e.get_params(deep=False).items() if k not in PLACE
                },
            )
            for e in extractors
        ),
        only=tuple(folds_named(only)),
        test_on=None if test_on is None else name_of(test_on),
        **given,
    )


def name_of(data: DataSet) -> str:
    """Name a data set by its file or folder; empty for a table in memory.

    Examples
    --------
    >>> name_of("data/slices")
    'data/slices'
    """
    if isinstance(data, str | os.PathLike):
        return Path(data).as_posix()
    named = isinstance(data, Manifest) and is_there(data.name)
    return Path(data.name).as_posix() if named and isinstance(data, Manifest) else ""


def folds_named(only: Only) -> list[str]:
    """List the folds that were asked for, as they were.

    Examples
    --------
    >>> folds_named("1,cnn-finetune=2"), folds_named([1, 2]), folds_named("")
    (['1', 'cnn-finetune=2'], ['1', '2'], [])
    """
    words = [only] if isinstance(only, str | int) else list(only)
    text = ",".join(map(str, words))
    return by_comma(text) if text else []


def _working_folder(run: Path) -> str:
    try:
        return Path(os.path.relpath(Path.cwd(), run.resolve())).as_posix()
    except (OSError, ValueError):  # on another drive
        return ""


def _json(value: Any) -> Any:
    return json.loads(json.dumps(plain(value), default=str))
