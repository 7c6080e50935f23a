"""Masks of slices put together to the mask of a volume, and written on the volume's own grid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.datasets.nifti_file import SUFFIXES, stored_header
from gliaboost.datasets.volumes import Volume, check_plane
from gliaboost.errors import UsageError
from gliaboost.models.segmentation.mask_files import at_stored_size, written


def volume_mask(
    masks: Mapping[int, NDArray[np.bool_]], plane: str, volume: Volume
) -> NDArray[np.bool_]:
    """Put masks of slices where the slices were cut.

    Parameters
    ----------
    masks : mapping of int to bool array [H, W]
        By the slice's position; at the size that `Volume.cut` gives. Other slices stay empty.
    plane : {"axial", "coronal", "sagittal"}
        Across which the volume was cut.
    volume : Volume
        As `gliaboost.datasets.volumes.read_volume` gives it.

    Returns
    -------
    bool array [X, Y, Z]
        Axes as the volume's; a voxel is inside where half of it is.

    Raises
    ------
    UsageError
        If there is no such slice, or a mask has another size than it.
    """
    axis = check_plane(plane)
    whole = np.zeros(volume.grey.shape, bool)
    for position, mask in masks.items():
        want = volume.cut(plane, position).shape
        if mask.shape != want or mask.dtype != bool:
            raise UsageError(
                f"the mask of {plane} slice {position} is {mask.dtype} {list(mask.shape)}; "
                f"expected bool {list(want)}, as the slice"
            )
        across, down = (volume.grey.shape[a] for a in range(3) if a != axis)
        place: list[Any] = [slice(None)] * 3
        place[axis] = position
        whole[tuple(place)] = at_stored_size(mask, down, across).T[::-1, ::-1]
    return whole


def write_nifti_mask(mask: NDArray[np.bool_], like: ImageLike, path: Path | str) -> Path:
    """Write the mask of a volume with the volume's own grid: its axes, affine and codes.

    Parameters
    ----------
    mask : bool array [X, Y, Z]
        Axes to the patient's right, front and top, as of `gliaboost.datasets.volumes.read_volume`.
    like : path-like or ImageSource
        The NIfTI file that the volume was read from.
    path : path-like
        Ends in ``.nii.gz`` or ``.nii``; its folder is made.

    Returns
    -------
    pathlib.Path
        The file: 8-bit, 1 inside, 0 outside, three dimensions. Of the volume's header it keeps
        where the voxels lie, and neither description nor extensions, which may name a patient.

    Raises
    ------
    DecodeError
        If `like` cannot be read.
    UsageError
        If the mask has another shape than the volume, or cannot be written.
    """
    import nibabel
    from nibabel import orientations

    path = Path(path)
    if not path.name.lower().endswith(SUFFIXES):
        raise UsageError(f"{path}: a volume is written as .nii.gz or .nii; name it so")
    header, affine = stored_header(like)
    shape = tuple([*header.get_data_shape(), 1, 1, 1][:3])
    library: Any = orientations
    turns = library.io_orientation(affine)
    # What reading does to axes is undone.
    upright = [shape[int(axis)] for axis in np.argsort(turns[:, 0])]
    if list(mask.shape) != upright or mask.dtype != bool:
        raise UsageError(
            f"the mask is {mask.dtype} {list(mask.shape)}; expected bool {upright}, as the volume "
            f"of {ImageSource.of(like).name}"
        )
    same = np.array([[0, 1], [1, 1], [2, 1]])
    stored = library.apply_orientation(mask, library.ornt_transform(same, turns))
    files: Any = nibabel
    two = header["sizeof_hdr"] == 540
    image = (files.Nifti2Image if two else files.Nifti1Image)(
        np.ascontiguousarray(stored, np.uint8), None, _bare(header)
    )
    # A name that says how it is packed, so that the library packs it.
    ending = ".nii.gz" if path.name.lower().endswith(".gz") else ".nii"
    with written(path) as temporary:
        beside = temporary.with_name(temporary.name + ending)
        try:
            image.to_filename(beside)
            temporary.write_bytes(beside.read_bytes())
        finally:
            beside.unlink(missing_ok=True)
    return path


def _bare(header: Any) -> Any:
    """Keep of a header where the voxels lie."""
    kept = type(header)()
    for name in ("pixdim", "qform_code", "sform_code", "xyzt_units"):
        kept[name] = header[name]
    for letter in "bcd":
        kept[f"quatern_{letter}"] = header[f"quatern_{letter}"]
    for letter in "xyz":
        kept[f"qoffset_{letter}"] = header[f"qoffset_{letter}"]
        kept[f"srow_{letter}"] = header[f"srow_{letter}"]
    kept.set_data_dtype(np.uint8)
    kept["descrip"] = b"tumour mask by gliaboost"
    kept["cal_max"] = 1
    return kept
