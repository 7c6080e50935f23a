"""Help in groups, plain, and for `manifest SOURCE --help` of that source alone."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup

# Columns that the names of options take at most; a longer one stands on a line of its own.
WIDEST = 28
Record = tuple[str, str]
DATA, CHOICE, PLACE, SHOWN = "Data", "Features and models", "Where and how", "Shown"
# Panels in the order of a question; those without a name here stand before the last two.
ORDER = ("Arguments", DATA, CHOICE)
# Options without a panel that stand in the last one.
_SHOWN = ("quiet", "as_json", "help", "as_csv")


# Where a source does not take them itself, its manifest does.
_OF_EVERY = ("labels", "patients", "patient_regex")


class GroupedCommand(TyperCommand):
    """A command whose options are listed under the panels that they name."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then options by panel; what every command has stands last."""
        panels: dict[str, list[Record]] = {panel: [] for panel in ORDER}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            argument = param.param_type_name == "argument"
            own = SHOWN if param.name in _SHOWN else "Options"
            panel = getattr(param, "rich_help_panel", None) or own
            panels.setdefault("Arguments" if argument else panel, []).append(record)
        for last in (PLACE, SHOWN):
            panels[last] = panels.pop(last, [])
        write_panels(formatter, panels)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse; of words too many say how lists are written."""
        ctx.meta["gliaboost.words"] = list(args)
        try:
            return list(super().parse_args(ctx, args))
        except Exception as error:
            said = getattr(error, "message", "")
            words = ctx.meta["gliaboost.words"]  # the parser took them out of args
            if "unexpected extra argument" in said and any(w.startswith("--") for w in words):
                error.message = (  # type: ignore[attr-defined]
                    f"{said}; a list has commas, or blanks in quotes: --features hog,lbp or "
                    "--features 'hog lbp'"
                )
            raise


class SourceCommand(GroupedCommand):
    """The command ``manifest``: beside the name of a source, help is of that source."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the command's help, or that of the source among the words."""
        name = _source_among(ctx.meta.get("gliaboost.words", []))
        if name is None:
            super().format_help(ctx, formatter)
            return
        from gliaboost.datasets.sources.base import find_source

        reader = find_source(name)
        formatter.write_usage(ctx.command_path, f"{name} PATH [OPTIONS]")
        expected = getattr(sys.modules.get(reader.__module__), "EXPECTED", None)
        for paragraph in [*paragraphs(reader), *([f"Layout: {expected}."] if expected else [])]:
            formatter.write_paragraph()
            formatter.write_text(paragraph)
        own, every, shown = self._options(ctx, name, documented(reader))
        write_panels(formatter, {f"Of {name}": own, "Of every source": every, SHOWN: shown})
        with formatter.section("Example"):
            formatter.write_text(f"gliaboost manifest {name} PATH --out m.parquet")

    def _options(self, ctx: Any, name: str, told: Mapping[str, str]) -> tuple[list[Record], ...]:
        """Return the source's own options, those of every source, and how it is shown."""
        from gliaboost.datasets.sources.base import names, options_of

        taken = options_of(name)
        of_some = {option for source in names() for option in options_of(source)}
        own: list[Record] = []
        every: list[Record] = []
        shown: list[Record] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None or param.param_type_name == "argument":
                continue
            if param.name in taken:
                own.append((record[0], told.get(str(param.name)) or record[1]))
            elif param.name not in of_some or param.name in _OF_EVERY:
                last = getattr(param, "rich_help_panel", None) in (None, SHOWN)
                (shown if last and param.name in _SHOWN else every).append(record)
        return own, every, shown


class GroupedGroup(TyperGroup):
    """The list of all commands, under the panels that they name."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by panel, then the options."""
        shown = [(n, c) for n, c in self.commands.items() if not c.hidden]
        width = formatter.width - 6 - max(len(name) for name, _ in shown)
        panels: dict[str, list[Record]] = {}
        for name, command in shown:
            panel = getattr(command, "rich_help_panel", None) or "Commands"
            panels.setdefault(panel, []).append((name, command.get_short_help_str(width)))
        records = [p.get_help_record(ctx) for p in self.get_params(ctx)]
        panels["Options"] = [record for record in records if record is not None]
        write_panels(formatter, panels)


def write_panels(formatter: Any, panels: Mapping[str, list[Record]]) -> None:
    """Write panels that are not empty, the second column of all at one place."""
    names = [name for records in panels.values() for name, _ in records]
    width = min(WIDEST, max((len(name) for name in names), default=0))
    for panel, records in panels.items():
        if records:
            first = (records[0][0].ljust(width), records[0][1])
            with formatter.section(panel):
                formatter.write_dl([first, *records[1:]], col_max=WIDEST)


def paragraphs(documented_by: Any) -> list[str]:
    """Return what a numpydoc docstring says before its sections, and below ``Returns``.

    Examples
    --------
    >>> def read(path):
    ...     '''Read slices.
    ...
    ...     Parameters
    ...     ----------
    ...     path : pathlib.Path
    ...         The folder.
    ...
    ...     Returns
    ...     -------
    ...     Manifest
    ...         With ``mask``.
    ...     '''
    >>> paragraphs(read)
    ['Read slices.', 'PATH: The folder.', 'The manifest: With mask.']
    """
    text = inspect.getdoc(documented_by) or ""
    sections = re.split(r"^(\w+)\n-{3,}\n", text, flags=re.MULTILINE)
    named = dict(zip(sections[1::2], sections[2::2], strict=True))
    found = [_plain(p) for p in sections[0].strip().split("\n\n") if p.strip()]
    path = _entries(named.get("Parameters", "")).get("path")
    if path:
        found.append(f"PATH: {path}")
    given = " ".join(_entries(named.get("Returns", "")).values())
    return [*found, f"The manifest: {given}"] if given else found


def documented(documented_by: Any) -> dict[str, str]:
    """Return what a numpydoc docstring says of each parameter."""
    text = inspect.getdoc(documented_by) or ""
    parameters = re.search(r"^Parameters\n-+\n(.*?)(?=^\w+\n-{3,}\n|\Z)", text, re.S | re.M)
    return _entries(parameters[1] if parameters else "")


def _entries(section: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in section.splitlines():
        if line and not line[0].isspace():
            name = line.partition(":")[0].strip()
            found[name] = []
        elif name and line.strip():
            found[name].append(line.strip())
    return {name: _plain(" ".join(lines)) for name, lines in found.items()}


def _plain(text: str) -> str:
    """Take the marks of reStructuredText out, and join lines."""
    return " ".join(re.sub(r"`+", "", text).split())


def _source_among(words: list[str]) -> str | None:
    first = next((word for word in words if not word.startswith("-")), None)
    if first is None:
        return None
    from gliaboost.datasets.sources.base import names
    from gliaboost.spelling import spelled

    return spelled(first, names())
