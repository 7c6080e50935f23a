"""Which files are masks, and of which image, by their names and folders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

from gliaboost.datasets.sources.base import letters

MASK_FOLDERS = (
    *("mask", "masks", "segmentation", "segmentations", "groundtruth", "groundtruths"),
    *("annotation", "annotations", "seg", "segs", "roi", "rois"),
)
IMAGE_FOLDERS = ("image", "images", "img", "imgs", "scans", "original", "originals")
SUFFIX = re.compile(
    r"[ _.-]+(masks?|seg|segm|segmentation|annotation|gt|m)([ _.-]?\(?\d+\)?)?$", re.IGNORECASE
)
PREFIX = re.compile(r"^(mask|seg|segmentation)[ _.-]+(?=.)", re.IGNORECASE)
# An image may be called so too: a mask only where its image is there.
_WEAK = re.compile(r"[ _.-]+(gt|m|annotation)([ _.-]?\(?\d+\)?)?$", re.IGNORECASE)

Key = tuple[str, ...]


class MaskPairs(NamedTuple):
    """Images, the mask of each that has one, and masks that are nobody's first."""

    images: list[PurePath]
    masks: dict[PurePath, PurePath]
    lone: list[PurePath]


def is_mask_folder(name: str) -> bool:
    """Whether a folder holds masks, by its name.

    Examples
    --------
    >>> is_mask_folder("Masks"), is_mask_folder("tumor_masks"), is_mask_folder("glioma")
    (True, True, False)
    """
    plain = letters(name)
    return plain in MASK_FOLDERS or plain.endswith(("mask", "masks"))


def is_mask(file: PurePath) -> bool:
    """Whether a file is a mask, by its name or its folders'.

    Examples
    --------
    >>> [is_mask(PurePath(f)) for f in ("1_mask.png", "masks/1.png", "1.png", "1_seg_2.tif")]
    [True, True, False, True]
    """
    named = bool(SUFFIX.search(file.stem) or PREFIX.search(file.stem))
    return named or any(map(is_mask_folder, file.parts[:-1]))


def key_of(file: PurePath) -> Key:
    """Name what an image and its mask have in common: folders but for their kind, and the stem."""
    folders = [
        p.lower()
        for p in file.parts[:-1]
        if letters(p) not in IMAGE_FOLDERS and not is_mask_folder(p)
    ]
    return (*folders, PREFIX.sub("", SUFFIX.sub("", file.stem)).lower())


def pair(files: Iterable[PurePath]) -> MaskPairs:
    """Part images from masks, and find each image's mask.

    Parameters
    ----------
    files : iterable of pathlib.PurePath
        Relative to the data set's folder.

    Returns
    -------
    MaskPairs
        Where all files would be masks none is. A mask is its image's by folders and stem, else by
        the stem alone if only one image and one mask have it.

    Examples
    --------
    >>> pairs = pair(map(PurePath, ["a/1.png", "a/1_mask.png", "b/2.png", "b/9_mask.png"]))
    >>> [f.name for f in pairs.images], [m.name for m in pairs.masks.values()]
    (['1.png', '2.png'], ['1_mask.png'])
    >>> [m.name for m in pairs.lone]
    ['9_mask.png']
    """
    files = list(files)
    images = [f for f in files if not is_mask(f)]
    masks = [f for f in files if is_mask(f)]
    if not images or not masks:
        return MaskPairs(files, {}, [])
    found: dict[PurePath, PurePath] = {}
    lone: list[PurePath] = []
    keys = [key_of(f) for f in images]
    by_key = dict(zip(reversed(keys), reversed(images), strict=True))
    named = Counter(key[-1] for key in keys)
    by_stem = {k[-1]: f for k, f in zip(keys, images, strict=True) if named[k[-1]] == 1}
    mask_stems = Counter(key_of(f)[-1] for f in masks)
    for mask in masks:
        key = key_of(mask)
        image = by_key.get(key)
        in_folder = any(map(is_mask_folder, mask.parts[:-1]))
        if image is None and in_folder and mask_stems[key[-1]] == 1:
            image = by_stem.get(key[-1])
        if image is None and not in_folder and _WEAK.search(mask.stem):
            images.append(mask)
        elif image is None or image in found:
            lone.append(mask)
        else:
            found[image] = mask
    return MaskPairs(sorted(images), found, lone)
