"""The public surface is these names: each documented, typed, lazy, and with an example."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import gliaboost
from gliaboost import errors, features, models
from gliaboost.cli import COMMANDS, SEGMENT
from gliaboost.datasets.sources.base import names
from gliaboost.datasets.sources.base import options_of as options_of_source

FUNCTIONS = [
    *(
        "audit",
        "benchmark",
        "demo",
        "edit_manifest",
        "evaluate",
        "explain",
        "explore",
        "extract",
        "fetch",
        "info",
        "load",
        "load_segmenter",
    ),
    *(
        "manifest",
        "predict",
        "report",
        "reproduce",
        "save",
        "segment_benchmark",
        "segment_predict",
        "segment_train",
        "train",
        "tune",
    ),
]
TYPES = [
    "Bundle",
    "Extracted",
    "HeldOut",
    "ImageSource",
    "Log",
    "Manifest",
    "Predictions",
    "Progress",
    "Reproduction",
    "Results",
    "SegmentationResults",
    "Segmentations",
    "SegmenterBundle",
]
ERRORS = [
    n for n, v in vars(errors).items() if inspect.isclass(v) and v.__module__ == errors.__name__
]
HEAVY = [
    *("numpy", "pandas", "sklearn", "xgboost", "lightgbm", "torch", "numba", "cv2"),
    *("matplotlib", "pyarrow", "rich", "PIL", "jinja2", "importlib.metadata"),
]
# A command whose name is a room's in Python, and the function that it calls.
CALLED_ELSE = {"features": "extract"}
# Commands that stand above the functions: they show on a page what these give back.
ABOVE = {"app"}
CALLING = [c for c in (*COMMANDS, *SEGMENT.values()) if c.__name__ not in ABOVE]
# An example of these would take a minute, or needs a file that only they make.
WITHOUT_EXAMPLE = {"demo", "Results", *ERRORS}


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_surface_is_this() -> None:
    assert sorted(gliaboost.__all__) == sorted([*FUNCTIONS, *TYPES, *ERRORS, "__version__"])


def test_every_command_is_a_function_of_its_name() -> None:
    called = {CALLED_ELSE.get(command.__name__, command.__name__) for command in CALLING}
    assert called <= set(FUNCTIONS)


def test_importing_it_loads_nothing_heavy() -> None:
    # What the interpreter loads of itself, as an editable install does, is not ours.
    code = (
        "import sys; before = set(sys.modules); import gliaboost; "
        f"print(sorted(set(sys.modules) - before), [m for m in {HEAVY} if m in sys.modules and "
        "m not in before])"
    )
    loaded = run(code)
    assert loaded.endswith("[]")
    assert not re.findall(r"gliaboost\.\w+", loaded)


@pytest.mark.integration
@pytest.mark.parametrize("name", gliaboost.__all__)
def test_a_name_is_found_in_a_fresh_interpreter(name: str) -> None:
    assert run(f"from gliaboost import {name}; print({name!r})") == name


@pytest.mark.integration
def test_the_rooms_are_found_without_a_further_import() -> None:
    code = "import gliaboost as g; print(g.features.HOG.name, g.errors.UsageError.exit_code)"
    assert run(code) == "hog 2"


def test_dir_names_them_and_an_unknown_name_is_an_error() -> None:
    assert set(gliaboost.__all__) <= set(dir(gliaboost))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        gliaboost.nothing  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_typed_and_documented(name: str) -> None:
    function = getattr(gliaboost, name)
    signature = inspect.signature(function)
    documented = inspect.getdoc(function) or ""
    assert signature.return_annotation is not inspect.Signature.empty
    assert "\nReturns\n-------\n" in documented
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, parameter
        told = str(parameter).partition(":")[0]  # with its stars
        line = rf"^(?:.*, )?{re.escape(told)}(?:, .*)?(?: : .+)?$"
        assert re.search(line, documented, re.MULTILINE), f"{name}: {told}"


@pytest.mark.parametrize("name", [*FUNCTIONS, *TYPES])
def test_a_name_has_an_example(name: str) -> None:
    shown = ">>> " in (inspect.getdoc(getattr(gliaboost, name)) or "")
    assert shown or name in WITHOUT_EXAMPLE


def options_of(command: Any) -> set[str]:
    shown = {"quiet", "as_json", "as_csv"}  # they choose what is printed, and of nothing else
    shown |= {"out_of_core", "spread"}  # of `settings`
    return set(inspect.signature(command).parameters) - shown


@pytest.mark.parametrize("command", CALLING, ids=lambda c: c.__name__)
def test_a_commands_options_are_the_functions_parameters(command: Any) -> None:
    converting = {option for source in names() for option in options_of_source(source)}
    converting |= {"class_folders", "patient_from", "sequence", "all_images"}
    editing = ("rename", "keep", "target", "forget")
    renamed: dict[str, dict[str, str | None]] = {
        "benchmark": {"trials": "tune"},
        "predict": {"paths": "images", "out": None},
        "explain": {"path": "image", "out": None},
        "segment_predict": {"paths": "images"},
        "report": {"results": "runs"},
        "audit": {"strict": None},  # the exit code alone
        "features": {"out": None},  # what it gives is saved there
        "manifest": dict.fromkeys((*converting, *editing)),  # what a source takes
    }
    own = renamed.get(command.__name__, {})
    expected = {own.get(name, name) for name in options_of(command)} - {None}
    function = getattr(gliaboost, CALLED_ELSE.get(command.__name__, command.__name__))
    assert expected <= set(inspect.signature(function).parameters)


@pytest.mark.parametrize("room", [features, models], ids=lambda m: m.__name__)
def test_what_a_room_offers_is_documented(room: ModuleType) -> None:
    assert not [name for name in room.__all__ if not inspect.getdoc(getattr(room, name))]


def test_errors_are_documented() -> None:
    assert not [name for name in ERRORS if not inspect.getdoc(getattr(errors, name))]
