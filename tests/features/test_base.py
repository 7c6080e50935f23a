"""The contract's own part: what every extractor does the same, arrays and tensors alike."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.features import GLCM, HOG, LBP, Extractor
from gliaboost.features.base import check_images, is_tensor

Image = NDArray[np.uint8]


class Corners(Extractor):
    """The first and the last pixel, scaled."""

    name: ClassVar[str] = "corners"

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale

    def _extract(self, images: Image) -> NDArray[np.float32]:
        assert images.flags.c_contiguous
        return (images.reshape(len(images), -1)[:, [0, -1]] * self.scale).astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return [f"corners__y0_x0_of_{height}x{width}", f"corners__y{height - 1}_x{width - 1}"]


def images() -> Image:
    return np.arange(2 * 5 * 7, dtype=np.uint8).reshape(2, 5, 7)


def test_a_subclass_needs_two_methods_alone() -> None:
    extractor = Corners(scale=2)
    assert extractor.fit_transform(images()).tolist() == [[0.0, 68.0], [70.0, 138.0]]
    assert extractor.get_feature_names_out().tolist() == ["corners__y0_x0_of_5x7", "corners__y4_x6"]
    assert extractor.label == "corners:scale=2"
    assert extractor.place("corners__y4_x6", 5, 7) is None


def test_images_that_are_not_contiguous_are_made_so() -> None:
    turned = images().transpose(0, 2, 1)
    np.testing.assert_array_equal(Corners().transform(turned), Corners().transform(images()))
    assert check_images(turned).flags.c_contiguous


def test_the_title_is_the_name_unless_the_class_has_one() -> None:
    class Named(Corners):
        name: ClassVar[str] = "named"

    class Titled(Named):
        title: ClassVar[str] = "Corner pixels"

    class Again(Titled):
        name: ClassVar[str] = "again"

    assert (Corners.title, Named.title) == ("corners", "named")
    assert (Titled.title, Again.title) == ("Corner pixels", "again")
    assert [HOG.title, LBP.title, GLCM.title] == ["HOG", "LBP", "GLCM"]


def test_where_it_is_computed_is_no_part_of_what_is_computed() -> None:
    class Elsewhere(Corners):
        execution: ClassVar[tuple[str, ...]] = ("jobs",)

        def __init__(self, scale: float = 1.0, jobs: int = 1) -> None:
            super().__init__(scale)
            self.jobs = jobs

    assert Elsewhere(jobs=4).spec()["parameters"] == {"scale": 1.0}
    assert Elsewhere(jobs=4).fingerprint() == Elsewhere().fingerprint()
    assert Elsewhere(jobs=4).fingerprint() != Elsewhere(2).fingerprint()
    assert Elsewhere(2, jobs=4).label == "corners:scale=2"


def test_names_that_tell_nothing_rebuild_nothing() -> None:
    with pytest.raises(UsageError, match=r"names of corners features .*; keep spec\(\)"):
        Corners.from_names(["corners__y0_x0"])


def test_columns_are_unknown_before_the_first_image() -> None:
    with pytest.raises(UsageError, match="Corners has seen no image yet"):
        Corners().get_feature_names_out()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \[4, 4\] and dtype uint8; .*image\[None\]"),
        (np.zeros((1, 4, 4)), "dtype float64; expected grey images as uint8"),
        (np.zeros((1, 4, 4, 3), np.uint8), r"shape \[1, 4, 4, 3\]"),
        (np.zeros((1, 0, 4), np.uint8), "images of 0 x 4 pixels have no pixels"),
    ],
)
@pytest.mark.parametrize("as_tensor", [False, True])
def test_what_is_no_image_is_refused(wrong: Any, message: str, as_tensor: bool) -> None:
    given = pytest.importorskip("torch").from_numpy(wrong) if as_tensor else wrong
    for use in (Corners().fit, Corners().transform, check_images):
        with pytest.raises(UsageError, match=message):
            use(given)


def test_a_tensor_gives_a_tensor() -> None:
    torch = pytest.importorskip("torch")
    got = Corners(0.5).transform(torch.from_numpy(images()).transpose(1, 2))
    assert got.dtype == torch.float32
    assert got.device.type == "cpu"
    np.testing.assert_array_equal(got.numpy(), Corners(0.5).transform(images()))
    assert isinstance(Corners().transform(images()), np.ndarray)


@pytest.mark.parametrize("as_tensor", [False, True])
def test_no_images_give_no_rows_and_all_columns(as_tensor: bool) -> None:
    given: Any = images()[:0]
    if as_tensor:
        given = pytest.importorskip("torch").from_numpy(given)
    found = Corners().transform(given)
    assert tuple(found.shape) == (0, 2)
    assert type(found) is type(given)
    assert str(found.dtype).endswith("float32")


def test_a_tensor_of_a_type_that_numpy_lacks_is_refused_by_name() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(UsageError, match="dtype bfloat16"):
        check_images(torch.zeros((1, 4, 4), dtype=torch.bfloat16))


def test_a_tensor_is_told_from_what_looks_like_one() -> None:
    torch = pytest.importorskip("torch")
    assert is_tensor(torch.zeros(1))
    assert not any(map(is_tensor, (np.zeros(1), [0], torch)))
