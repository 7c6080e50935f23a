"""Save, verify and load a trained model: one joblib file, safe by construction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gliaboost import notebook
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import BundleError, UsageError
from gliaboost.files import replacing
from gliaboost.models.plain_pickle import fault_in, read_state

__all__ = ["FORMAT", "Bundle", "load", "save"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gliaboost.features.base import Extractor
    from gliaboost.models.base import Classifier

FORMAT = 3


def _since(layout: int) -> Any:
    """Declare a field that bundles have from a layout on; older ones are given it at loading."""
    return field(default="", metadata={"since": layout})


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
        `Extractor.spec` of each extractor, in order, and of one that learned its ``state``.
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
    takes : str
        What the model is given: ``"columns"``, ``"images"`` or ``"both"``. From layout 2 on.
    package : str
        Distribution that brings the model, to be installed where it is missing. From layout 2 on.
    familiarity : dict
        What is kept of the training pictures, to tell those that are unlike them or were among
        them (`gliaboost.models.familiarity.familiarity.learn`); empty: nothing. From layout 3 on.

    Examples
    --------
    >>> bundle = Bundle("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> bundle.summary()["classes"]
    ['glioma', 'healthy']
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
    takes: str = _since(2)
    package: str = _since(2)
    familiarity: dict[str, Any] = field(default_factory=dict, metadata={"since": 3})

    @property
    def preparation_(self) -> Preparation:
        """The preparation as a value that can be called."""
        return Preparation.from_dict(self.preparation)

    def extractors(self) -> list[Extractor]:
        """Rebuild the extractors; refused if their numbers have changed since."""
        from gliaboost.features import from_spec

        return [from_spec(spec) for spec in self.features]

    def classifier(self, *, jobs: int | None = None) -> Classifier:
        """Restore the fitted model, ready to predict and to explain.

        Parameters
        ----------
        jobs : int, optional
            Threads; default: all cores.

        Raises
        ------
        UsageError
            If no such model is known: another package brought it.
        """
        from gliaboost.models.registry import model_class, model_names, shared_parameters

        if self.model not in model_names():
            raise UsageError(
                f"this bundle's model {self.model!r} is of the package {self.package}, which is "
                f"not installed here: pip install {self.package}"
            )
        # What it was fitted on need not be here; how many threads is this machine's affair.
        here = shared_parameters(self.model, device="auto", jobs=jobs)
        return model_class(self.model).from_bytes(
            self.native, self.classes, self.columns, **{**self.parameters, **here}
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
        model = self.classifier(jobs=jobs)
        beside = {"columns": columns} if self.takes == "both" else {}
        return model.predict_proba(X, **beside)

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
        later = {f.name for f in fields(self) if f.metadata.get("since", 1) > self.format}
        apart = {"native", "sha256", *later}
        values = {k: v for k, v in vars(self).items() if k not in apart}
        text = json.dumps(values, sort_keys=True, default=bytes.hex)
        digest = hashlib.sha256(text.encode())
        digest.update(self.native)
        return digest.hexdigest()

    def summary(self) -> dict[str, Any]:
        """Return all but what was learned and what is kept of pictures, ready for JSON."""
        values = asdict(self)
        for features in values["features"]:
            features.pop("state", None)
        values["bytes"] = len(values.pop("native"))
        values["knows_its_training_images"] = bool(values.pop("familiarity"))
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
                *(
                    (f"training {name}", f"{value:,}" if type(value) is int else value)
                    for name, value in known
                ),
                ("training manifest", self.manifest[:12]),
                ("model", f"{len(self.native):,} bytes"),
                ("created", self.created),
            ],
        )


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

    Examples
    --------
    >>> import tempfile
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

    Examples
    --------
    >>> import tempfile
    >>> facts = ("lightgbm", b"", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    >>> bundle = Bundle(*facts, takes="columns")
    >>> load(save(bundle, Path(tempfile.mkdtemp()) / "model.joblib")).classes
    ['glioma', 'healthy']
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
    return bundle if bundle.format == FORMAT else _brought_up_to_date(bundle)


def _brought_up_to_date(bundle: Bundle) -> Bundle:
    """Give an older bundle what bundles of today have."""
    from gliaboost.models.registry import package_name, takes

    if bundle.format < 2:
        bundle.takes, bundle.package = takes(bundle.model), package_name(bundle.model)
    bundle.format = FORMAT
    bundle.sha256 = bundle.digest()
    return bundle


def _check(state: Mapping[str, Any], path: Path) -> None:
    from gliaboost.models.base import TAKES

    layout = state.get("format")
    if isinstance(layout, int) and layout > FORMAT:
        raise BundleError(
            f"{path} has bundle layout {layout}, this gliaboost knows up to {FORMAT}; upgrade it"
        )
    since = {f.name: f.metadata.get("since", 1) for f in fields(Bundle)}
    written = layout if type(layout) is int else FORMAT
    known = {f.name: f.type for f in fields(Bundle) if since[f.name] <= written}
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
    if not wrong and state.get("takes", "columns") not in TAKES:
        wrong.append("takes")
    if not wrong and state["columns"] < 1:
        wrong.append("columns")
    if not wrong and len(set(state["classes"])) != len(state["classes"]):
        wrong.append("classes")
    if not wrong and not all(
        {"name", "version", "parameters"} <= set(f) and type(f.get("state", {})) is dict
        for f in state["features"]
    ):
        wrong.append("features")
    if wrong:
        raise BundleError(f"{path} is damaged: unexpected values in {', '.join(wrong)}")
