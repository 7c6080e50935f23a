"""Prove that a model keeps the contract, in the spirit of scikit-learn's ``check_estimator``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.contracts import Faults, faults_of, first_line
from gliaboost.errors import ContractError, GliaboostError, UsageError
from gliaboost.models.base import TAKES, Classifier

CLASSES = ("glioma", "meningioma", "pituitary")
PATIENTS = 18
SIDE = 32
COLUMNS = 6
# What probabilities may differ by on the same machine: a network batches its rows.
CLOSE = 1e-5


@dataclass(frozen=True)
class Sample:
    """Rows that a model is tried on: three classes, two rows a patient."""

    X: NDArray[Any]
    y: NDArray[Any]
    groups: NDArray[Any]
    beside: Mapping[str, Any]

    def of(self, rows: Any) -> tuple[NDArray[Any], dict[str, Any]]:
        """Give what a model predicts of some rows."""
        return self.X[rows], {name: values[rows] for name, values in self.beside.items()}


def sample_for(takes: str) -> Sample:
    """Make rows of the kind that a model takes, the class plain to see in them.

    Examples
    --------
    >>> sample_for("images").X.shape, sample_for("columns").X.dtype
    ((36, 32, 32), dtype('float32'))
    """
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(PATIENTS), 2)
    codes = patients % len(CLASSES)
    columns = rng.normal(size=(len(codes), COLUMNS)).astype(np.float32)
    columns[np.arange(len(codes)), codes] += 4
    images = rng.integers(0, 90, (len(codes), SIDE, SIDE)).astype(np.uint8)
    for image, code in zip(images, codes, strict=True):
        image[8 * code : 8 * code + 8, 4:28] += 140
    y = np.array(CLASSES, dtype=object)[codes]
    groups = np.array([f"patient {p}" for p in patients], dtype=object)
    if takes == "columns":
        return Sample(columns, y, groups, {})
    return Sample(images, y, groups, {"columns": columns} if takes == "both" else {})


def check_model(model: type[Classifier] | Classifier) -> None:
    """Check that a model keeps the contract of `Classifier`, and list all that it does not.

    It is fitted several times on 36 tiny rows of three classes; an instance is tried with its own
    parameters, so that a large network can be given small ones.

    Parameters
    ----------
    model : type or Classifier
        A subclass, which must have a default for every parameter, or an instance.

    Raises
    ------
    ContractError
        With every fault: what was seen, and what the contract expects.

    Examples
    --------
    >>> from gliaboost.models import check_model, create_model
    >>> check_model(create_model("lightgbm", rounds=5, inner_folds=0, device="cpu"))
    """
    cls: Any = model if isinstance(model, type) else type(model)
    subject = f"model {getattr(cls, 'name', cls.__name__)!r}"
    if not issubclass(cls, Classifier):
        expected = "a subclass of gliaboost.models.Classifier"
        raise ContractError(subject, [f"{cls.__qualname__} is no model; expected {expected}"])
    faults = list(_names(cls))
    try:
        own: Any = cls() if isinstance(model, type) else model
    except Exception as error:
        faults.append(
            f"{cls.__name__}() fails ({first_line(error)}); every parameter needs a default"
        )
        raise ContractError(subject, faults) from error
    if cls.takes not in TAKES:
        raise ContractError(subject, faults)
    sample = sample_for(cls.takes)
    altered = faults_of(_constructor, own)
    if altered:
        raise ContractError(subject, faults + altered)
    fitted: list[Classifier] = []
    faults += faults_of(_fitting, own, sample, fitted)
    if fitted:
        checks: tuple[Callable[..., Faults], ...] = (
            _probabilities, _refusals, _bytes, _bundle, _explanations, _repetition,
        )  # fmt: skip
        for check in checks:
            faults += faults_of(check, fitted[0], sample)
    faults += faults_of(_search, own)
    faults += faults_of(_devices, own)
    if faults:
        raise ContractError(subject, faults)


def _names(cls: type[Classifier]) -> Faults:
    name = getattr(cls, "name", None)
    if not (isinstance(name, str) and name and not set(name) & set(" ,:=.+/")):
        yield f"name is {name!r}; expected a word without spaces and , : = . + /"
    if not isinstance(cls.title, str):
        yield f"title is {cls.title!r}; expected words for a report, or ''"
    if cls.takes not in TAKES:
        yield f"takes is {cls.takes!r}; expected {', '.join(TAKES)}"
    library = getattr(cls, "library", None)
    if not (isinstance(library, str) and library):
        yield f"library is {library!r}; expected the name of the distribution that computes it"


def _constructor(model: Classifier) -> Faults:
    from gliaboost.models.plain_values import fault_in, plain

    given = model.get_params(deep=False)
    stored = type(model)(**given).get_params(deep=False)
    changed = [k for k, v in given.items() if not _same(stored[k], v)]
    if changed:
        yield f"the constructor alters {', '.join(changed)}; expected parameters stored untouched"
    fault = fault_in(plain(given))
    if fault:
        yield f"parameters hold {fault}; expected plain values, which a bundle can keep"


def _fitting(model: Classifier, sample: Sample, fitted: list[Classifier]) -> Faults:
    own = clone(model)
    before = own.get_params(deep=False)
    X, y = sample.X.copy(), sample.y.copy()
    back = own.fit(X, y, groups=sample.groups, **sample.beside)
    if back is not own:
        yield f"fit returns {type(back).__name__}; expected the model itself"
    if not (np.array_equal(X, sample.X) and np.array_equal(y, sample.y)):
        yield "fit alters its rows or labels"
    altered = [k for k, v in before.items() if not _same(own.get_params(deep=False)[k], v)]
    if altered:
        yield f"fit alters the parameters {', '.join(altered)}"
    if list(getattr(own, "classes_", [])) != sorted(CLASSES):
        yield f"classes_ is {getattr(own, 'classes_', None)!r}; expected the sorted labels"
    elif not isinstance(getattr(own, "n_features_in_", None), int):
        yield "fit sets no whole number n_features_in_"
    else:
        fitted.append(own)
    # Labels may be numbers, and patients unknown.
    codes = np.searchsorted(CLASSES, sample.y.astype(str))
    other = clone(model).fit(sample.X, codes, **sample.beside)
    if list(other.classes_) != [0, 1, 2]:
        yield f"with labels 0, 1, 2 classes_ is {other.classes_!r}"


def _probabilities(model: Classifier, sample: Sample) -> Faults:
    X, beside = sample.of(slice(None))
    p = model.predict_proba(X, **beside)
    shape = (len(X), len(CLASSES))
    if not isinstance(p, np.ndarray) or p.shape != shape or p.dtype != np.float64:
        seen = f"{type(p).__name__} {getattr(p, 'shape', '')} {getattr(p, 'dtype', '')}"
        yield f"predict_proba gives {seen}; expected a float64 array {shape}"
        return
    if not (np.isfinite(p).all() and (p >= 0).all() and np.allclose(p.sum(axis=1), 1, atol=1e-6)):
        yield "rows of predict_proba are no probabilities that sum to 1"
    if list(model.predict(X, **beside)) != list(model.classes_[p.argmax(axis=1)]):
        yield "predict does not give the most probable class"
    few, its = sample.of([5, 2])
    if not np.allclose(model.predict_proba(few, **its), p[[5, 2]], atol=CLOSE):
        yield "a row's probabilities depend on the other rows, or on their order"


def _refusals(model: Classifier, sample: Sample) -> Faults:
    one = np.full(len(sample.y), CLASSES[0], dtype=object)
    if not _refused(lambda: clone(model).fit(sample.X, one, groups=sample.groups, **sample.beside)):
        yield "fit takes a single class; expected a ValueError or GliaboostError"
    if model.takes == "columns" and not _refused(lambda: model.predict_proba(sample.X[:, 1:])):
        yield "predict_proba takes other columns than fit; expected a ValueError or GliaboostError"
    if "device" in model.get_params() and not _refused(
        lambda: clone(model).set_params(device="abacus").fit(sample.X, sample.y, **sample.beside)
    ):
        yield "device='abacus' is taken; expected a UsageError"


def _bytes(model: Classifier, sample: Sample) -> Faults:
    native = model.to_bytes()
    if type(native) is not bytes:
        yield f"to_bytes gives {type(native).__name__}; expected bytes"
        return
    plain = (model.classes_.tolist(), model.n_features_in_)
    X, beside = sample.of(slice(None))
    restored = type(model).from_bytes(native, *plain, **model.get_params(deep=False))
    if not np.allclose(
        restored.predict_proba(X, **beside), model.predict_proba(X, **beside), atol=CLOSE
    ):
        yield "from_bytes restores a model of other probabilities"
    if restored.to_bytes() != native:
        yield "a restored model has other bytes"
    try:
        broken = type(model).from_bytes(b"\0 no model", *plain, **model.get_params(deep=False))
        broken.predict_proba(X, **beside)
        yield "damaged bytes predict; expected a NativeModelError"
    except GliaboostError:
        pass
    except Exception as error:
        yield f"damaged bytes end in {first_line(error)}; expected a NativeModelError"


def _bundle(model: Classifier, sample: Sample) -> Faults:
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.models.bundle import load, save
    from gliaboost.models.packing import make_bundle
    from gliaboost.models.registry import MODELS

    if MODELS.get(model.name) is not type(model):
        return  # a bundle finds its model by the registered name
    X, beside = sample.of(slice(None))
    bundle = make_bundle(model, Preparation(size=SIDE), [], manifest_fingerprint="check")
    with tempfile.TemporaryDirectory() as folder:
        opened = load(save(bundle, Path(folder) / "model.joblib"))
    if opened.takes != model.takes:
        yield f"its bundle takes {opened.takes!r}; expected {model.takes!r}"
    if not np.allclose(
        opened.predict_proba(X, **beside), model.predict_proba(X, **beside), atol=CLOSE
    ):
        yield "its bundle predicts other probabilities"


def _explanations(model: Classifier, sample: Sample) -> Faults:
    if model.takes == "columns":
        values = model.contributions(sample.X[:4])
        expected = (4, len(CLASSES), COLUMNS)
        if values is not None and (values.shape != expected or not np.isfinite(values).all()):
            yield f"contributions have shape {values.shape}; expected finite values {expected}"
        return
    found = model.saliency(sample.X[0])
    if found is not None:
        heat, p = found
        if heat.shape != (SIDE, SIDE) or heat.min() < 0 or heat.max() > 1:
            yield f"saliency gives a map {heat.shape}; expected [{SIDE}, {SIDE}] from 0 to 1"
        if p.shape != (len(CLASSES),) or not np.isclose(p.sum(), 1, atol=1e-6):
            yield "saliency's probabilities are none"


def _repetition(model: Classifier, sample: Sample) -> Faults:
    again = clone(model).fit(sample.X, sample.y, groups=sample.groups, **sample.beside)
    X, beside = sample.of(slice(None))
    if not np.allclose(
        again.predict_proba(X, **beside), model.predict_proba(X, **beside), atol=CLOSE
    ):
        yield "fitted twice with the same seed it predicts other probabilities"


def _search(model: Classifier) -> Faults:
    space = model.search_space()
    if space is None or find_spec("optuna") is None:
        return
    import optuna

    defaults, cls = type(model)().get_params(deep=False), type(model)
    trial: Any = optuna.trial.FixedTrial(dict(space.first))
    drawn = space.draw(trial)
    unknown = sorted(set(drawn) - set(defaults))
    if unknown:
        yield f"search_space draws {', '.join(unknown)}, which are no parameters"
    else:
        cls(**drawn)
        off = [k for k, v in drawn.items() if _plain(v) != _plain(defaults[k])]
        if off:
            yield f"search_space begins elsewhere than at the defaults of {', '.join(off)}"


def _devices(model: Classifier) -> Faults:
    devices = model.devices()
    if devices.get("cpu", "absent") is not None:
        yield f"devices gives {devices!r}; expected 'cpu' to be usable"


def _refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except (UsageError, GliaboostError, ValueError):
        return True
    return False


def _same(a: Any, b: Any) -> bool:
    return a is b or bool(np.all(a == b))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
