"""The typed errors that every floor raises; each says what was seen, expected, and to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gliaboost.outside_text import message


class GliaboostError(Exception):
    """Base of all expected errors: work that failed (exit code 1)."""

    exit_code = 1

    def __init__(self, *said: object) -> None:
        # What is quoted of data may be megabytes, or codes that a terminal obeys.
        super().__init__(*(message(s) if isinstance(s, str) else s for s in said))


class UsageError(GliaboostError, ValueError):
    """The call was wrong and nothing was started (exit code 2)."""

    exit_code = 2


class ManifestError(UsageError):
    """A manifest is wrong; carries *all* its faults.

    Parameters
    ----------
    source : str
        What was checked, usually the manifest's path.
    faults : sequence of str
        One line a fault, each naming rows and what to do.
    """

    def __init__(self, source: str, faults: Sequence[str]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault" + ("s" if len(self.faults) != 1 else "")
        super().__init__("\n".join([f"{source}: {count}", *(f"  - {f}" for f in self.faults)]))

    def __reduce__(self) -> tuple[type[ManifestError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.source, self.faults)


class ContractError(GliaboostError):
    """A class does not keep the contract of its kind; carries *all* its faults.

    Parameters
    ----------
    subject : str
        What was checked.
    faults : sequence of str
        One line a fault: what was seen, and what was expected.
    """

    def __init__(self, subject: str, faults: Sequence[str]) -> None:
        self.subject = subject
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault" + ("s" if len(self.faults) != 1 else "")
        super().__init__("\n".join([f"{subject}: {count}", *(f"  - {f}" for f in self.faults)]))

    def __reduce__(self) -> tuple[type[ContractError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.subject, self.faults)


class DecodeError(GliaboostError):
    """One file cannot become an image; the run goes on without it.

    Parameters
    ----------
    path : path-like or str
        The file.
    reason : str
        What is wrong with it, and what would be right.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{path}: {reason}")

    def __reduce__(self) -> tuple[type[DecodeError], tuple[str, str]]:
        return type(self), (self.path, self.reason)


class DamagedFileError(GliaboostError):
    """A file that gliaboost wrote is not what it wrote: a disk or a transfer altered it.

    Parameters
    ----------
    path : path-like or str
        The file.
    reason : str
        How that shows.
    remedy : str
        What to do next.
    """

    def __init__(
        self, path: Path | str, reason: str, remedy: str = "copy it again or make it again"
    ) -> None:
        self.path = str(path)
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{path} is damaged: {reason}; {remedy}")

    def __reduce__(self) -> tuple[type[DamagedFileError], tuple[str, str, str]]:
        return type(self), (self.path, self.reason, self.remedy)


class DamagedWarning(UserWarning):
    """A damaged file was set aside, and what it held is made again.

    Parameters
    ----------
    path : path-like or str
        The file, under the name that it had.
    reason : str
        How the damage shows.
    aside : path-like or str, optional
        The name that it has now; None where it could not be renamed.
    remedy : str
        What is done instead.
    """

    def __init__(
        self, path: Path | str, reason: str, aside: Path | str | None, remedy: str
    ) -> None:
        self.path, self.reason, self.remedy = str(path), reason, remedy
        self.aside = None if aside is None else str(aside)
        kept = "passed over" if aside is None else f"set aside as {Path(aside).name}"
        super().__init__(f"{path} is damaged and is {kept}, {remedy} ({reason})")

    def __reduce__(self) -> tuple[type[DamagedWarning], tuple[str, str, str | None, str]]:
        return type(self), (self.path, self.reason, self.aside, self.remedy)


class UnreadableWarning(UserWarning):
    """Files could not be read; the work was done without them.

    Parameters
    ----------
    failed : mapping of str to str
        Path and reason of each.
    """

    def __init__(self, failed: Mapping[str, str]) -> None:
        self.failed = dict(failed)
        count = f"{len(self.failed)} file" + ("s" if len(self.failed) != 1 else "")
        lines = [f"  - {path}: {reason}" for path, reason in self.failed.items()]
        super().__init__("\n".join([f"{count} left out, as unreadable", *lines]))

    def __reduce__(self) -> tuple[type[UnreadableWarning], tuple[dict[str, str]]]:
        return type(self), (self.failed,)


class MissingExtraError(UsageError, ImportError):
    """An optional dependency is absent; names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.arguments = (package, extra, purpose)
        super().__init__(
            f"{purpose} needs {package}, which is not installed: pip install 'gliaboost[{extra}]'"
        )

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), self.arguments


class ResultsError(UsageError):
    """A run's results cannot be used; carries *all* the faults of the file.

    Parameters
    ----------
    source : str
        The file or folder.
    faults : sequence of str
        One line a fault, with its place: what was seen, and what was expected.
    remedy : str
        What to do next.
    """

    def __init__(self, source: str, faults: Sequence[str], remedy: str) -> None:
        self.source = source
        self.faults = tuple(faults)
        self.remedy = remedy
        if len(self.faults) == 1:
            said = f"{source}: {self.faults[0]}; {remedy}"
        else:
            lines = [f"{source}: {len(self.faults)} faults", *(f"  - {f}" for f in self.faults)]
            said = "\n".join([*lines, f"  {remedy}"])
        super().__init__(said)

    def __reduce__(self) -> tuple[type[ResultsError], tuple[str, tuple[str, ...], str]]:
        return type(self), (self.source, self.faults, self.remedy)


class ArchiveError(GliaboostError):
    """An archive is broken, dangerous or too large; nothing of it was kept."""


class BundleError(GliaboostError):
    """A file is no bundle, is damaged, or would run code."""


class ClusterError(GliaboostError):
    """A cluster cannot be reached, or its workers cannot do what is asked."""


class DownloadError(GliaboostError):
    """A download failed for good; names the address and what to do."""


class PluginError(GliaboostError):
    """A plug-in is installed and cannot be used."""


class StoreError(GliaboostError):
    """The store cannot be read or written."""


class WriteError(GliaboostError, OSError):
    """A file or folder cannot be written: the disk is full, or the place may not be written."""


class WeightsError(GliaboostError):
    """A weights file is damaged, dangerous, altered, or of another network."""
