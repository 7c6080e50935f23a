"""The notebooks of the docs run from the first cell to the last, in a kernel, as a reader's do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
NAMED = [n.stem for n in NOTEBOOKS]
# What a reader may change in the cell of parameters, for a machine that is in a hurry.
QUICK = {
    "ten-minutes": "patients = 16\nsegmenter = 'otsu'",
    "own-folder": "patients = 12",
}
# A picture that is whole in the cell asks nobody.
WHOLE = ("data:image/png;base64,", "data:image/svg+xml;base64,")

nbformat = pytest.importorskip("nbformat")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def ran(notebook: Any, folder: Path, changed: str = "") -> Any:
    """Run a notebook in a folder, with other parameters where they are given."""
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    (given,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    given.source += f"\n{changed}"
    client.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def shown(notebook: Any) -> str:
    """All that the cells show, in HTML."""
    return "".join(
        output["data"].get("text/html", "")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "data" in output
    )


def check(notebook: Any) -> None:
    html = shown(notebook)
    assert html.count("<img ") == sum(map(html.count, WHOLE)) >= 5
    assert 'src="http' not in html and "<script" not in html and "<link" not in html
    last = [c for c in notebook.cells if c.cell_type == "code"][-1]
    assert last.execution_count == sum(c.cell_type == "code" for c in notebook.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMED)
def test_they_are_kept_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert code and not any(c.outputs or c.execution_count for c in code)
    assert path.stat().st_size < 20_000


def test_the_docs_lead_to_each() -> None:
    assert set(NAMED) == set(QUICK)
    page = (DOCS / "how-to" / "notebook.md").read_text("utf-8")
    for path in NOTEBOOKS:
        assert f"](../notebooks/{path.name})" in page


@pytest.mark.integration
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMED)
def test_they_run_on_a_few_patients(path: Path, tmp_path: Path) -> None:
    check(ran(read(path), tmp_path, QUICK[path.stem]))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMED)
def test_they_run_as_they_stand(path: Path, tmp_path: Path) -> None:
    check(ran(read(path), tmp_path))


def test_a_cell_that_fails_is_seen(tmp_path: Path) -> None:
    notebook = read(NOTEBOOKS[0])
    notebook.cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    with pytest.raises(Exception, match="ZeroDivisionError"):
        ran(notebook, tmp_path, "1 / 0")
