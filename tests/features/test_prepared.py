from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageSource
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.features.prepared import read_images

PREPARATION = Preparation(size=32)


def test_images_in_memory_are_those_of_their_files(make_images: Callable[..., Path]) -> None:
    paths = Manifest.read(make_images(patients=4)).paths
    lying, rows, failed = read_images(paths, PREPARATION, jobs=2)
    held, *_ = read_images([ImageSource("x", p.read_bytes()) for p in paths], PREPARATION)
    np.testing.assert_array_equal(lying, held)
    np.testing.assert_array_equal(lying[5], PREPARATION(decode(paths[5])))
    assert (rows, failed) == (list(range(12)), {})


def test_what_cannot_be_read_is_left_out_with_its_reason(
    make_images: Callable[..., Path],
) -> None:
    good = Manifest.read(make_images(patients=2)).paths
    images, rows, failed = read_images(
        [ImageSource("cut", b"\x89PNG\r\n\x1a\n"), good[0], "absent.png", str(good[1])], PREPARATION
    )
    assert rows == [1, 3]
    assert images.shape == (2, 32, 32)
    np.testing.assert_array_equal(images[1], PREPARATION(decode(good[1])))
    assert list(failed) == [0, 2]
    assert failed[2] == "no such file"
