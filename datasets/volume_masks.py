"""The mask of a volume, on the volume's own grid, or the reason why it is none."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.mask_checks import WHOLE
from gliaboost.datasets.nifti_file import NiftiFile, read_nifti_file
from gliaboost.datasets.volumes import Volume
from gliaboost.errors import DecodeError

# Grids that lie less than this share of a voxel apart are one.
_APART = 0.1
# How much of a mask may lie outside of its scan, and of two boxes of one shape outside of another.
_OUTSIDE, _OVERLAP = 0.05, 0.5


def read_mask(file: Path, volume: Volume) -> NDArray[np.uint8]:
    """Read the mask of a tumour onto a volume's grid.

    Parameters
    ----------
    file : pathlib.Path
        A NIfTI map of labels: what is not 0 belongs to the tumour. One on another grid is resampled
        to the nearest voxel, by where both headers say that they lie.
    volume : Volume
        The scan.

    Returns
    -------
    uint8 array [X, Y, Z]
        0 and 255.

    Raises
    ------
    DecodeError
        If the file cannot be read, holds fractions or negative numbers, lies elsewhere than the
        scan, or fills the head as a mask of the brain does.
    """
    read = read_nifti_file(file)
    if read.frames > 1:
        raise DecodeError(file, f"holds {read.frames} volumes; expected a mask of one")
    if read.colour:
        raise DecodeError(file, "holds colours; expected a mask of whole numbers")
    _check_values(file, read.values)
    drawn = read.values > 0.5
    inside = _on_grid(file, drawn, read, volume)
    if drawn.any() and not inside.any():
        raise DecodeError(file, "marks nothing of the volume, by where both say that they lie")
    share = (inside & volume.head).sum() / max(int(volume.head.sum()), 1)
    if share > WHOLE:
        raise DecodeError(file, f"fills {share:.0%} of the head: no tumour's mask but the brain's?")
    return np.where(inside, np.uint8(255), np.uint8(0))


def _check_values(file: Path, values: NDArray[np.float32]) -> None:
    if not np.isfinite(values).all():
        raise DecodeError(file, "holds what is no number; expected a mask of whole numbers")
    if values.min() < 0:
        raise DecodeError(file, "holds negative numbers; expected a mask of 0 and labels above")
    # Labels that were scaled on the way are whole but for a rounding.
    if np.abs(values - np.rint(values)).max() > 1e-2:
        raise DecodeError(file, "holds fractions: probabilities? Cut them at a threshold first")


def _on_grid(
    file: Path, drawn: NDArray[np.bool_], read: NiftiFile, volume: Volume
) -> NDArray[np.bool_]:
    if drawn.shape == volume.grey.shape:
        apart = _corners(drawn.shape, read.affine) - _corners(drawn.shape, volume.affine)
        finest = min(np.linalg.norm(a[:3, :3], axis=0).min() for a in (read.affine, volume.affine))
        if np.abs(apart).max() <= _APART * finest:
            return drawn
        if _overlap(drawn.shape, read.affine, volume.affine) < _OVERLAP:
            raise DecodeError(
                file,
                "has the volume's shape, but its header says that it lies elsewhere; give it the "
                "volume's affine",
            )
    if not (read.oriented and volume.oriented):
        raise DecodeError(file, "has another grid than the volume, and one of them names no place")
    to_voxels = np.linalg.inv(volume.affine) @ read.affine
    lost = 0
    for k in range(drawn.shape[2]):  # the places of all voxels at once take gigabytes
        places = np.argwhere(drawn[:, :, k : k + 1]) + np.array([0, 0, k])
        at = np.rint(places @ to_voxels[:3, :3].T + to_voxels[:3, 3])
        lost += int(((at < 0) | (at >= volume.grey.shape)).any(axis=1).sum())
    share = lost / max(int(drawn.sum()), 1)
    if share > _OUTSIDE:
        raise DecodeError(file, f"marks {share:.0%} of its voxels outside of the volume")
    return _nearest(drawn, np.linalg.inv(to_voxels), volume.grey.shape)


def _nearest(
    drawn: NDArray[np.bool_], from_voxels: NDArray[Any], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Look up the nearest voxel of a mask for each of a grid."""
    from scipy.ndimage import affine_transform

    found = affine_transform(
        drawn.astype(np.uint8),
        from_voxels[:3, :3],
        from_voxels[:3, 3],
        output_shape=shape,
        order=0,
        mode="constant",
        cval=0,
    )
    return np.asarray(found > 0)


def _corners(shape: tuple[int, ...], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.array(list(product(*((-0.5, n - 0.5) for n in shape))))
    return np.asarray(ends @ affine[:3, :3].T + affine[:3, 3])


def _overlap(shape: tuple[int, ...], one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Share of the boxes around two grids of one shape that both cover."""
    boxes = [_corners(shape, affine) for affine in (one, other)]
    low = np.max([b.min(axis=0) for b in boxes], axis=0)
    high = np.min([b.max(axis=0) for b in boxes], axis=0)
    common = np.prod(np.clip(high - low, 0, None))
    return float(common / max(np.prod(np.ptp(b, axis=0)) for b in boxes))
