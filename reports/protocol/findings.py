"""What an audit found, kept beside the features: the same images are audited once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.errors import DamagedFileError
from gliaboost.files import set_aside
from gliaboost.json_file import read_json, write_json
from gliaboost.progress import SILENT, Progress, Substage

# Raised whenever an audit of the same images may say something else.
VERSION = 4

Finding = tuple[str, str]


@dataclass(frozen=True)
class AuditSummary:
    """What a benchmark takes from an audit.

    Attributes
    ----------
    sentences : list of (weight, sentence)
        As `gliaboost.datasets.audit.verdict.sentences` gives them.
    copies : list of list of str
        Keys of the files that show one picture, by picture; where it is there once it is left out.
    """

    sentences: list[Finding] = field(default_factory=list)
    copies: list[list[str]] = field(default_factory=list)


def known_findings(
    manifest: Manifest,
    store: Path,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> AuditSummary:
    """Audit a manifest, or recall what an earlier audit of it said.

    Parameters
    ----------
    manifest : Manifest
        Any rows.
    store : pathlib.Path
        The feature store's folder; findings lie in ``audits/``.
    jobs : int, optional
        Threads.
    progress : Progress, optional
        Hears of the files to read.

    Returns
    -------
    AuditSummary
    """
    # Without its keys a changed file would look like the old one.
    manifest = manifest if manifest.table["key"].notna().all() else manifest.with_keys(jobs)
    path = store / "audits" / f"{manifest.fingerprint()}-{VERSION}.json"
    try:
        saved = read_json(path)
        return AuditSummary(
            [(str(weight), str(said)) for weight, said in saved["sentences"]],
            [[str(key) for key in keys] for keys in saved["copies"]],
        )
    except DamagedFileError as error:
        set_aside(error, "the images are audited again")
    except (OSError, ValueError, KeyError, TypeError):
        pass
    from gliaboost.datasets.audit.audit import audit
    from gliaboost.datasets.audit.verdict import sentences

    report = audit(manifest, jobs=jobs, progress=Substage(progress, "auditing"))
    keys = manifest.table["key"]
    copies = [sorted({str(keys.iloc[row]) for row in rows}) for rows in report.clusters]
    found = AuditSummary(list(sentences(report)), [c for c in copies if len(c) > 1])
    write_json(json.dumps(asdict(found)), path)
    return found
