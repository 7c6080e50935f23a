"""The prose outside the code: its commands parse, its links lead somewhere, its facts agree."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gliaboost.cli import app

ROOT = Path(__file__).parents[1]
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMED = [str(g.relative_to(ROOT)) for g in GUIDES]
_BLOCK = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def blocks(guide: Path, *languages: str) -> list[str]:
    """The code blocks of a guide; an indented block of plain Markdown counts as shell."""
    text = guide.read_text("utf-8")
    found = [m[3] for m in _BLOCK.finditer(text) if m[2] in languages]
    if "sh" in languages:
        indented = re.findall(r"(?:^    .*\n)+", _BLOCK.sub("", text), re.MULTILINE)
        found += [block for block in indented if re.match(r" +(gliaboost|make|pip) ", block)]
    return found


def commands(guide: Path) -> Iterator[list[str]]:
    """Every gliaboost command of a guide, as words."""
    for block in blocks(guide, "sh", "console"):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            words = shlex.split(line.strip().removeprefix("$ "), comments=True)
            if words[:1] == ["gliaboost"]:
                yield words[1:]


@pytest.mark.parametrize("guide", GUIDES, ids=NAMED)
def test_commands_are_ones_that_the_command_line_takes(guide: Path) -> None:
    import typer

    group: Any = typer.main.get_command(app)
    for words in commands(guide):
        if words[0].startswith("-"):
            continue
        assert words[0] in group.commands, words
        # Parsed as when it is called, and not called: a wrong option or a missing one raises.
        command, name, given = group.commands[words[0]], words[0], words[1:]
        if hasattr(command, "commands"):
            command, name, given = command.commands[given[0]], given[0], given[1:]
        command.make_context(name, given)


def test_commands_are_found_at_all() -> None:
    found = [words[0] for guide in GUIDES for words in commands(guide)]
    assert {"manifest", "audit", "benchmark", "train", "predict", "explain", "tune"} <= set(found)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_at_the_root_lead_to_files(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    assert not [t for t in targets if not re.match(r"[a-z]+:", t) and not (ROOT / t).exists()]


def site_links(text: str, depth: int) -> str:
    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None and spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    return str(hooks.site_links(text, depth))


def test_guides_at_the_root_are_linked_as_pages_of_the_site() -> None:
    shown = "[a](docs/x/y.md#z) ![b](docs/b.png) [c](SECURITY.md)"
    assert site_links(shown, depth=1) == "[a](../x/y.md#z) ![b](../b.png) [c](../security.md)"
    assert site_links("[a](tests/t.py)", depth=1) == "a"
    assert site_links("[a](https://e) [b](#f)", depth=1) == "[a](https://e) [b](#f)"


def project() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_citation_and_changelog_have_the_version() -> None:
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    version = project()["version"]
    assert (citation["version"], citation["license"]) == (version, project()["license"])
    released = f"## [{version}] - {citation['date-released']}"
    assert released in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_workflow_tests_the_versions_that_are_promised() -> None:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    promised = {
        c.removeprefix("Programming Language :: Python :: ")
        for c in project()["classifiers"]
        if "Python :: 3." in c
    }
    assert set(jobs["whole"]["strategy"]["matrix"]["python"]) == promised
    used = re.findall(r"uses: (\S+)", text)
    assert used and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)


def masked(text: str) -> str:
    """What a command printed, without digits, the blanks that align them, and folders."""
    text = re.sub(r"\S*[/\\](?=\w+\.(html|png)\b)", "", text)
    return re.sub(r"[ ]+", " ", re.sub(r"\d+", "0", text)).strip()


def test_code_that_is_shown_is_that_of_the_files() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    shown = re.findall(r"<!-- (\S+) -->\n```python\n(.*?)```", text, re.DOTALL)
    assert len(shown) == text.count("```python") >= 5
    for file, block in shown:
        for part in block.strip().split("\n\n\n"):
            assert part in (ROOT / file).read_text("utf-8"), f"{file} has other code than {part}"
    (declared,) = blocks(ROOT / "docs" / "how-to" / "plug-ins.md", "toml")
    assert declared in (ROOT / "tests" / "plugin" / "pyproject.toml").read_text("utf-8")


def test_reference_has_all_that_is_public() -> None:
    import gliaboost

    text = (ROOT / "docs" / "reference" / "python.md").read_text("utf-8")
    shown = set(re.findall(r"^::: gliaboost\.(\w+)$", text, re.MULTILINE))
    on_the_page_of_errors = {n for n in gliaboost.__all__ if hasattr(gliaboost.errors, n)}
    assert shown | on_the_page_of_errors >= set(gliaboost.__all__) - {"__version__"}


@pytest.mark.integration
def test_python_that_is_shown_runs(
    make_images: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_images(name="slices")
    make_images(name="new", patients=1)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLIABOOST_STORE", "store")
    known: dict[str, Any] = {}
    for guide in (ROOT / "README.md", ROOT / "docs" / "how-to" / "notebook.md"):
        for block in blocks(guide, "python"):
            exec(block, known)
    assert known["columns"].shape[0] == 30
    assert Path("why.png").is_file()


@pytest.mark.slow
def test_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    transcript = "".join(blocks(ROOT / "docs" / "tutorial.md", "console"))
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", transcript, re.MULTILINE)
    assert len(steps) >= 6
    programs = {"python": [sys.executable], "gliaboost": [sys.executable, "-m", "gliaboost"]}
    for command, shown in steps:
        program, *words = shlex.split(command)
        done = subprocess.run(
            [*programs[program], *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert masked(done.stdout) == masked(shown), command
