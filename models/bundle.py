"""Save, verify and load a trained model: one joblib file, safe by construction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost import notebook
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.files import replacing
from gliaboost.models.plain_pickle import BundleError, fault_in, plain, read_state

__all__ = ["FORMAT", "Bundle", "BundleError", "load", "make_bundle", "save"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gliaboost.features.base import Extractor

FORMAT = 1


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
        `digest` of all the rest.
    classes : list of str
        In the order of the probabilities.
    columns : int
        Columns that the model takes, from 1.
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

    @property
    def takes(self) -> str:
        """``"columns"``, ``"images"``, or ``"both"``."""
        return {"lightgbm": "columns", "xgboost": "columns", "hybrid": "both"}.get(
            self.model, "images"
        )

    def predict_proba(
        self,
        X: NDArray[Any],
        columns: NDArray[np.float32] | None = None,
        *,
        jobs: int | None = None,
    ) -> NDArray[np.float64]:
        """Return class probabilities.

        Parameters
        ----------
        X : float32 array [N, D] or uint8 array [N, S, S]
            Columns, as `gliaboost.features.extract.features_of` gives them; prepared images where
            the bundle `takes` images or both.
        columns : float32 array [N, D], optional
            Beside images, where it takes both.
        jobs : int, optional
            Threads; default: all cores.

        Returns
        -------
        float64 array [N, K]
            Columns as `classes`.
        """
        given = X if self.takes == "columns" else columns
        if self.takes != "images" and (
            given is None or given.ndim != 2 or given.shape[1] != self.columns
        ):
            shape = "none" if given is None else f"shape {list(given.shape)}"
            raise UsageError(
                f"columns of {shape}; this bundle takes [N, {self.columns}] "
                f"from {', '.join(str(s['name']) for s in self.features)}"
            )
        if self.takes == "columns":
            from gliaboost.models.boosters.native import native_probabilities

            return native_probabilities(self.model, self.native, X, len(self.classes), jobs)
        if self.takes == "images":
            from gliaboost.models.networks.prediction import network_probabilities

            return network_probabilities(self.native, X, len(self.classes))
        from gliaboost.models.hybrid.prediction import hybrid_probabilities

        return hybrid_probabilities(
            self.native, X, np.asarray(columns), len(self.classes), jobs=jobs
        )

    def predict(
        self,
        X: NDArray[Any],
        columns: NDArray[np.float32] | None = None,
        *,
        jobs: int | None = None,
    ) -> list[str]:
        """Return the most probable class of each row; arguments as for `predict_proba`."""
        probabilities = self.predict_proba(X, columns, jobs=jobs)
        return [self.classes[k] for k in probabilities.argmax(axis=1)]

    def digest(self) -> str:
        """Hash all that the bundle holds, but for ``sha256`` itself."""
        values = {k: v for k, v in vars(self).items() if k not in ("native", "sha256")}
        text = json.dumps(values, sort_keys=True, default=bytes.hex)
        digest = hashlib.sha256(text.encode())
        digest.update(self.native)
        return digest.hexdigest()

    def summary(self) -> dict[str, Any]:
        """Return everything but the model's bytes, ready for JSON."""
        values = asdict(self)
        values["bytes"] = len(values.pop("native"))
        return values

    def _repr_html_(self) -> str:
        """Show a notebook what this is: model, features, classes, training set, metrics, date."""
        known = [(k, v) for k, v in self.metrics.items() if not isinstance(v, (dict, list))]
        size = self.preparation["size"]
        return notebook.facts(
            f"{self.model}, fitted on {self.device}",
            [
                ("classes", ", ".join(self.classes)),
                ("features", ", ".join(str(spec["name"]) for spec in self.features)),
                ("columns", f"{self.columns:,}" if self.features else ""),
                ("images", f"prepared to {size} x {size} pixels"),
                *((f"training {name}", value) for name, value in known),
                ("training manifest", self.manifest[:12]),
                ("model", f"{len(self.native):,} bytes"),
                ("created", self.created),
            ],
        )


def make_bundle(
    classifier: Any,
    preparation: Preparation,
    extractors: Sequence[Extractor],
    *,
    manifest_fingerprint: str,
    metrics: Mapping[str, Any] | None = None,
) -> Bundle:
    """Pack a fitted model.

    Parameters
    ----------
    classifier : Booster, NetworkClassifier or Hybrid
        Fitted.
    preparation : Preparation
        That made its images.
    extractors : sequence of Extractor
        That made its columns, in order.
    manifest_fingerprint : str
        `Manifest.fingerprint` of the training images.
    metrics : mapping, optional
        Plain facts to keep; a network's ``history_`` is put beside them.

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

    library = getattr(classifier, "library", classifier.name)
    history = getattr(classifier, "history_", None)
    packages = ("gliaboost", "numpy", "numba", "opencv-python-headless", "pillow", library)
    bundle = Bundle(
        model=classifier.name,
        native=classifier.to_bytes(),
        sha256="",
        classes=[str(c) for c in classifier.classes_],
        columns=int(classifier.n_features_in_),
        preparation=plain(preparation.to_dict()),
        features=[e.spec() for e in extractors],
        parameters=plain(classifier.get_params()),
        device=classifier.device_,
        manifest=manifest_fingerprint,
        metrics=plain({**(metrics or {}), **({"history": history} if history else {})}),
        versions={name: installed(name) for name in packages},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    bundle.sha256 = bundle.digest()
    return bundle


def save(bundle: Bundle, path: Path | str) -> Path:
    """Write a bundle as one joblib file, whole or not at all.

    Parameters
    ----------
    bundle : Bundle
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
    """
    import joblib

    fault = fault_in(vars(bundle))
    if fault:
        raise UsageError(f"a bundle holds plain values alone, this one has {fault}")
    bundle.sha256 = bundle.digest()
    path = Path(path)
    try:
        with replacing(path) as temporary:
            joblib.dump(bundle, temporary, compress=False)
    except OSError as error:
        raise BundleError(
            f"cannot write {path}: {error.strerror or error}; free space or name another --out"
        ) from error
    return path


def load(path: Path | str) -> Bundle:
    """Open a bundle without running anything that the file may hide.

    The model's own bytes are read by its library, and only when it predicts.

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
        state = read_state(path, Bundle.__module__, Bundle.__qualname__)
    except FileNotFoundError:
        raise UsageError(f"no bundle {path}; make one with: gliaboost train MANIFEST") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}") from error
    _check(state, path)
    bundle = Bundle(**state)
    if bundle.digest() != bundle.sha256:
        raise BundleError(
            f"{path} is damaged: its content does not match its SHA-256; copy it again"
        )
    return bundle


def _check(state: Mapping[str, Any], path: Path) -> None:
    layout = state.get("format")
    if isinstance(layout, int) and layout > FORMAT:
        raise BundleError(
            f"{path} has bundle layout {layout}, this gliaboost knows up to {FORMAT}; upgrade it"
        )
    known = {f.name: f.type for f in fields(Bundle)}
    if set(state) != set(known):
        odd = sorted(set(state) ^ set(known))
        raise BundleError(f"{path} is damaged: fields missing or unknown: {', '.join(odd)}")
    # The annotations are text: "list[str]" is to be a list.
    wrong = [n for n, kind in known.items() if type(state[n]).__name__ != str(kind).split("[")[0]]
    wrong += [
        name
        for name, inner in (("classes", str), ("features", dict))
        if name not in wrong and not all(type(v) is inner for v in state[name])
    ]
    if not wrong and state["columns"] < 1:
        wrong.append("columns")
    if not wrong and len(set(state["classes"])) != len(state["classes"]):
        wrong.append("classes")
    if not wrong and not all(
        {"name", "version", "parameters"} <= set(f) for f in state["features"]
    ):
        wrong.append("features")
    if wrong:
        raise BundleError(f"{path} is damaged: unexpected values in {', '.join(wrong)}")
