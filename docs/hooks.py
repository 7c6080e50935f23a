"""What mkdocs adds while it builds: the command line's reference, and the guides of the root."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# Read on the repository's front page too, and so kept at the root; the site shows them as pages.
GUIDES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
SCHEMA = "reports/protocol/results.schema.json"
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not written by hand under ``docs/``."""
    for name, page in GUIDES.items():
        text = site_links((ROOT / name).read_text("utf-8"), depth=page.count("/"))
        files.append(File.generated(config, page, content=text))
    files.append(File.generated(config, "reference/command-line.md", content=command_line()))
    schema = (ROOT / SCHEMA).read_text("utf-8")
    files.append(File.generated(config, "reference/results.schema.json", content=schema))
    return files


def on_page_content(html: str, **_: object) -> str:
    """Join numpydoc's ``path-like``, which is taken for a subtraction."""
    return html.replace("path - like", "path-like")


def site_links(text: str, depth: int) -> str:
    """Turn the links of a file at the root into links of a page that lies `depth` folders deep.

    A link to what the site does not show (code, results) becomes its text.
    """

    def turned(match: re.Match[str]) -> str:
        mark, words, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match.group(0)
        path, _, anchor = target.partition("#")
        shown = GUIDES.get(path, path.removeprefix("docs/") if path.startswith("docs/") else "")
        if not shown:
            return words
        anchor = f"#{anchor}" if anchor else ""
        return f"{mark}[{words}]({'../' * depth}{shown}{anchor})"

    return _LINK.sub(turned, text)


def command_line() -> str:
    """Describe every command and its options, as ``--help`` does, in Markdown."""
    import typer
    from typer.cli import get_docs_for_click

    from gliaboost.cli import app

    group = typer.main.get_command(app)
    context = typer.Context(group, info_name="gliaboost")
    text = get_docs_for_click(obj=group, ctx=context, name="gliaboost")
    # The list of commands cuts their sentences; the side bar lists them whole.
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+\n?", "", text, count=1)
    title = "# Command line\n\n"
    return title + text.split("\n", 2)[2].replace("## `gliaboost ", "## `")
