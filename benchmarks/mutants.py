"""Break a module in every small way, and see whether its own tests fail.

    python -m benchmarks.mutants datasets/splits.py --sample 120

Runs cosmic-ray on a copy of the last commit, with the mirrored tests alone. Mutants inside
annotations are left out: nothing evaluates them. What is left is drawn at random (seed 0) where
`--sample` says how many.
"""

from __future__ import annotations

import argparse
import ast
import io
import random
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = """
[cosmic-ray]
module-path = "{module}"
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -q -x -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def unread_places(source: str) -> set[int]:
    """Return the places, as line * 1000 + column, that annotations cover."""
    covered: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if part is not None:
                for line in range(part.lineno, part.end_lineno + 1):
                    first = part.col_offset if line == part.lineno else 0
                    last = part.end_col_offset if line == part.end_lineno else 999
                    covered |= {line * 1000 + column for column in range(first, last)}
    return covered


def chosen(session: Path, source: str, most: int | None) -> tuple[int, int]:
    """Leave in the session what is to be run; return how many that is, of how many."""
    unread = unread_places(source)
    with sqlite3.connect(session) as database:
        places = database.execute(
            "select job_id, start_pos_row, start_pos_col from mutation_specs order by job_id"
        ).fetchall()
        keep = [job for job, row, column in places if row * 1000 + column not in unread]
        drawn = keep if most is None else random.Random(0).sample(keep, min(most, len(keep)))
        for job in {job for job, _, _ in places} - set(drawn):
            for table in ("mutation_specs", "work_items"):
                database.execute(f"delete from {table} where job_id = ?", (job,))
    return len(drawn), len(keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", help="path within the package, e.g. datasets/splits.py")
    parser.add_argument("--sample", type=int, help="mutants to run; default: all")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants")
    given = parser.parse_args()
    module = Path(given.module)
    # The folder's name is the package's: it is imported from beside it.
    copy = given.out / "gliaboost"
    shutil.rmtree(copy, ignore_errors=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(copy, filter="data")
    tests = Path("tests", module.parent, f"test_{module.name}")
    config, session = given.out / "config.toml", given.out / f"{module.stem}.sqlite"
    python = f"env PYTHONPATH={given.out} {sys.executable}"
    config.write_text(CONFIG.format(module=module, python=python, tests=tests), "utf-8")
    session.unlink(missing_ok=True)
    tool = Path(sys.executable).parent
    subprocess.run([tool / "cosmic-ray", "baseline", config], cwd=copy, check=True)
    subprocess.run([tool / "cosmic-ray", "init", config, session], cwd=copy, check=True)
    run, of = chosen(session, (copy / module).read_text("utf-8"), given.sample)
    print(f"{module}: {run} of {of} mutants", flush=True)
    subprocess.run([tool / "cosmic-ray", "exec", config, session], cwd=copy, check=True)
    subprocess.run([tool / "cr-report", session, "--surviving-only", "--show-diff"], check=True)


if __name__ == "__main__":
    main()
