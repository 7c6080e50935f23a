"""Prepared images in one array: what networks learn from."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike, image_sources
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import DecodeError
from gliaboost.parallel import map_in_order


def read_images(
    given: Sequence[ImageLike], preparation: Preparation, *, jobs: int | None = None
) -> tuple[NDArray[np.uint8], list[int], dict[int, str]]:
    """Decode and prepare images in threads.

    Parameters
    ----------
    given : sequence of path-like or ImageSource
        Image files, or images in memory.
    preparation : Preparation
        Its ``size`` is the side of every image.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    images : uint8 array [n, S, S]
        Those that could be read.
    rows : list of int
        Which of `given` these are.
    failed : dict of int to str
        The others, with the reason.
    """
    sources = image_sources(given)
    images = np.empty((len(sources), preparation.size, preparation.size), np.uint8)
    failed: dict[int, str] = {}

    def read(row: int) -> None:
        try:
            images[row] = preparation(decode(sources[row]))
        except DecodeError as error:
            failed[row] = error.reason

    deque(map_in_order(read, range(len(sources)), jobs=jobs), maxlen=0)
    rows = [row for row in range(len(sources)) if row not in failed]
    return (images if not failed else images[rows]), rows, dict(sorted(failed.items()))
