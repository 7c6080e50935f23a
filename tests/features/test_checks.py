"""Every extractor keeps the contract, and each way of breaking it is found and named."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import ContractError
from gliaboost.features import (
    GLCM,
    HOG,
    LBP,
    Box,
    Extractor,
    check_extractor,
    extractor_class,
    extractor_names,
)
from gliaboost.features.checks import sample_images

Image = NDArray[np.uint8]
Columns = NDArray[np.float32]


# A small network shows as much as the default one.
SMALL: dict[str, dict[str, Any]] = {
    "embedding": {"backbone": "mobilenetv3_small_050", "weights": "random"},
    "fisher": {"modes": 4, "dims": 8},
    "region": {"segmenter": "otsu", "maps": "classical"},
}
# Segmenters take squares.
SHAPES = {"region": (64, 64)}


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Keep torch to one core: it shares the machine with other tests."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.integration
@pytest.mark.parametrize("name", extractor_names())
def test_every_extractor_keeps_the_contract(name: str, request: pytest.FixtureRequest) -> None:
    if name == "embedding":
        request.getfixturevalue("one_thread")
    own = extractor_class(name)(**SMALL.get(name, {}))
    check_extractor(own, shape=SHAPES.get(name, (96, 80)))


@pytest.mark.parametrize(
    "extractor",
    [
        HOG(12, (16, 8), cells_per_block=(1, 3), transform_sqrt=True, soft_bins=True),
        LBP(8, 1.5, method="nri_uniform", grid=(3, 2)),
        LBP([6, 12], [1, 2], method="ror"),
        GLCM(8, 1, [0, 22.5], ("contrast", "ASM"), symmetric=False, grid=(2, 3)),
    ],
    ids=lambda e: e.label,
)
def test_an_instance_is_tried_with_its_own_parameters(extractor: Extractor) -> None:
    check_extractor(extractor)


class Good(Extractor):
    """Quantiles of the grey levels; each class below breaks it in one way."""

    name: ClassVar[str] = "good"

    def __init__(self, quantiles: Sequence[float] = (0.25, 0.5), device: str = "cpu") -> None:
        self.quantiles = quantiles
        self.device = device

    execution: ClassVar[tuple[str, ...]] = ("device",)

    def _extract(self, images: Image) -> Columns:
        flat = images.reshape(len(images), images.shape[1] * images.shape[2])
        return np.ascontiguousarray(np.quantile(flat, self.quantiles, axis=1).T, np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return [f"{self.name}__q_{q}" for q in self.quantiles]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> Good:
        return cls([float(n.rpartition("_")[2]) for n in names])


class ConvertsParameters(Good):
    def __init__(self, quantiles: Sequence[float] = (0.25, 0.5), device: str = "cpu") -> None:
        super().__init__(tuple(np.array(quantiles)), device)


class NeedsParameters(Good):
    def __init__(self, quantiles: Sequence[float]) -> None:
        super().__init__(quantiles)


class SpaceInName(Good):
    name: ClassVar[str] = "not good"


class NoTitle(Good):
    title: ClassVar[str] = ""


class VersionZero(Good):
    version: ClassVar[int] = 0


class UnknownExecution(Good):
    execution: ClassVar[tuple[str, ...]] = ("device", "jobs")


class DoublePrecision(Good):
    def _extract(self, images: Image) -> Columns:
        return super()._extract(images).astype(np.float64)


class FortranOrder(Good):
    def _extract(self, images: Image) -> Columns:
        return np.asfortranarray(super()._extract(images))


class MissingName(Good):
    def _names(self, height: int, width: int) -> list[str]:
        return super()._names(height, width)[1:]


class NameTwice(Good):
    def _names(self, height: int, width: int) -> list[str]:
        return [f"{self.name}__q_0.5"] * len(self.quantiles)


class ForeignNames(Good):
    def _names(self, height: int, width: int) -> list[str]:
        return [f"fine__q_{q}" for q in self.quantiles]


class NotFinite(Good):
    def _extract(self, images: Image) -> Columns:
        spread = images.std(axis=(1, 2), keepdims=True)
        with np.errstate(all="ignore"):
            return np.asarray(super()._extract(images) / spread[:, 0], np.float32)


class NotWithoutImages(Good):
    def transform(self, X: Any) -> Any:
        return super().transform(X) if len(X) else np.empty((0, 0), np.float32)


class AltersInput(Good):
    def _extract(self, images: Image) -> Columns:
        found = super()._extract(images)
        if images.flags.writeable:
            images[:, 0, 0] ^= 1
        return found


class SeesTheBatch(Good):
    def _extract(self, images: Image) -> Columns:
        brightest = images.max(initial=1) if len(images) > 1 else 1
        return np.asarray(super()._extract(images) / np.float32(brightest))


class SeesTheOrder(Good):
    def _extract(self, images: Image) -> Columns:
        return super()._extract(images) + np.float32(images[0, 0, 0])


class SharesState(Good):
    def _extract(self, images: Image) -> Columns:
        self.seen = super()._extract(images)
        time.sleep(0.01)
        return self.seen


class OneAtATime(Good):
    busy = False

    def _extract(self, images: Image) -> Columns:
        if self.busy:
            raise RuntimeError("busy")
        self.busy = True
        time.sleep(0.01)
        self.busy = False
        return super()._extract(images)


class AltersParameters(Good):
    def _extract(self, images: Image) -> Columns:
        self.quantiles = tuple(float(q) for q in self.quantiles)
        return super()._extract(images)


class ArrayForTensor(Good):
    def _extract_tensor(self, images: Any) -> Any:
        return self._extract(images.numpy())


class OtherNumbersForTensor(Good):
    def _extract_tensor(self, images: Any) -> Any:
        return super()._extract_tensor(images) + 1e-3


class TakesAnything(Good):
    def transform(self, X: Any) -> Any:
        given = np.asarray(X)
        self.image_shape_ = given.shape[1:3]
        return super()._extract(given.reshape(len(given), -1, 1))


class TypeErrorForColour(Good):
    def transform(self, X: Any) -> Any:
        if np.ndim(X) == 4:
            raise TypeError("four?")
        return super().transform(X)


class ForgetsParameter(Good):
    def spec(self) -> dict[str, Any]:
        spec = super().spec()
        del spec["parameters"]["quantiles"]
        return spec


class PrintsDevice(Good):
    def _identity(self) -> dict[str, Any]:
        return {**self.spec(), "device": self.device}


class PrintsWords(Good):
    told = ("quantiles",)

    def _identity(self) -> dict[str, Any]:
        return self.spec()


class NotPlain(Good):
    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "about": (1, 2)}


class RandomFingerprint(Good):
    def _identity(self) -> dict[str, Any]:
        return {**self.spec(), "made": time.perf_counter_ns()}


class NoPickle(Good):
    def __reduce__(self) -> Any:
        raise TypeError("no pickle of this")


class NamesTellTheWrongThing(Good):
    @classmethod
    def from_names(cls, names: Sequence[str]) -> Good:
        return cls((0.1, 0.9))


class OutsideTheImage(Good):
    def place(self, feature_name: str, height: int, width: int) -> Box:
        return Box(0, 0, 96, 80 + 1)


class InsideOneSizeAlone(Good):
    def place(self, feature_name: str, height: int, width: int) -> Box:
        return Box(0, 0, 101, 80)


class CloneForgets(Good):
    def __sklearn_clone__(self) -> Good:
        return type(self)()


class SetsText(Good):
    def set_params(self, **params: Any) -> Any:
        return super().set_params(**{k: str(v) for k, v in params.items()})


class NamesOutAreOthers(Good):
    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        return super().get_feature_names_out()[::-1]


class WritesToItsInput(Good):
    def _extract(self, images: Image) -> Columns:
        images[0, 0, 0] += 0
        return super()._extract(images)


class SeesStrides(Good):
    def transform(self, X: Any) -> Any:
        return super().transform(X) + np.float32(not np.asarray(X).flags.c_contiguous)


class HalfForTensor(Good):
    def _extract_tensor(self, images: Any) -> Any:
        return super()._extract_tensor(images).half()


class AltersTensor(Good):
    def _extract_tensor(self, images: Any) -> Any:
        found = super()._extract_tensor(images)
        images.zero_()
        return found


class HidesState(Good):
    factor = 1

    def _extract(self, images: Image) -> Columns:
        return super()._extract(images) * np.float32(self.factor)


def hiding() -> Extractor:
    own = HidesState()
    own.factor = 2
    return own


class PickleForgets(Good):
    def __reduce__(self) -> Any:
        return type(self), ()


class BareFingerprint(Good):
    def fingerprint(self, preparation: Any = None) -> str:
        return super().fingerprint().partition("-")[2]


class OneNameTellsTooLittle(Good):
    @classmethod
    def from_names(cls, names: Sequence[str]) -> Good:
        return super().from_names(names) if len(names) > 1 else cls([0.99])


class FitGivesNothing(Good):
    def fit(self, X: Any, y: Any = None) -> Any:
        super().fit(X)


def test_a_sound_one_has_no_fault() -> None:
    check_extractor(Good)
    check_extractor(Good([0.1, 0.75, 0.9]))


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (ConvertsParameters, "the constructor alters quantiles; expected parameters stored"),
        (NeedsParameters, "NeedsParameters() fails (TypeError: "),
        (SpaceInName, "name is 'not good'; expected a word without spaces"),
        (NoTitle, "title is ''; expected what a report calls it"),
        (VersionZero, "version is 0; expected a whole number >= 1"),
        (UnknownExecution, "execution has jobs, which are no parameters"),
        (DoublePrecision, "an array gives a ndarray [7, 2] of float64; expected a float32 array"),
        (FortranOrder, "columns are not in C order"),
        (MissingName, "7 images and 1 names give columns of shape [7, 2]; expected [7, 1]"),
        (NameTwice, "1 names are given twice, such as 'good__q_0.5'"),
        (ForeignNames, "the name 'fine__q_0.25' does not begin with 'good__'"),
        (NotFinite, "columns of black, grey, white are not finite"),
        (NotWithoutImages, "no image gives float32 [0, 0]; expected float32 [0, 2]"),
        (AltersInput, "transform alters its input"),
        (SeesTheBatch, "an image alone gives other numbers than in a batch (by up to 2.5e+02;"),
        (SeesTheOrder, "the order of images changes their numbers (by up to "),
        (SharesState, "two threads at once get other numbers than one"),
        (OneAtATime, "two threads at once fail with RuntimeError: busy"),
        (AltersParameters, "transform alters the parameters quantiles"),
        (TakesAnything, "float32 images are taken; expected a UsageError"),
        (TypeErrorForColour, "colour images [N, H, W, 3] end in TypeError: four?; expected a Us"),
        (ForgetsParameter, "quantiles does not change the fingerprint; expected to, or to be"),
        (PrintsDevice, "device changes the fingerprint; expected not to, as it is in execution"),
        (PrintsWords, "quantiles changes the fingerprint; expected not to, as it is in told"),
        (NotPlain, "spec() is not plain: JSON gives other values back"),
        (RandomFingerprint, "the fingerprint is another one each time"),
        (NoPickle, "pickling: fails with TypeError: no pickle of this"),
        (NamesTellTheWrongThing, "an extractor rebuilt by from_names has other names"),
        (OutsideTheImage, "'good__q_0.25' is placed at (0, 0, 96, 81), outside images of 96 x 80"),
        (InsideOneSizeAlone, "is placed at (0, 0, 101, 80), outside images of 96 x 80"),
        (FitGivesNothing, "fit does not return the extractor itself"),
        (CloneForgets([0.1]), "clone gives other values of quantiles"),
        (SetsText, "set_params alters quantiles"),
        (NamesOutAreOthers, "get_feature_names_out and feature_names give other names"),
        (NamesOutAreOthers, "in a scikit-learn pipeline it has other names"),
        (WritesToItsInput, "input: fails with ValueError: assignment destination is read-only"),
        (SeesStrides, "an array that is not in C order gives other numbers"),
        (ForgetsParameter([0.1]), "an extractor rebuilt from spec() has other names"),
        (RandomFingerprint, "an extractor rebuilt from spec() has another fingerprint"),
        (hiding(), "an extractor rebuilt from spec() gives other numbers"),
        (hiding(), "in a scikit-learn pipeline it gives other numbers"),
        (PickleForgets([0.1]), "a pickled extractor has another fingerprint"),
        (PickleForgets([0.1, 0.3]), "a pickled extractor gives other numbers"),
        (BareFingerprint, "does not begin with 'good-'"),
        (BareFingerprint, "the fingerprint does not depend on the preparation"),
        (OneNameTellsTooLittle, "rebuilt from 'good__q_0.5' alone does not give that column"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_breaks_the_contract_is_named(broken: type[Extractor] | Extractor, fault: str) -> None:
    with pytest.raises(ContractError) as error:
        check_extractor(broken)
    assert any(fault in found for found in error.value.faults), error.value


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (ArrayForTensor, "a tensor gives a ndarray; expected a tensor"),
        (
            HalfForTensor,
            "a tensor on cpu gives torch.float16 on cpu; expected torch.float32",
        ),
        (AltersTensor, "transform alters a tensor"),
        (OtherNumbersForTensor, "a tensor on cpu gives other numbers than an array"),
    ],
)
def test_what_breaks_the_contract_for_tensors_is_named(broken: type[Extractor], fault: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ContractError) as error:
        check_extractor(broken)
    (found,) = error.value.faults
    assert fault in found


def test_all_faults_come_at_once() -> None:
    class Bad(NotFinite, AltersInput):
        name: ClassVar[str] = "b a d"
        version: ClassVar[int] = 0

    with pytest.raises(ContractError, match=r"extractor 'b a d': \d+ faults\n  - name is 'b a d'"):
        check_extractor(Bad)


def test_what_is_no_extractor_is_named() -> None:
    with pytest.raises(ContractError, match=r"dict is no extractor; expected a subclass of glia"):
        check_extractor(dict)  # type: ignore[arg-type]


def test_without_torch_tensors_are_passed_over_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("gliaboost.features.checks.find_spec", lambda name: None)
    with pytest.warns(UserWarning, match="torch is not installed: tensors were not checked"):
        check_extractor(Good)


def test_the_images_are_hard_and_always_the_same() -> None:
    images = sample_images(40, 30)
    assert [int(images[i].std()) for i in range(3)] == [0, 0, 0]
    assert len({image.tobytes() for image in images}) == len(images)
    np.testing.assert_array_equal(images, sample_images(40, 30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample_images(8, 8)
