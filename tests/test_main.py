from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = "import sys; sys.argv = ['gliaboost', *sys.argv[1:]]; from gliaboost.__main__ import main\n"


def run(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gliaboost", "predict", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "gliaboost predict" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "gliaboost", "no-such-thing"], capture_output=True, text=True
    )
    assert wrong.returncode == 2
    assert "No such command" in wrong.stderr


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["predict"], 2)])
def test_what_waits_for_the_end_is_done_at_the_end(
    words: list[str], code: int, tmp_path: Path
) -> None:
    # A handler of before, one of between, a thread, and a folder that goes with the process.
    before = "import atexit; atexit.register(lambda: print('before', flush=True))\n"
    between = (
        "import atexit, tempfile, threading, time, json\n"
        f"folder = tempfile.TemporaryDirectory(dir={str(tmp_path)!r})\n"
        "atexit.register(lambda: print('between', flush=True))\n"
        "def late():\n    time.sleep(0.2); print('thread', flush=True)\n"
        "import gliaboost.cli as cli\n"
        "true = cli.main\n"
        "def cut():\n    threading.Thread(target=late).start(); true()\n"
        "cli.main = cut\n"
    )
    for first, said in ((before, {"before", "between", "thread"}), ("", {"between", "thread"})):
        done = run(first + BEGIN + between + "main()", *words)
        assert done.returncode == code, done.stderr
        assert said <= set(done.stdout.split())
        assert not list(tmp_path.iterdir())


def test_the_end_is_at_once_where_nobody_waits() -> None:
    # An object that says when Python takes it away.
    code = (
        "import builtins\nclass Kept:\n    def __del__(self): print('taken away')\n"
        "import gliaboost\ngliaboost.kept = Kept(); gliaboost.kept.itself = gliaboost.kept\n"
    )
    done = run(code + BEGIN + "main()", "--version")
    assert done.returncode == 0 and "taken away" not in done.stdout
    done = run(code + "print('nothing more')")
    assert "taken away" in done.stdout


def test_a_reader_who_has_gone_is_no_error_of_ours() -> None:
    code = BEGIN + "import os; os.close(1); main()"
    done = run(code, "--version")
    assert done.returncode != 0


@pytest.mark.integration
def test_a_command_alone_is_as_among_all() -> None:
    code = (
        "import json, sys, gliaboost.cli as cli\n"
        "from typer.testing import CliRunner\n"
        "names = [c.callback.__name__ for c in cli.app.registered_commands]\n"
        "def text(app, *words):\n    return CliRunner().invoke(app, words).output\n"
        "same = [text(cli._with_alone([n]), n, '--help') == text(cli.app, n, '--help')"
        " for n in names]\n"
        "few = [len(cli._with_alone([n]).registered_commands) for n in names]\n"
        "other = [cli._with_alone(w) is cli.app for w in ([], ['segment'], ['--help'], ['x'])]\n"
        "print(json.dumps([len(names), all(same), set(few) == {1}, all(other)]))"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    count, *right = json.loads(done.stdout)
    assert count > 10 and right == [True, True, True]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_meets_the_parser_is_told_too(name: str) -> None:
    # typer makes an exit of its own of what interrupts it before the command begins.
    code = (
        "import signal, gliaboost.cli as cli, typer.core\n"
        f"def met(*a, **k): signal.raise_signal(signal.{name})\n"
        "typer.core.TyperCommand.make_context = typer.core.TyperGroup.make_context = met\n"
    )
    done = run(code + BEGIN + "main()", "extract", "data")
    assert done.returncode == {"SIGINT": 130, "SIGTERM": 143}[name], done.stderr
    assert done.stderr.count("interrupted") == 1 and "Traceback" not in done.stderr
