from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_PACKAGED = {"tests", "benchmarks", "build", "runs"}
FLOORS = ["datasets", "features", "models", "reports", "web", "commands"]
# Import name where it differs from the distribution's.
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "scikit-image": "skimage",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
}


def project() -> dict[str, object]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))


def modules() -> list[Path]:
    return [
        f
        for f in sorted(ROOT.rglob("*.py"))
        if not any(p.startswith(".") or p in NOT_PACKAGED for p in f.relative_to(ROOT).parts)
    ]


def imports(module: Path) -> list[tuple[str, int]]:
    """Names of imported modules, with their line."""
    found = []
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(a.name, node.lineno) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: import absolutely"
            found.append((str(node.module), node.lineno))
    return found


def test_package_list_is_the_folders() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"])  # type: ignore[index]
    folders = {
        ".".join(("gliaboost", *f.parent.relative_to(ROOT).parts))
        for f in modules()
        if f.name == "__init__.py"
    }
    assert listed == folders


def test_every_folder_with_modules_is_a_package() -> None:
    assert {f.parent for f in modules()} == {f.parent for f in modules() if f.name == "__init__.py"}


@pytest.mark.parametrize("module", modules(), ids=lambda f: str(f.relative_to(ROOT)))
def test_arrows_point_down(module: Path) -> None:
    room = module.relative_to(ROOT).parts[0]
    above = FLOORS[FLOORS.index(room) + 1 :] if room in FLOORS else []
    if module.name == "_compat.py":
        above = FLOORS
    up = [
        f"line {line}: {name}"
        for name, line in imports(module)
        for floor in [*above, *(["cli"] if room in FLOORS else [])]
        if name == f"gliaboost.{floor}" or name.startswith(f"gliaboost.{floor}.")
    ]
    assert not up


@pytest.mark.parametrize("module", modules(), ids=lambda f: str(f.relative_to(ROOT)))
def test_no_flat_imports(module: Path) -> None:
    flat = {*FLOORS, "cli", "_compat", "tests", "benchmarks"}
    assert not [(n, line) for n, line in imports(module) if n.split(".")[0] in flat]


def test_imports_are_declared() -> None:
    import re
    import sys

    def names(requirements: list[str]) -> set[str]:
        found = {re.split(r"[^A-Za-z0-9_-]", r, maxsplit=1)[0] for r in requirements}
        return {IMPORTED_AS.get(n, n.replace("-", "_")) for n in found}

    table = project()["project"]
    assert isinstance(table, dict)
    declared = names(table["dependencies"])
    for extra, requirements in table["optional-dependencies"].items():
        if extra not in ("test", "lint", "bench"):
            declared |= names(requirements)
    used = {n.split(".")[0] for f in modules() for n, _ in imports(f)}
    standard = set(sys.stdlib_module_names) | {"gliaboost"}
    # They come with, and only matter beside, what is declared.
    brought = {"triton", "cupy", "llvmlite"}
    assert used - standard - declared - brought == set()
