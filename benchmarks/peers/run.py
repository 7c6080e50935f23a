"""Let peers take turns, fold by fold, each in a process and an environment of its own.

Knows the standard library alone: a child's peak memory is never below that of the process that
starts it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """How a peer is called.

    Attributes
    ----------
    environment : str
        Folder of its virtual environment; empty: the one that runs this.
    script : str
        In this folder.
    arguments : str
        As in a shell.
    """

    environment: str
    script: str
    arguments: str = ""


PEERS = {
    "gliaboost-lightgbm": Peer("", "gliaboost_booster.py", "--model lightgbm"),
    "gliaboost-xgboost": Peer("", "gliaboost_booster.py", "--model xgboost"),
    "hist-gradient-boosting": Peer(
        "hist-gradient-boosting", "hist_gradient_boosting.py", "--validation patients"
    ),
    "hist-gradient-boosting-random": Peer(
        "hist-gradient-boosting", "hist_gradient_boosting.py", "--validation random"
    ),
    # The preset's eleven models are tried in turn until the time is up.
    **{
        f"autogluon{'' if validation == 'patients' else f'-{validation}'}": Peer(
            "autogluon",
            "autogluon_tabular.py",
            f"--validation {validation} --limit 120 --clock core",
        )
        for validation in ("patients", "random", "groups")
    },
    "timm": Peer("timm", "timm_finetuning.py", "--size 160 --epochs 2"),
}


def command(peer: Peer, venvs: Path, table: Path, fold: str, out: Path, threads: int) -> list[str]:
    """Write the command line of one fold."""
    python = (
        str(venvs / peer.environment / "bin" / "python") if peer.environment else sys.executable
    )
    asked = ["--table", str(table), "--fold", fold, "--out", str(out), "--threads", str(threads)]
    return [python, str(HERE / peer.script), *shlex.split(peer.arguments), *asked]


def measured(line: list[str], threads: int, log: Path) -> dict[str, Any]:
    """Run one command and return what it cost: the whole process, its imports included."""
    ours = [str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONPATH": os.pathsep.join(filter(None, ours)),
    }
    load = os.getloadavg()[0]
    begun = time.perf_counter()
    with log.open("wb") as written:
        child = os.posix_spawn(
            line[0],
            line,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, written.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, written.fileno(), 2),
            ],
        )
        _, status, usage = os.wait4(child, 0)
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "wall s": round(time.perf_counter() - begun, 2),
        "core s": round(usage.ru_utime + usage.ru_stime, 2),
        "peak MiB": round(usage.ru_maxrss / 1024),
        "load before": round(load, 2),
        "load after": round(os.getloadavg()[0], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True, help="of gliaboost features")
    parser.add_argument("--out", type=Path, required=True, help="a folder a peer goes below it")
    parser.add_argument("--venvs", type=Path, default=Path("venvs"))
    parser.add_argument("--peers", default="gliaboost-lightgbm,hist-gradient-boosting,autogluon")
    parser.add_argument("--folds", default="1,2,3,4,5")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    failed = []
    for fold in asked.folds.split(","):
        for name in asked.peers.split(","):
            out = asked.out / name
            out.mkdir(parents=True, exist_ok=True)
            line = command(PEERS[name], asked.venvs, asked.table, fold, out, asked.threads)
            cost = measured(line, asked.threads, out / f"{fold}.log")
            cost["command"] = " ".join([PEERS[name].script, PEERS[name].arguments]).strip()
            (out / f"{fold}.cost.json").write_text(json.dumps(cost, indent=1) + "\n")
            print(fold, name, {k: v for k, v in cost.items() if k != "command"}, flush=True)
            if cost["exit"]:
                failed.append(f"{name}, fold {fold}: see {out / fold}.log")
    if failed:
        raise SystemExit("\n".join(failed))


if __name__ == "__main__":
    main()
