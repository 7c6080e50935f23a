"""Whether a place can be written to, tried before any work."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from gliaboost._face.faults import Faults
from gliaboost.errors import UsageError
from gliaboost.regular_files import is_folder, is_there
from gliaboost.remote import as_url, check_url


def check_folder(faults: Faults, path: Path | str | None, option: str) -> None:
    """Note what keeps a folder from being made or written into.

    Parameters
    ----------
    faults : Faults
        Notes it.
    path : path-like, optional
        The folder, which need not exist; None: none is asked for.
    option : str
        That named it, for the message.
    """
    if path is None:
        return
    if url := as_url(path):
        _check_url(faults, url, option)
        return
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        faults.note(UsageError(f"{option} {path} is a file; expected a folder"))
    else:
        _try(faults, folder, option, path)


def check_file(
    faults: Faults, path: Path | str | None, option: str, endings: tuple[str, ...] = ()
) -> None:
    """Note what keeps a file from being written.

    Parameters
    ----------
    faults : Faults
        Notes it.
    path : path-like, optional
        The file, which need not exist; None: none is asked for.
    option : str
        That named it, for the message.
    endings : tuple of str
        Of which it must have one; empty: any will do.
    """
    if path is None:
        return
    if url := as_url(path):
        _check_url(faults, url, option)
        return
    file = Path(path)
    if is_folder(file):
        faults.note(UsageError(f"{option} {path} is a folder; expected a file"))
    elif endings and file.suffix.lower() not in endings:
        faults.note(UsageError(f"{option} {path}: expected a file that ends in {_or(endings)}"))
    else:
        _try(faults, file.parent, option, path)


def check_there(faults: Faults, path: Path | str | None, option: str) -> None:
    """Note that something which is to be read does not exist."""
    if path is not None and not is_there(path):
        faults.note(UsageError(f"{option} {path} does not exist; name a file or folder that does"))


def _check_url(faults: Faults, url: str, option: str) -> None:
    """Note that nothing but a store can be at a URL, and that one at a kind nobody knows cannot."""
    if option != "--store":
        faults.note(
            UsageError(
                f"{option} {url}: only a store (--store) and manifests that are read can be at a "
                "URL; name a place of this machine"
            )
        )
        return
    with faults.noted():
        check_url(url)


def _try(faults: Faults, folder: Path, option: str, named: Path | str) -> None:
    """Write into the folder, or into the nearest above it that exists; nothing of it stays."""
    above = folder.absolute()
    while not os.path.lexists(above) and above != above.parent:
        above = above.parent
    if not above.is_dir():
        faults.note(UsageError(f"{option} {named} cannot be written: {above} is no folder"))
        return
    try:
        with tempfile.TemporaryDirectory(dir=above):
            pass
    except OSError as error:
        said = error.strerror or str(error)
        faults.note(
            UsageError(
                f"{option} {named} cannot be written: {above}: {said}; name a place that can"
            )
        )


def _or(words: tuple[str, ...]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
