"""Break a module in every small way, and see whether its own tests fail.

    python -m benchmarks.mutants datasets/splits.py --sample 120

Takes cosmic-ray's mutations to a copy of the last commit, with the mirrored tests alone. Each run
is a fork that has the third-party libraries already, so that most take a second. Left out is what
nothing evaluates (annotations, docstrings, imports for types, bodies of protocols), what only moves
the mark between positional and keyword parameters, and `==` as `is`, which differs by what Python
happens to share. What is left is drawn at random (seed 0) where `--sample` says how many.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import importlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARIES = (
    "cv2", "joblib", "numba", "pandas", "PIL.Image", "scipy.sparse.csgraph", "scipy.stats",
    "sklearn.metrics", "sklearn.model_selection", "hypothesis.extra.numpy",
)  # fmt: skip
IDENTITY = ("Eq_Is", "NotEq_IsNot", "Is_Eq", "IsNot_NotEq")


class Evaluated(ast.NodeTransformer):
    """Strip a module of all that runs no differently when it is changed."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        """Leave the docstring out."""
        return self._without_text(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave protocols and docstrings out."""
        if any("Protocol" in ast.unparse(base) for base in node.bases):
            return ast.Pass()
        return self._without_text(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Leave the docstring, what is returned and the kinds of parameters out."""
        self._without_text(node)
        given, node.returns = node.args, None
        named = [default for default in given.kw_defaults if default is not None]
        node.args = ast.arguments(
            [], given.posonlyargs + given.args + given.kwonlyargs, given.vararg, [], [],
            given.kwarg, given.defaults + named,
        )  # fmt: skip
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Leave the annotation out."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Leave the annotation out."""
        self.generic_visit(node)
        node.annotation = ast.Constant(None)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Leave imports for types out."""
        if "TYPE_CHECKING" in ast.unparse(node.test):
            return ast.Pass()
        return self.generic_visit(node)

    def _without_text(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        if node.body and isinstance(node.body[0], ast.Expr):
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
        return node


def evaluated(source: str) -> str:
    """Return what two sources have in common when they do the same, word for word."""
    return ast.dump(Evaluated().visit(ast.parse(source)))


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Make every mutant that is Python and differs from the source and from the others."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    known = {evaluated(source)}
    for name in sorted(operator_names()):
        operator = get_operator(name)
        if operator.arguments() or name.endswith(IDENTITY):
            continue
        occurrence = 0
        while (mutant := mutate_code(source, operator(), occurrence)) is not None:
            occurrence += 1
            with contextlib.suppress(SyntaxError):
                text = evaluated(mutant)
                if text not in known:
                    known.add(text)
                    yield name.removeprefix("core/"), mutant


def passes(tests: list[str], seconds: float) -> bool:
    """Run the tests in a fork; what takes too long has failed."""
    import pytest

    child = os.fork()
    if not child:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        code = 1
        with contextlib.suppress(BaseException):
            code = int(pytest.main(["-qx", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
        os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="path within the package, e.g. datasets/splits.py")
    parser.add_argument("--sample", type=int, help="mutants to run; default: all")
    parser.add_argument("--first", help="expression (pytest -k) of quick tests to try before all")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants")
    given = parser.parse_args()
    # The folder's name is the package's: it is imported from beside it.
    copy = given.out.resolve() / "gliaboost"
    shutil.rmtree(copy, ignore_errors=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(copy, filter="data")
    os.chdir(copy)
    sys.path.insert(0, str(copy.parent))
    for library in LIBRARIES:
        importlib.import_module(library)

    module = Path(given.module)
    tests = [str(Path("tests", module.parent, f"test_{module.name}"))]
    quick = [*tests, "-k", given.first] if given.first else None
    source = module.read_text("utf-8")
    passes(tests, 600)  # writes what Python keeps of the other modules
    began = time.monotonic()
    if not passes(tests, 600):
        sys.exit(f"{tests[0]} fails without a mutant")
    limit = 10 + 3 * (time.monotonic() - began)
    every = list(mutants(source))
    n = len(every) if given.sample is None else min(given.sample, len(every))
    drawn = [every[i] for i in sorted(random.Random(0).sample(range(len(every)), n))]
    survivors = 0
    for name, mutant in drawn:
        module.write_text(mutant, "utf-8")
        for kept in (module.parent / "__pycache__").glob(f"{module.stem}.*"):
            kept.unlink()  # a mutant of the same length and second would go unseen
        if (quick is None or passes(quick, limit)) and passes(tests, limit):
            survivors += 1
            lines = source.splitlines(), mutant.splitlines()
            print(
                name, *[*difflib.unified_diff(*lines, lineterm="", n=0)][2:], sep="\n", flush=True
            )
    killed = n - survivors
    print(f"{module}: {n} of {len(every)} mutants run, {killed} killed ({killed / n:.0%})")


if __name__ == "__main__":
    main()
