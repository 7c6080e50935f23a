"""What bundles of classifiers and of segmenters have in common: one file, safe by construction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from gliaboost.errors import BundleError, UsageError
from gliaboost.few import few
from gliaboost.files import replacing
from gliaboost.models.plain_pickle import read_state
from gliaboost.models.plain_values import fault_in

B = TypeVar("B", bound="BundleFile")
# Of odd fields, and of their names, so much is told.
_SHOWN, _LONGEST = 8, 40


@dataclass(frozen=True)
class BundleKind:
    """What a kind of bundle is, and which commands make and take it.

    Attributes
    ----------
    module, name : str
        Of its class, as the file names it.
    what : str
        What it holds, with its article.
    made_by, taken_by : str
        Commands.
    """

    module: str
    name: str
    what: str
    made_by: str
    taken_by: str


CLASSIFIER = BundleKind(
    "gliaboost.models.bundle",
    "Bundle",
    "a classifier",
    "gliaboost train MANIFEST",
    "gliaboost predict",
)
SEGMENTER = BundleKind(
    "gliaboost.models.segmentation.bundle",
    "SegmenterBundle",
    "a segmenter",
    "gliaboost segment train MANIFEST",
    "gliaboost segment predict",
)
KINDS = (CLASSIFIER, SEGMENTER)


class BundleFile:
    """A data class of plain values and bytes that is kept as one file.

    Attributes
    ----------
    kind : BundleKind
        What it is.
    layout : int
        The newest layout of its fields; a field's metadata may say ``since`` which one it is there.
    native : bytes
        What the model learned.
    sha256 : str
        `digest` of all the rest.
    format : int
        Its own layout.
    """

    kind: ClassVar[BundleKind]
    layout: ClassVar[int]

    native: bytes
    sha256: str
    format: int

    def digest(self) -> str:
        """Hash all that the bundle holds, but for ``sha256`` itself."""
        own: Any = self
        later = {f.name for f in fields(own) if f.metadata.get("since", 1) > self.format}
        apart = {"native", "sha256", *later}
        values = {k: v for k, v in vars(self).items() if k not in apart}
        digest = hashlib.sha256()
        # Piece by piece: whole, the text takes some six times what is in it.
        for piece in json.JSONEncoder(sort_keys=True, default=bytes.hex).iterencode(values):
            digest.update(piece.encode())
        digest.update(self.native)
        return digest.hexdigest()


def since(layout: int, default: Any = "") -> Any:
    """Declare a field that bundles have from a layout on; older ones are given it at loading."""
    return field(default=default, metadata={"since": layout})


def save(bundle: BundleFile, path: Path | str) -> Path:
    """Write a bundle as one joblib file, whole or not at all.

    Parameters
    ----------
    bundle : Bundle or SegmenterBundle
        Its ``sha256`` is brought up to date.
    path : path-like
        The file to make or replace.

    Returns
    -------
    pathlib.Path
        The file; `joblib.load` opens it, `load` opens it safely.

    Raises
    ------
    UsageError
        If a value is not plain: `load` would refuse the file.
    BundleError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from gliaboost.models.bundle import Bundle
    >>> facts = ("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> bundle = Bundle(*facts, takes="columns")
    >>> save(bundle, Path(tempfile.mkdtemp()) / "model.joblib").name
    'model.joblib'
    """
    import joblib

    fault = fault_in(vars(bundle))
    if fault:
        raise UsageError(f"a bundle holds plain values alone, this one has {fault}")
    bundle.sha256 = bundle.digest()
    path = Path(path)
    with replacing(path, BundleError, "free space or name another --out") as temporary:
        joblib.dump(bundle, temporary, compress=False)
    return path


def read_fields(path: Path, cls: type[B]) -> dict[str, Any]:
    """Read the fields of a bundle, each of its declared type, without running what a file may hide.

    Raises
    ------
    UsageError
        If there is no such file.
    BundleError
        If the file is no bundle, one of another kind, cut short, of a newer layout, or names any
        code but the class.
    """
    kind = cls.kind
    others = {
        (other.module, other.name): f"holds {other.what}, {kind.what} was expected; it is for "
        f"{other.taken_by}, and one for here is made by {kind.made_by}"
        for other in KINDS
        if other != kind
    }
    try:
        state = read_state(path, kind.module, kind.name, others)
    except FileNotFoundError:
        raise UsageError(f"no bundle {path}; make one with: {kind.made_by}") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from error
    _check(state, path, cls)
    return state


def check_digest(bundle: BundleFile, path: Path) -> None:
    """Refuse a bundle whose values are not those that were written."""
    try:
        found = bundle.digest()
    except (TypeError, ValueError) as error:  # keys without an order, integers without an end
        raise BundleError(f"{path} is damaged: its values have no digest ({error})") from error
    if found != bundle.sha256:
        raise BundleError(
            f"{path} is damaged: its content does not match its SHA-256; copy it again"
        )


def damaged(path: Path, wrong: list[str]) -> None:
    """Refuse a file whose fields have values that no bundle has; pass where there are none."""
    if wrong:
        raise BundleError(f"{path} is damaged: unexpected values in {', '.join(wrong)}")


def _check(state: Mapping[str, Any], path: Path, cls: type[BundleFile]) -> None:
    own: Any = cls
    layout = state.get("format")
    if isinstance(layout, int) and layout > cls.layout:
        raise BundleError(
            f"{path} has bundle layout {str(layout)[:40]}, this gliaboost knows up to "
            f"{cls.layout}; upgrade it"
        )
    written = layout if type(layout) is int else cls.layout
    known = {f.name: f.type for f in fields(own) if f.metadata.get("since", 1) <= written}
    if set(state) != set(known):
        odd = sorted(set(state) ^ set(known))
        told = few((name[:_LONGEST] for name in odd), _SHOWN)
        raise BundleError(f"{path} is damaged: fields missing or unknown: {told}")
    # The annotations are text: "list[str]" is to be a list.
    wrong = [n for n, kind in known.items() if type(state[n]).__name__ != str(kind).split("[")[0]]
    for name, kind in known.items():
        inner = {"list[str]": str, "list[dict[str, Any]]": dict}.get(str(kind))
        if inner and name not in wrong and not all(type(v) is inner for v in state[name]):
            wrong.append(name)
    if not wrong and len(set(state["classes"])) != len(state["classes"]):
        wrong.append("classes")
    damaged(path, wrong)
