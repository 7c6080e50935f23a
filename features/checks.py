"""Prove that an extractor keeps the contract, in the spirit of scikit-learn's `check_estimator`."""

from __future__ import annotations

import json
import pickle
import threading
import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from gliaboost.contracts import Faults, faults_of, first_line
from gliaboost.errors import ContractError, GliaboostError, UsageError
from gliaboost.features.base import Extractor
from gliaboost.features.fitted import FittedExtractor
from gliaboost.features.fitted_checks import fitted_on_sample, learning, restoring, unfitted

Image = NDArray[np.uint8]

# What a GPU's numbers may differ by from the CPU's.
CLOSE = 1e-5


def check_extractor(
    extractor: type[Extractor] | Extractor, *, shape: tuple[int, int] = (96, 80)
) -> None:
    """Check that an extractor keeps the contract of `Extractor`, and list all that it does not.

    It is tried on a handful of small images: constant ones, noise, a ramp, smooth spots. What needs
    torch is passed over with a warning where torch is not installed. A `FittedExtractor` learns
    from heads with a bright spot first.

    Parameters
    ----------
    extractor : type or Extractor
        A subclass, which must have a default for every parameter, or an instance, which is tried
        with its own parameters.
    shape : (int, int)
        Height and width of the images in pixels.

    Raises
    ------
    ContractError
        With every fault: what was seen, and what the contract expects.

    Examples
    --------
    >>> from gliaboost.features import HOG, check_extractor
    >>> check_extractor(HOG(orientations=6))
    """
    cls: Any = extractor if isinstance(extractor, type) else type(extractor)
    subject = f"extractor {getattr(cls, 'name', cls.__name__)!r}"
    if not issubclass(cls, Extractor):
        expected = "a subclass of gliaboost.features.Extractor"
        raise ContractError(subject, [f"{cls.__qualname__} is no extractor; expected {expected}"])
    faults = list(_names_of_class(cls))
    try:
        usual = cls()
        own: Any = usual if isinstance(extractor, type) else extractor
    except Exception as error:
        faults.append(
            f"{cls.__name__}() fails ({first_line(error)}); every parameter needs a default"
        )
        raise ContractError(subject, faults) from error
    images = sample_images(*shape)
    faults += faults_of(_parameters, own)
    checks = [_input, _batches, _threads, _tensors, _pickling]
    if isinstance(own, FittedExtractor):
        faults += faults_of(unfitted, own, images)
        faults += faults_of(learning, own, shape)
        if faults:  # what cannot learn rightly has no columns to look at
            raise ContractError(subject, faults)
        own = fitted_on_sample(own, shape)
        faults += faults_of(restoring, own, images)
    else:
        checks += [_spec, _pipeline]
    columns: list[NDArray[np.float32]] = []
    faults += faults_of(_columns, own, images, columns)
    if columns:
        for check in checks:
            faults += faults_of(check, own, images, columns[0])
    faults += faults_of(_refusals, own, images)
    # A clone has not learned.
    faults += faults_of(_fingerprint, clone(own) if isinstance(own, FittedExtractor) else own)
    faults += faults_of(_names_back, own, shape)
    faults += faults_of(_places, own, shape)
    if faults:
        raise ContractError(subject, faults)


def sample_images(height: int, width: int) -> Image:
    """Make the images that an extractor is tried on, the hard ones among them.

    Returns
    -------
    uint8 array [7, height, width]
        Black, grey and white; noise twice; a ramp; smooth spots.

    Examples
    --------
    >>> sample_images(32, 48).shape
    (7, 32, 48)
    """
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width] / max(height, width)
    images = np.zeros((7, height, width), np.uint8)
    images[1], images[2] = 77, 255
    images[3:5] = rng.integers(0, 256, (2, height, width), dtype=np.uint8)
    images[5] = 255 * x
    images[6] = 127.5 * (1 + np.sin(9 * x) * np.cos(7 * y))
    return images


def _names_of_class(cls: type[Extractor]) -> Faults:
    name = getattr(cls, "name", None)
    if not (isinstance(name, str) and name and "__" not in name and not set(name) & set(" ,:=.+/")):
        yield f"name is {name!r}; expected a word without spaces, '__' and , : = . + /"
    title = getattr(cls, "title", None)
    if not (isinstance(title, str) and title):
        yield f"title is {title!r}; expected what a report calls it"
    if not (isinstance(cls.version, int) and cls.version >= 1):
        yield f"version is {cls.version!r}; expected a whole number >= 1"
    unknown = sorted(set(cls.execution) - set(cls._get_param_names()))
    if unknown:
        yield f"execution has {', '.join(unknown)}, which are no parameters"


def _parameters(own: Extractor) -> Faults:
    given = own.get_params(deep=False)
    altered = [k for k, v in type(own)(**given).get_params(deep=False).items() if v is not given[k]]
    if altered:
        yield f"the constructor alters {', '.join(altered)}; expected parameters stored untouched"
        return
    copied = clone(own).get_params(deep=False)
    lost = [k for k, v in given.items() if _plain(copied[k]) != _plain(v)]
    if lost:
        yield f"clone gives other values of {', '.join(lost)}"
    for key in given:
        mark: Any = object()
        if clone(own).set_params(**{key: mark}).get_params(deep=False)[key] is not mark:
            yield f"set_params alters {key}"


def _columns(own: Extractor, images: Image, found: list[NDArray[np.float32]]) -> Faults:
    height, width = images.shape[1:]
    before = own.get_params(deep=False)
    columns = own.transform(images)
    after = own.get_params(deep=False)
    changed = [k for k, v in before.items() if after[k] is not v]
    if changed:
        yield f"transform alters the parameters {', '.join(changed)}"
    if not isinstance(columns, np.ndarray) or columns.ndim != 2 or columns.dtype != np.float32:
        seen = f"{type(columns).__name__} {list(np.shape(columns))}"
        yield (
            f"an array gives a {seen} of {getattr(columns, 'dtype', '?')}; expected a float32 "
            "array [N, D]"
        )
        return
    names = own.feature_names(height, width)
    if columns.shape != (len(images), len(names)):
        yield (
            f"{len(images)} images and {len(names)} names give columns of shape "
            f"{list(columns.shape)}; expected [{len(images)}, {len(names)}]"
        )
        return
    found.append(columns)
    if not columns.flags.c_contiguous:
        yield "columns are not in C order"
    bad = [("black", 0), ("grey", 1), ("white", 2), ("noise", 3), ("a ramp", 5), ("spots", 6)]
    wrong = [kind for kind, row in bad if not np.isfinite(columns[row]).all()]
    if wrong:
        yield f"columns of {', '.join(wrong)} are not finite"
    twice = sorted({n for n in names if names.count(n) > 1}) if len({*names}) < len(names) else []
    if twice:
        yield f"{len(twice)} names are given twice, such as {twice[0]!r}"
    strange = [n for n in names if not str(n).startswith(f"{own.name}__")]
    if strange:
        yield f"the name {strange[0]!r} does not begin with '{own.name}__'"
    if not isinstance(own, FittedExtractor) and own.fit(images) is not own:
        yield "fit does not return the extractor itself"
    if own.get_feature_names_out().tolist() != names:
        yield "get_feature_names_out and feature_names give other names"
    none = own.transform(images[:0])
    if none.shape != (0, len(names)) or none.dtype != np.float32:
        yield (
            f"no image gives {none.dtype} {list(none.shape)}; expected float32 [0, {len(names)}]"
        )


def _input(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    given = images.copy()
    own.transform(given)
    if not np.array_equal(given, images):
        yield "transform alters its input"
    given = images.copy()
    given.flags.writeable = False
    if not _equal(own, own.transform(given), columns):
        yield "an array that cannot be written gives other numbers"
    turned = np.ascontiguousarray(images.transpose(0, 2, 1)).transpose(0, 2, 1)
    if not _equal(own, own.transform(turned), columns):
        yield "an array that is not in C order gives other numbers"


def _batches(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    alone = np.concatenate([own.transform(image[None]) for image in images])
    if not _equal(own, alone, columns):
        yield f"an image alone gives other numbers than in a batch {_by(own, alone, columns)}"
    back = own.transform(images[::-1])[::-1]
    if not _equal(own, back, columns):
        yield f"the order of images changes their numbers {_by(own, back, columns)}"


def _threads(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    together = threading.Barrier(2)
    got: dict[int, NDArray[np.float32] | Exception] = {}

    def work(half: int) -> None:
        together.wait()
        try:
            got[half] = own.transform(images[half::2])
        except Exception as error:
            got[half] = error

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(half,)) for half in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for half, columns_or_error in got.items():
            if isinstance(columns_or_error, Exception):
                yield f"two threads at once fail with {first_line(columns_or_error)}"
                return
            if not _equal(own, columns_or_error, columns[half::2]):
                yield "two threads at once get other numbers than one"
                return


def _tensors(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    if find_spec("torch") is None:
        warnings.warn("torch is not installed: tensors were not checked", stacklevel=4)
        return
    import torch

    given = torch.from_numpy(images.copy())
    places = [given, *([given.cuda()] if torch.cuda.is_available() else [])]
    for tensor in places:
        found: Any = own.transform(tensor)
        if not isinstance(found, torch.Tensor):
            yield f"a tensor gives a {type(found).__name__}; expected a tensor"
            return
        if found.dtype != torch.float32 or found.device != tensor.device:
            yield (
                f"a tensor on {tensor.device} gives {found.dtype} on {found.device}; expected "
                f"torch.float32 on {tensor.device}"
            )
            continue
        close = 0.0 if tensor is given else CLOSE
        if not _equal(own, found.cpu().numpy(), columns, close):
            yield f"a tensor on {tensor.device} gives other numbers than an array"
    if not torch.equal(given, torch.from_numpy(images)):
        yield "transform alters a tensor"


def _spec(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    spec = own.spec()
    if json.loads(json.dumps(spec)) != spec:
        yield "spec() is not plain: JSON gives other values back"
    rebuilt = type(own)(**json.loads(json.dumps(spec))["parameters"])
    if rebuilt.fingerprint() != own.fingerprint():
        yield "an extractor rebuilt from spec() has another fingerprint"
    if rebuilt.feature_names(*images.shape[1:]) != own.feature_names(*images.shape[1:]):
        yield "an extractor rebuilt from spec() has other names"
    elif not _equal(own, rebuilt.transform(images), columns):
        yield "an extractor rebuilt from spec() gives other numbers"


def _pickling(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    again: Extractor = pickle.loads(pickle.dumps(own))
    if again.fingerprint() != own.fingerprint():
        yield "a pickled extractor has another fingerprint"
    if not _equal(own, again.transform(images), columns):
        yield "a pickled extractor gives other numbers"


def _pipeline(own: Extractor, images: Image, columns: NDArray[np.float32]) -> Faults:
    pipeline = clone(make_pipeline(own, "passthrough"))
    if not _equal(own, pipeline.fit_transform(images), columns):
        yield "in a scikit-learn pipeline it gives other numbers"
    if list(pipeline.get_feature_names_out()) != own.feature_names(*images.shape[1:]):
        yield "in a scikit-learn pipeline it has other names"


def _refusals(own: Extractor, images: Image) -> Faults:
    wrong = {
        "float32 images": images.astype(np.float32),
        "int16 images": images.astype(np.int16),
        "a single image [H, W]": images[0],
        "colour images [N, H, W, 3]": np.stack([images] * 3, axis=-1),
        "images without pixels": images[:, :0],
    }
    for what, given in wrong.items():
        try:
            own.transform(given)
        except UsageError:
            continue
        except Exception as error:
            yield f"{what} end in {first_line(error)}; expected a UsageError"
        else:
            yield f"{what} are taken; expected a UsageError"


def _fingerprint(own: Extractor) -> Faults:
    known = own.fingerprint()
    if not known.startswith(f"{own.name}-"):
        yield f"the fingerprint {known!r} does not begin with '{own.name}-'"
    if {own.fingerprint(), clone(own).fingerprint()} != {known}:
        yield "the fingerprint is another one each time"
    if own.fingerprint({"size": 64}) == known:
        yield "the fingerprint does not depend on the preparation"
    idle = (*own.execution, *own.told)
    for key, value in own.get_params(deep=False).items():
        try:
            changes = clone(own).set_params(**{key: _other(value)}).fingerprint() != known
        except (GliaboostError, TypeError, ValueError):  # that value is none for this parameter
            changes = key not in idle
        if changes and key in idle:
            where = "execution" if key in own.execution else "told"
            yield f"{key} changes the fingerprint; expected not to, as it is in {where}"
        if not changes and key not in idle:
            yield (
                f"{key} does not change the fingerprint; expected to, or to be named in execution "
                "or told"
            )


def _names_back(own: Extractor, shape: tuple[int, int]) -> Faults:
    if type(own).from_names.__func__ is Extractor.from_names.__func__:  # type: ignore[attr-defined]
        return
    names = own.feature_names(*shape)
    if type(own).from_names(names).feature_names(*shape) != names:
        yield "an extractor rebuilt by from_names has other names"
    if names[-1] not in type(own).from_names(names[-1:]).feature_names(*shape):
        yield f"an extractor rebuilt from {names[-1]!r} alone does not give that column"


def _places(own: Extractor, shape: tuple[int, int]) -> Faults:
    for height, width in (shape, (shape[0] + 5, shape[1] + 3)):
        for name in own.feature_names(height, width):
            box = own.place(name, height, width)
            if box is None:
                continue
            top, left, bottom, right = box
            if not (0 <= top < bottom <= height and 0 <= left < right <= width):
                yield f"{name!r} is placed at {tuple(box)}, outside images of {height} x {width}"
                return


def _equal(own: Extractor, got: Any, wanted: NDArray[np.float32], close: float = 0.0) -> bool:
    allowed = max(own.tolerance, close)
    if got.shape != wanted.shape:
        return False
    if allowed:
        return bool(np.allclose(got, wanted, rtol=allowed, atol=allowed, equal_nan=True))
    return np.array_equal(got, wanted, equal_nan=True)


def _by(own: Extractor, got: NDArray[np.float32], wanted: NDArray[np.float32]) -> str:
    if got.shape != wanted.shape:
        return f"(shape {list(got.shape)} for {list(wanted.shape)})"
    most = float(np.nanmax(np.abs(got - wanted), initial=0))
    return f"(by up to {most:.2g}; its tolerance is {own.tolerance:g})"


def _other(value: Any) -> Any:
    """Give another value of the same kind, as far as one can be thought of."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return f"{value}-other"
    if isinstance(value, list | tuple) and value:
        return type(value)([*value[:-1], _other(value[-1])])
    return 1


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
