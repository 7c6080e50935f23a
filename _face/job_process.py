"""A command as a process of its own, with a log and an exit code that outlive whoever began it.

``python -m gliaboost._face.job_process FOLDER`` runs the command that ``job.json`` there names.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gliaboost.files import replacing

# In a job's folder: what it is, what it said, and how it ended.
JOB, LOG, EXIT = "job.json", "job.log", "job.exit"


def run_job(folder: Path) -> int:
    """Run the command, write what it says into the log, and note how it ended."""
    words = json.loads((folder / JOB).read_text("utf-8"))["words"]
    with (folder / LOG).open("ab") as log:
        command = [sys.executable, "-m", "gliaboost", *words]
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ).returncode
    with replacing(folder / EXIT) as temporary:
        temporary.write_text(f"{code}\n", "utf-8")
    return code


if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1])))
