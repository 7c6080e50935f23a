from __future__ import annotations

from pathlib import PurePath

import pytest

from gliaboost.datasets.sources.mask_names import pair


def paired(*files: str) -> tuple[list[str], dict[str, str], list[str]]:
    pairs = pair(map(PurePath, files))
    masks = {k.as_posix(): v.as_posix() for k, v in pairs.masks.items()}
    return [f.as_posix() for f in pairs.images], masks, [f.as_posix() for f in pairs.lone]


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("a/1.png", "a/1_mask.png"),
        ("a/1.jpg", "a/1-Seg.PNG"),
        ("a/1.png", "a/mask_1.png"),
        ("a/b (1).png", "a/b (1)_mask.png"),
        ("a/1.png", "a/1_m.png"),
        ("images/a/1.png", "masks/a/1.png"),
        ("a/images/1.png", "a/masks/1_mask.tif"),
        ("a/1.png", "a/Tumor_Masks/1.png"),
        ("a/1.png", "masks/1.png"),
    ],
)
def test_names_of_masks(image: str, mask: str) -> None:
    assert paired(image, mask, "b/2.png") == (sorted([image, "b/2.png"]), {image: mask}, [])


def test_a_mask_is_that_of_the_whole_name() -> None:
    images, masks, lone = paired("a/P1.png", "a/P10.png", "a/P10_mask.png", "a/P100_mask.png")
    assert (images, masks) == (["a/P1.png", "a/P10.png"], {"a/P10.png": "a/P10_mask.png"})
    assert lone == ["a/P100_mask.png"]


def test_a_stem_that_two_images_have_is_nobodys() -> None:
    _, masks, lone = paired("a/1.png", "b/1.png", "masks/1.png")
    assert (masks, lone) == ({}, ["masks/1.png"])


def test_further_masks_of_an_image_are_told() -> None:
    _, masks, lone = paired("a/1.png", "a/1_mask.png", "a/1_mask_2.png")
    assert (masks, lone) == ({"a/1.png": "a/1_mask.png"}, ["a/1_mask_2.png"])


def test_names_that_only_look_like_masks_are_images() -> None:
    assert paired("a/patient_m.png", "b/1.png")[0] == ["a/patient_m.png", "b/1.png"]
    assert paired("a/1_seg.png", "b/2_seg.png") == (["a/1_seg.png", "b/2_seg.png"], {}, [])


def test_two_masks_of_one_stem_in_other_folders_are_nobodys() -> None:
    _, masks, lone = paired("a/1.png", "masks/x/1.png", "masks/y/1.png")
    assert (masks, lone) == ({}, ["masks/x/1.png", "masks/y/1.png"])
