"""From a fitted model to the bundle that it is saved in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from gliaboost.datasets.prepare import Preparation
from gliaboost.features.base import Extractor
from gliaboost.features.fitted import described
from gliaboost.models.base import Classifier
from gliaboost.models.bundle import Bundle
from gliaboost.models.plain_values import plain
from gliaboost.models.pretrained import pretrained_on
from gliaboost.models.registry import package_name

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

# Whose versions are noted beside that of the model's own library.
PACKAGES = ("gliaboost", "numpy", "numba", "opencv-python-headless", "pillow")


def make_bundle(
    classifier: Classifier,
    preparation: Preparation,
    extractors: Sequence[Extractor],
    *,
    manifest_fingerprint: str,
    metrics: Mapping[str, Any] | None = None,
    familiarity: Mapping[str, Any] | None = None,
) -> Bundle:
    """Pack a fitted model.

    Parameters
    ----------
    classifier : Classifier
        Fitted.
    preparation : Preparation
        That made its images.
    extractors : sequence of Extractor
        That made its columns, in order; those that learn are fitted.
    manifest_fingerprint : str
        `Manifest.fingerprint` of the training images.
    metrics : mapping, optional
        Plain facts to keep; a network's ``history_`` is put beside them, and what pretrained
        networks had learned from.
    familiarity : mapping, optional
        From `gliaboost.models.familiarity.familiarity.learn`.

    Returns
    -------
    Bundle
    """
    history, before = list(classifier.history_), pretrained_on(classifier, extractors)
    packages = (*PACKAGES, classifier.library)
    bundle = Bundle(
        model=classifier.name,
        native=classifier.to_bytes(),
        sha256="",
        classes=[str(c) for c in classifier.classes_],
        columns=int(classifier.n_features_in_),
        preparation=plain(preparation.to_dict()),
        features=plain([described(e) for e in extractors]),
        parameters=kept_parameters(classifier),
        device=classifier.device_,
        manifest=manifest_fingerprint,
        metrics=plain(
            {
                **(metrics or {}),
                **({"pretrained_on": before} if before else {}),
                **({"history": history} if history else {}),
            }
        ),
        versions={name: installed(name) for name in packages},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        takes=classifier.takes,
        package=package_name(classifier.name),
        familiarity=plain(familiarity or {}),
    )
    bundle.sha256 = bundle.digest()
    return bundle


def kept_parameters(model: BaseEstimator) -> dict[str, Any]:
    """Give a model's parameters in plain values, as they are kept.

    How many threads it was fitted by is none of its: what is kept is the same however many.
    """
    given = model.get_params()
    return dict(plain({**given, **({"jobs": None} if "jobs" in given else {})}))


def installed(package: str) -> str | None:
    """Return a package's version without importing it, None where it is absent.

    Examples
    --------
    >>> installed("no-such-package") is None
    True
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return None
