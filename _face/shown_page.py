"""Pages that a run made, fit to be shown inside another page: nothing in them can run."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gliaboost.errors import UsageError

# How every page of an audit or a look begins: whatever follows, a browser runs none of it.
_GUARD = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
_BEFORE = 400
# What an audit calls two pictures that are alike.
_KINDS = {
    "bytes": "The same file",
    "pixels": "The same pixels",
    "near": "Nearly the same picture",
    "neighbour": "Neighbouring slices",
}


def guarded_page(path: Path) -> str:
    """Read a page that forbids a browser to run anything in it.

    Raises
    ------
    UsageError
        If it is not there, or not such a page.
    """
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    head = text[: text.find(_GUARD)] if _GUARD in text[:_BEFORE] else None
    if head is None or "<script" in head.lower() or "script-src" in text[:_BEFORE]:
        raise UsageError(f"{path} is no page that gliaboost made")
    return text


def redrawn_report(run: Path) -> str:
    """Draw a run's report from its results, as HTML: the page that lies there is not read.

    Raises
    ------
    UsageError
        If the folder holds no run.
    """
    from gliaboost._face.reports import report

    with tempfile.TemporaryDirectory() as folder:
        return report(run, folder).read_text("utf-8")


def reported_runs(runs: Path) -> list[Path]:
    """List the folders of benchmarks that have results, the latest first."""
    from gliaboost.reports.protocol.record_file import FILE
    from gliaboost.reports.protocol.segmentation_record import holds_segmentation

    folders = [f for f in runs.iterdir() if f.is_dir()] if runs.is_dir() else []
    known = [f for f in folders if (f / FILE).is_file() or holds_segmentation(f)]
    return sorted(known, key=lambda folder: folder.stat().st_mtime, reverse=True)


@dataclass(frozen=True)
class AuditedPair:
    """Two pictures that an audit found alike.

    Attributes
    ----------
    first, second : str
        Their paths in the manifest.
    kind : str
        How alike, in words.
    words : str
        What is to be known of the two.
    """

    first: str
    second: str
    kind: str
    words: str


def audited_picture(folder: Path, data: Path, path: str) -> Path:
    """Find the file of a picture that an audit names.

    Parameters
    ----------
    folder : Path
        Where the audit wrote; it keeps the manifest there that was made of a folder.
    data : Path
        What was audited.
    path : str
        As the audit has it: relative to the data, not to the manifest that was kept.
    """
    from gliaboost.datasets.manifest import Manifest

    kept = sorted(folder.glob("*.parquet"))
    manifest = Manifest.read(kept[0] if kept else data)
    for own, file in zip(map(str, manifest.table["path"]), manifest.paths, strict=True):
        if own == path or own.endswith(f"/{path}"):
            return file
    return Path(path)


def audited_pairs(folder: Path) -> list[AuditedPair]:
    """List the pairs of an audit's folder: the same picture first, then neighbours.

    Raises
    ------
    UsageError
        If there is no audit.
    """
    try:
        known = json.loads((folder / "audit.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise UsageError(f"{folder} holds no audit; run one first") from None
    return list(_pairs(known.get("leaks"))) + list(_pairs(known.get("neighbours")))


def _pairs(found: object) -> Iterator[AuditedPair]:
    for one in found if isinstance(found, list) else []:
        if not isinstance(one, dict) or not {"a", "b", "kind"} <= set(one):
            continue  # a leak of patients is no pair
        said = []
        labels = one.get("labels") or []
        if len({str(label) for label in labels}) > 1:
            said.append(f"under two labels: {', '.join(map(str, labels))}")
        if one.get("across"):
            said.append("on two sides")
        if isinstance(one.get("similarity"), int | float):
            said.append(f"similarity {one['similarity']:.3f}")
        kind = str(one["kind"])
        yield AuditedPair(str(one["a"]), str(one["b"]), _KINDS.get(kind, kind), "; ".join(said))
