"""Where a cluster is: on this machine, at an address, or in a scheduler's file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from gliaboost.errors import UsageError
from gliaboost.regular_files import read_regular

EXPECTED = "expected local, local:N, tcp://HOST:PORT, or the file that a scheduler wrote"
_MOST_BYTES = 2**20


@dataclass(frozen=True)
class LocalWorkers:
    """Worker processes of this machine, which a run starts and ends.

    Attributes
    ----------
    count : int or None
        From 1; None: one a core.
    """

    count: int | None


@dataclass(frozen=True)
class Scheduler:
    """A scheduler that runs already.

    Attributes
    ----------
    url : str
        Such as ``tcp://10.0.0.1:8786``.
    """

    url: str


def read_address(text: str) -> LocalWorkers | Scheduler:
    """Read what ``--cluster`` says.

    Parameters
    ----------
    text : str
        ``local``, ``local:N``, ``tcp://HOST:PORT`` (or ``tls://``), or a scheduler's file.

    Raises
    ------
    UsageError
        If it is none of these, or the file holds no address.

    Examples
    --------
    >>> read_address("local:2"), read_address("tcp://10.0.0.1:8786")
    (LocalWorkers(count=2), Scheduler(url='tcp://10.0.0.1:8786'))
    """
    given = text.strip()
    if local := re.fullmatch(r"local(?::(.*))?", given, re.IGNORECASE):
        return LocalWorkers(_count(local[1], given))
    if re.match(r"[A-Za-z]+://", given):
        if not re.fullmatch(r"(tcp|tls)://([^/:\s]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}/?", given):
            raise UsageError(f"--cluster {given}: {EXPECTED}")
        return Scheduler(given.rstrip("/"))
    return Scheduler(_written(Path(given)))


def _count(text: str | None, given: str) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise UsageError(f"--cluster {given}: expected local:N with N from 1, such as local:2")
    return int(text)


def _written(file: Path) -> str:
    """Read the address in a scheduler's file, which may be half written still."""
    try:
        found = json.loads(read_regular(file, _MOST_BYTES))
        address = found["address"]
    except FileNotFoundError:
        hint = f"tcp://{file}" if re.fullmatch(r"[\w.-]+:\d+", str(file)) else ""
        raise UsageError(
            f"--cluster {file}: no such file; {EXPECTED}"
            + (f"; did you mean {hint}?" if hint else "")
        ) from None
    except OSError as error:
        raise UsageError(f"--cluster {file} {error.strerror or error}; {EXPECTED}") from None
    except (ValueError, KeyError, TypeError):
        address = None
    if not isinstance(address, str) or "://" not in address:
        raise UsageError(
            f"--cluster {file} holds no scheduler's address; dask scheduler --scheduler-file "
            f"{file} writes one"
        )
    return address
