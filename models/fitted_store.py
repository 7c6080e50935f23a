"""What fitted extractors learned, kept in files by the identity of what they learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gliaboost.errors import BundleError, DamagedFileError, StoreError
from gliaboost.features.fitted import digest_of
from gliaboost.files import replacing, set_aside
from gliaboost.models.plain_pickle import read_state
from gliaboost.models.plain_values import fault_in


@dataclass
class LearnedState:
    """One fitted extractor's state on disk.

    Attributes
    ----------
    identity : str
        Hash of all that the fit depended on.
    state : dict
        Plain values and bytes.
    sha256 : str
        Of the state and the seconds.
    seconds : float
        Core seconds that the fit took.
    """

    identity: str
    state: dict[str, Any]
    sha256: str
    seconds: float


class FittedStore:
    """A folder with one file for each fit.

    Parameters
    ----------
    folder : pathlib.Path
        Made at the first write.

    Examples
    --------
    >>> import tempfile
    >>> store = FittedStore(Path(tempfile.mkdtemp()))
    >>> store.write("ab12", {"level": 3.5}, 0.25)
    >>> store.read("ab12"), store.read("cd34")
    (({'level': 3.5}, 0.25), None)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, identity: str) -> tuple[dict[str, Any], float] | None:
        """Return a fit's state and its seconds, None if there is none that is whole."""
        path = self._path(identity)
        try:
            found = read_state(path, LearnedState.__module__, LearnedState.__qualname__)
            if set(found) != {"identity", "state", "sha256", "seconds"}:
                raise BundleError(f"{path} has other fields than expected")
            state, seconds = found["state"], float(found["seconds"])
            # Those of older versions are of the state alone.
            digests = (_digest(state, seconds), digest_of(state))
            if found["identity"] != identity or found["sha256"] not in digests:
                raise BundleError(f"{path} does not match its SHA-256")
        except FileNotFoundError:
            return None
        except (OSError, BundleError, TypeError, AttributeError, ValueError) as error:
            set_aside(DamagedFileError(path, type(error).__name__), "the extractor learns again")
            return None
        return state, seconds

    def write(self, identity: str, state: Mapping[str, Any], seconds: float) -> None:
        """Keep a fit's state, whole or not at all.

        Raises
        ------
        StoreError
            If it holds what `read` would refuse, or the file cannot be written.
        """
        import joblib

        kept = LearnedState(identity, dict(state), _digest(state, seconds), seconds)
        fault = fault_in(vars(kept))
        if fault:
            raise StoreError(f"what an extractor learned is plain values alone, here is {fault}")
        path = self._path(identity)
        remedy = "free space, or name another folder with --store"
        with replacing(path, StoreError, remedy) as temporary:
            joblib.dump(kept, temporary, compress=False)

    def _path(self, identity: str) -> Path:
        return self.folder / f"{identity}.joblib"


def _digest(state: Mapping[str, Any], seconds: float) -> str:
    return digest_of({"state": dict(state), "seconds": seconds})
