"""Save, verify and load a trained model: one joblib file, safe by construction."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.datasets.errors import GliaboostError, UsageError
from gliaboost.datasets.files import replacing
from gliaboost.datasets.prepare import Preparation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gliaboost.features.base import Extractor
    from gliaboost.models.booster import Booster

FORMAT = 1


class BundleError(GliaboostError):
    """A file is no bundle, is damaged, or would run code."""


@dataclass
class Bundle:
    """A model and all that prediction needs, in plain values and bytes.

    Attributes
    ----------
    model : str
        Registered name, e.g. ``"lightgbm"``.
    native : bytes
        The model in its library's own format.
    sha256 : str
        Of `native`.
    classes : list of str
        In the order of the probabilities.
    columns : int
        Columns that the model takes.
    preparation : dict
        `Preparation.to_dict`.
    features : list of dict
        `Extractor.spec` of each extractor, in order.
    parameters : dict
        The model's.
    device : str
        Where it was really fitted.
    manifest : str
        Fingerprint of the training manifest.
    metrics, versions : dict
        Facts about the training, versions of the libraries.
    created : str
        ISO 8601, UTC.
    format : int
        Layout of this class.
    """

    model: str
    native: bytes
    sha256: str
    classes: list[str]
    columns: int
    preparation: dict[str, Any]
    features: list[dict[str, Any]]
    parameters: dict[str, Any]
    device: str
    manifest: str
    metrics: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str | None] = field(default_factory=dict)
    created: str = ""
    format: int = FORMAT

    @property
    def preparation_(self) -> Preparation:
        """The preparation as a value that can be called."""
        return Preparation.from_dict(self.preparation)

    def extractors(self) -> list[Extractor]:
        """Rebuild the extractors; refused if their numbers have changed since."""
        from gliaboost.features import from_spec

        return [from_spec(spec) for spec in self.features]

    def predict_proba(
        self, columns: NDArray[np.float32], *, jobs: int | None = None
    ) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        columns : float32 array [N, D]
            As `gliaboost.features.extract.features_of` gives them.
        jobs : int, optional
            Threads; default: all cores.

        Returns
        -------
        float64 array [N, K]
            Columns as `classes`.
        """
        from gliaboost.models.native import native_probabilities

        if columns.ndim != 2 or columns.shape[1] != self.columns:
            raise UsageError(
                f"columns of shape {list(columns.shape)}; this bundle takes [N, {self.columns}] "
                "from "
                f"{', '.join(str(s['name']) for s in self.features)}"
            )
        return native_probabilities(self.model, self.native, columns, len(self.classes), jobs)

    def summary(self) -> dict[str, Any]:
        """Return everything but the model's bytes, ready for JSON."""
        values = asdict(self)
        values["bytes"] = len(values.pop("native"))
        return values


def make_bundle(
    classifier: Booster,
    preparation: Preparation,
    extractors: Sequence[Extractor],
    *,
    manifest_fingerprint: str,
    metrics: Mapping[str, Any] | None = None,
) -> Bundle:
    """Pack a fitted model.

    Parameters
    ----------
    classifier : Booster
        Fitted.
    preparation : Preparation
        That made its images.
    extractors : sequence of Extractor
        That made its columns, in order.
    manifest_fingerprint : str
        `Manifest.fingerprint` of the training images.
    metrics : mapping, optional
        Plain facts to keep.

    Returns
    -------
    Bundle
    """
    from importlib.metadata import PackageNotFoundError, version

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    packages = ("gliaboost", "numpy", "numba", "opencv-python-headless", "pillow", classifier.name)
    return Bundle(
        model=classifier.name,
        native=classifier.native_,
        sha256=hashlib.sha256(classifier.native_).hexdigest(),
        classes=[str(c) for c in classifier.classes_],
        columns=int(classifier.n_features_in_),
        preparation=preparation.to_dict(),
        features=[e.spec() for e in extractors],
        parameters=classifier.get_params(),
        device=classifier.device_,
        manifest=manifest_fingerprint,
        metrics=dict(metrics or {}),
        versions={name: installed(name) for name in packages},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def save(bundle: Bundle, path: Path | str) -> Path:
    """Write a bundle as one joblib file, whole or not at all.

    Returns
    -------
    pathlib.Path
        The file; `joblib.load` opens it, `load` opens it safely.
    """
    import joblib

    path = Path(path)
    try:
        with replacing(path) as temporary:
            joblib.dump(bundle, temporary)
    except OSError as error:
        raise BundleError(
            f"cannot write {path}: {error.strerror or error}; free space or name another --out"
        ) from error
    return path


def load(path: Path | str) -> Bundle:
    """Open a bundle without running anything that the file may hide.

    Parameters
    ----------
    path : path-like
        A file from `save`.

    Returns
    -------
    Bundle

    Raises
    ------
    UsageError
        If there is no such file.
    BundleError
        If the file is no bundle, cut short, altered, of a newer layout, or names any code but the
        `Bundle` class.
    """
    path = Path(path)
    try:
        with path.open("rb") as f:
            bundle = _Unpickler(f, path).load()
    except FileNotFoundError:
        raise UsageError(f"no bundle {path}; make one with: gliaboost train MANIFEST") from None
    except BundleError:
        raise
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from error
    except Exception as error:
        raise BundleError(
            f"{path} is not a gliaboost bundle, or is cut short ({type(error).__name__}); train "
            "again or copy it again"
        ) from error
    return _checked(bundle, path)


class _Unpickler(pickle.Unpickler):
    """Knows one class; every other name in the file stops the loading before it is looked up."""

    def __init__(self, file: Any, path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (Bundle.__module__, Bundle.__qualname__):
            return Bundle
        raise BundleError(
            f"{self._path} asks for {module}.{name}, which no bundle needs: refused, nothing "
            "was run"
        )

    def persistent_load(self, pid: Any) -> Any:
        raise BundleError(f"{self._path} refers to objects outside it: refused, nothing was run")


def _checked(bundle: Any, path: Path) -> Bundle:
    if not isinstance(bundle, Bundle):
        raise BundleError(f"{path} is not a gliaboost bundle: it holds a {type(bundle).__name__}")
    state = vars(bundle)
    version = state.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise BundleError(
            f"{path} has bundle layout {version}, this gliaboost knows up to {FORMAT}; upgrade it"
        )
    names = {f.name for f in fields(Bundle)}
    if set(state) != names:
        odd = sorted(set(state) ^ names)
        raise BundleError(f"{path} is damaged: fields missing or unknown: {', '.join(odd)}")
    kinds: dict[str, type] = {
        "model": str, "native": bytes, "sha256": str, "classes": list, "columns": int,
        "preparation": dict, "features": list, "parameters": dict,
    }  # fmt: skip
    wrong = [n for n, kind in kinds.items() if not isinstance(state[n], kind)]
    if wrong:
        raise BundleError(f"{path} is damaged: unexpected values in {', '.join(wrong)}")
    if hashlib.sha256(bundle.native).hexdigest() != bundle.sha256:
        raise BundleError(f"{path} is damaged: the model's bytes do not match their SHA-256")
    return bundle
