from __future__ import annotations

import ast

from gliaboost.web.launch import SCRIPT


def test_the_script_only_hands_over() -> None:
    """Streamlit runs it anew at every touch: what it did itself would be done each time."""
    body = ast.parse(SCRIPT.read_text("utf-8")).body
    assert [type(node) for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))] == [
        ast.Expr, ast.Expr,
    ]  # fmt: skip
