"""What the command line tells the page: one word of JSON between two programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class AppSettings:
    """What the page works with.

    Attributes
    ----------
    bundles : tuple of str
        Files that may be opened: those named on the command line, and those of ``--bundles``.
    segmenters : tuple of str
        Files of segmenters, in the same way.
    runs : str
        The folder of benchmarks.
    local : bool
        Whether only this machine can reach the page. Folders of the machine are shown to no other.

    Examples
    --------
    >>> settings = AppSettings(("m.joblib",))
    >>> AppSettings.of_words(settings.words()) == settings
    True
    """

    bundles: tuple[str, ...] = ()
    segmenters: tuple[str, ...] = ()
    runs: str = "runs"
    local: bool = True

    def words(self) -> list[str]:
        """Give them as words of a command."""
        return [json.dumps(asdict(self))]

    @classmethod
    def of_words(cls, words: Sequence[str]) -> AppSettings:
        """Read what `words` gave; without a word they are the usual ones."""
        given = json.loads(words[0]) if words else {}
        several = {n: tuple(given.get(n, ())) for n in ("bundles", "segmenters")}
        return cls(**{**given, **several})
