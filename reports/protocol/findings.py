"""What an audit found, kept beside the features: the same images are audited once."""

from __future__ import annotations

import json
from pathlib import Path

from gliaboost.datasets.manifest import Manifest
from gliaboost.files import replacing
from gliaboost.progress import SILENT, Progress, Substage

# Raised whenever an audit of the same images may say something else.
VERSION = 2

Finding = tuple[str, str]


def known_findings(
    manifest: Manifest,
    store: Path,
    *,
    jobs: int | None = None,
    progress: Progress = SILENT,
) -> list[Finding]:
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
    list of (weight, sentence)
        As `gliaboost.datasets.audit.verdict.sentences` gives them.
    """
    # Without its keys a changed file would look like the old one.
    manifest = manifest if manifest.table["key"].notna().all() else manifest.with_keys(jobs)
    path = store / "audits" / f"{manifest.fingerprint()}-{VERSION}.json"
    try:
        return [(str(weight), str(said)) for weight, said in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError):
        pass
    from gliaboost.datasets.audit.audit import audit
    from gliaboost.datasets.audit.verdict import sentences

    found = list(sentences(audit(manifest, jobs=jobs, progress=Substage(progress, "auditing"))))
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(found) + "\n", "utf-8")
    return found
