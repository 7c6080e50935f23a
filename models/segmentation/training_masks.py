"""What a segmenter learns from: the masks of a manifest, and the rows that say nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.mask_checks import mask_fault
from gliaboost.datasets.placement import placement
from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.sources.base import NO_TUMOR
from gliaboost.datasets.sources.labels import presence_of
from gliaboost.errors import DecodeError, UsageError
from gliaboost.parallel import map_in_order


@dataclass(frozen=True, eq=False)
class TrainingMasks:
    """Prepared masks, and which rows have one.

    Attributes
    ----------
    masks : bool array [N, S, S]
        On the prepared images; all False where there is none.
    known : bool array [N]
        Whether it is known where the tumour is: a mask, or a label that says there is none. A row
        of a tumour without a mask teaches nothing.
    failed : dict of int to str
        Rows whose mask cannot be used, with the reason.
    """

    masks: NDArray[np.bool_]
    known: NDArray[np.bool_]
    failed: dict[int, str]


def read_training_masks(
    manifest: Manifest,
    rows: Sequence[int] | NDArray[np.int64],
    preparation: Preparation,
    *,
    jobs: int | None = None,
) -> TrainingMasks:
    """Read the masks of some rows, as they lie on the prepared images.

    Parameters
    ----------
    manifest : Manifest
        Its ``mask`` column names files; a row without one counts as known to be healthy where
        its label (or ``presence``) is a usual word for no tumour.
    rows : sequence of int [N]
        Which; their pictures are readable.
    preparation : Preparation
        Of the images.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    TrainingMasks
        In the order of `rows`.
    """
    files, paths, healthy = manifest.masks, manifest.paths, healthy_rows(manifest)
    size = preparation.size
    masks = np.zeros((len(rows), size, size), bool)
    known = np.zeros(len(rows), bool)
    failed: dict[int, str] = {}

    def read(k: int) -> None:
        row = int(rows[k])
        mask = files[row]
        if mask is None:
            known[k] = healthy[row]
            return
        try:
            image, drawn = decode(paths[row]), decode_mask(mask)
            placed = placement(preparation, image).mask(drawn)
            if (fault := mask_fault(drawn, decode(mask), image)) is not None:
                raise DecodeError(mask, fault)
            masks[k], known[k] = placed, True
        except DecodeError as error:
            failed[k] = f"{mask}: {error.reason}"
        except UsageError as error:
            failed[k] = f"{mask}: {error}"

    deque(map_in_order(read, range(len(rows)), jobs=jobs), maxlen=0)
    return TrainingMasks(masks, known, dict(sorted(failed.items())))


def healthy_rows(manifest: Manifest) -> list[bool]:
    """Say of each row whether its label, or its ``presence``, names no tumour."""
    table = manifest.table
    named = "presence" if "presence" in table and table["presence"].notna().any() else "label"
    return [isinstance(v, str) and presence_of(v) == NO_TUMOR for v in table[named]]
