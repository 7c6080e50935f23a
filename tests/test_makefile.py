from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PHONY = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
MADE = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))


def test_what_is_no_file_has_a_rule() -> None:
    # Without one `make` says that nothing is to be done, and ends well.
    assert PHONY is not None
    assert set(PHONY[1].split()) == MADE


def test_what_guides_tell_to_make_is_made() -> None:
    guides = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("benchmarks/**/*.md")]
    told = {
        (guide.name, target)
        for guide in guides
        for target in re.findall(
            r"(?:`|^ {4})make ([a-z-]+)", guide.read_text("utf-8"), re.MULTILINE
        )
    }
    assert len(told) > 10
    assert {(guide, target) for guide, target in told if target not in MADE} == set()
