"""Save, verify and load a trained model: one joblib file, safe by construction."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gliaboost import notebook
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import BundleError, UsageError
from gliaboost.models.bundle_file import (
    CLASSIFIER,
    BundleFile,
    BundleKind,
    check_digest,
    damaged,
    read_fields,
    save,
    since,
)
from gliaboost.models.bundle_words import estimate_in_words, trained_on

__all__ = ["FORMAT", "Bundle", "load", "save"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gliaboost.features.base import Extractor
    from gliaboost.models.base import Classifier

FORMAT = 4


@dataclass
class Bundle(BundleFile):
    """A model and all that prediction needs, in plain values and bytes.

    Attributes
    ----------
    model : str
        Registered name, e.g. ``"lightgbm"``.
    native : bytes
        What the model learned, as its `to_bytes` packs it: plain arrays, boosted trees among them,
        or a network's tensors. Up to layout 3 boosted trees are in their library's own format.
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

    kind: ClassVar[BundleKind] = CLASSIFIER
    layout: ClassVar[int] = FORMAT

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
    takes: str = since(2)
    package: str = since(2)
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

    def summary(self) -> dict[str, Any]:
        """Return all but what was learned and what is kept of pictures, ready for JSON."""
        values = asdict(self)
        for features in values["features"]:
            features.pop("state", None)
        values["bytes"] = len(values.pop("native"))
        values["knows_its_training_images"] = bool(values.pop("familiarity"))
        return values

    def __repr__(self) -> str:
        names = notebook.listed(spec.get("name", "?") for spec in self.features)
        model = notebook.cut(self.model, notebook.LETTERS)
        on = f" on {names}" if self.features else ""
        return notebook.two_lines(
            "Bundle",
            f"{model}{on}, for {notebook.listed(self.classes)}",
            trained_on(self.metrics, self.created, len(self.native)),
        )

    def _repr_html_(self) -> str:
        """Show a notebook what this is: model, features, classes, training set, metrics, date."""
        known = [(k, v) for k, v in self.metrics.items() if not isinstance(v, (dict, list))]
        size = self.preparation.get("size", "?")
        return notebook.facts(
            f"{self.model}, fitted on {self.device}",
            [
                ("classes", ", ".join(self.classes)),
                ("features", ", ".join(str(spec.get("name", "?")) for spec in self.features)),
                ("columns", f"{self.columns:,}" if self.features else ""),
                ("images", f"prepared to {size} x {size} pixels"),
                *(
                    (f"training {name}", f"{value:,}" if type(value) is int else value)
                    for name, value in known
                ),
                ("estimated by folds", estimate_in_words(self.metrics)),
                ("training manifest", self.manifest[:12]),
                ("model", f"{len(self.native):,} bytes"),
                ("created", self.created),
            ],
        )


def load(path: Path | str) -> Bundle:
    """Open a bundle without running anything that the file may hide.

    Boosted trees are plain arrays that are checked before anything walks through them; those of an
    older bundle are taken out of their library's format here, without the library. A network's
    bytes are read when it predicts.

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
    state = read_fields(path, Bundle)
    _check(state, path)
    bundle = Bundle(**state)
    check_digest(bundle, path)
    return bundle if bundle.format == FORMAT else _brought_up_to_date(bundle, path)


def _brought_up_to_date(bundle: Bundle, path: Path) -> Bundle:
    """Give an older bundle what bundles of today have."""
    from gliaboost.models.base import NativeModelError
    from gliaboost.models.registry import model_names, package_name, takes

    if bundle.format < 2:
        bundle.takes, bundle.package = takes(bundle.model), package_name(bundle.model)
    if bundle.format < 4 and bundle.model in model_names():
        try:
            bundle.native = bundle.classifier().to_bytes()
        except NativeModelError as error:
            raise BundleError(f"{path}: {error}") from error
    bundle.format = FORMAT
    bundle.sha256 = bundle.digest()
    return bundle


def _check(state: dict[str, Any], path: Path) -> None:
    from gliaboost.models.base import TAKES

    wrong = [] if state.get("takes", "columns") in TAKES else ["takes"]
    wrong += [] if state["columns"] >= 1 else ["columns"]
    if not all(
        {"name", "version", "parameters"} <= set(f) and type(f.get("state", {})) is dict
        for f in state["features"]
    ):
        wrong.append("features")
    damaged(path, wrong)
