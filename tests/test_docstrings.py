"""The examples in docstrings are what a reader copies: they run, and give what they say."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from gliaboost.errors import MissingExtraError

ROOT = Path(__file__).parents[1]
NOT_PACKAGED = {"tests", "benchmarks", "build", "runs"}
# What an extra installs: an example may need it only where it is not there.
OPTIONAL = ["torch", "timm", "optuna", "pydicom", "kagglehub", "triton"]
ABSENT = [name for name in OPTIONAL if importlib.util.find_spec(name) is None]


def modules_with_examples() -> list[str]:
    return [
        ".".join(("gliaboost", *path.with_suffix("").parts)).removesuffix(".__init__")
        for path in sorted(f.relative_to(ROOT) for f in ROOT.rglob("*.py"))
        if not any(p.startswith(".") or p in NOT_PACKAGED for p in path.parts)
        and ">>> " in (ROOT / path).read_text("utf-8")
    ]


class Runner(doctest.DocTestRunner):
    """Keep what fails as text, and which extra an example lacks."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.missing: BaseException | None = None

    def report_unexpected_exception(
        self, out: Any, test: Any, example: Any, exc_info: tuple[Any, ...]
    ) -> None:
        if ABSENT and isinstance(exc_info[1], (MissingExtraError, ModuleNotFoundError)):
            self.missing = exc_info[1]
        super().report_unexpected_exception(out, test, example, exc_info)


# The phantom's head takes seconds to build, once a process.
GROUPS = {"gliaboost.datasets.phantom.sample": pytest.mark.xdist_group("phantom")}


@pytest.mark.integration
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=GROUPS.get(n, ())) for n in modules_with_examples()]
)
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in ABSENT:
            raise
        pytest.skip(f"{name} needs {error.name}")
    examples = [t for t in doctest.DocTestFinder().find(module) if t.examples]
    # doctest passes over what it does not take for a function or a class.
    written = re.findall(r"^\s*>>> ", Path(str(module.__file__)).read_text("utf-8"), re.MULTILINE)
    assert sum(len(t.examples) for t in examples) == len(written)

    runner, said = Runner(), list[str]()
    for test in examples:
        runner.run(test, out=said.append)
    if runner.missing is not None:
        pytest.skip(f"an example of {name}: {runner.missing}")
    assert not said, "\n" + "".join(said)
    assert not list(tmp_path.iterdir()), "an example leaves files where it is run"
