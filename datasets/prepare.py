"""What happens between decoding and extracting: a frozen, hashable value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError
from gliaboost.spelling import did_you_mean

Image = NDArray[np.uint8]

# Raised whenever the pixels change for the same values; part of `Preparation.to_dict`.
VERSION = 1
MIN_SIZE, MAX_SIZE = 8, 4096
# The head is cropped with so much around it, as a share of the box's longer side.
MARGIN = 0.02
# Percentiles of the foreground that become 0 and 255.
PERCENTILES = (1.0, 99.0)
# Standard deviations to either side of the foreground's mean that fill 0 to 255.
DEVIATIONS = 3.0
# OpenCV's usual CLAHE: a tile's histogram is clipped at so many times its mean.
CLAHE_CLIP, CLAHE_TILES = 2.0, (8, 8)
# Strength of non-local means in grey levels; windows as in the paper.
NLM_STRENGTH, NLM_PATCH, NLM_SEARCH = 7.0, 7, 21


@dataclass(frozen=True)
class Preparation:
    """Bring every image to one size, and optionally crop, denoise and normalise it.

    The steps come in the order of the parameters below. Each image is prepared by itself: nothing
    is learned from others, so it does not matter which of them are in training.

    Parameters
    ----------
    size : int
        Height and width of the result in pixels, 8 to 4096.
    crop : {"none", "foreground"}
        ``foreground`` cuts to the box of the largest bright component (the head), by half of Otsu's
        threshold, with a margin.
    denoise : {"none", "median", "nlm"}
        Median of 3 x 3, or non-local means (Buades, Coll and Morel 2005; slow).
    normalise : {"none", "percentile", "zscore", "clahe"}
        ``percentile`` stretches the 1st to 99th percentile of the pixels that are not black to 0 to
        255; ``zscore`` their mean plus or minus three standard deviations; ``clahe`` equalises
        locally (Zuiderveld 1994).
    keep_aspect : bool
        Pad the shorter side with black instead of stretching it.

    Raises
    ------
    UsageError
        If a value is not one of these.

    Notes
    -----
    There is no CT window here: brain, subdural and bone windows are ranges of Hounsfield units,
    which 8-bit images have lost. They act where the units still exist, when DICOM or NIfTI is
    converted (`gliaboost.datasets.windows`; ``gliaboost manifest dicom PATH --window bone``).

    Examples
    --------
    >>> import numpy as np
    >>> Preparation(size=64)(np.zeros((512, 512), np.uint8)).shape
    (64, 64)
    >>> Preparation(normalise="percentile") == Preparation.from_dict({"normalise": "percentile"})
    True
    """

    size: int = 256
    crop: str = "none"
    denoise: str = "none"
    normalise: str = "none"
    keep_aspect: bool = False

    def __post_init__(self) -> None:
        faults = []
        if isinstance(self.size, bool) or not isinstance(self.size, int):
            faults.append(f"size={self.size!r}; expected a whole number of pixels")
        elif not MIN_SIZE <= self.size <= MAX_SIZE:
            faults.append(f"size={self.size}; expected {MIN_SIZE} to {MAX_SIZE} pixels")
        for name, legal in (("crop", CROPS), ("denoise", DENOISERS), ("normalise", NORMALISERS)):
            value = getattr(self, name)
            if not isinstance(value, str) or value not in legal:
                faults.append(f"{name}={value!r}; expected one of {', '.join(legal)}")
        if not isinstance(self.keep_aspect, bool):
            faults.append(f"keep_aspect={self.keep_aspect!r}; expected true or false")
        if faults:
            raise UsageError("; ".join(faults))

    def __call__(self, image: Image) -> Image:
        """Prepare one image.

        Parameters
        ----------
        image : uint8 array [H, W]
            As `gliaboost.datasets.decode.decode` gives it.

        Returns
        -------
        uint8 array [size, size]
            Shrunk by area, enlarged bilinearly.
        """
        if image.ndim != 2 or image.dtype != np.uint8 or not image.size:
            raise UsageError(
                f"an image of shape {list(image.shape)} and dtype {image.dtype}; expected uint8 "
                "[H, W]"
            )
        top, left, bottom, right = self.cut(image)
        image = image[top:bottom, left:right]
        image = DENOISERS[self.denoise](image)
        image = NORMALISERS[self.normalise](image)
        top, left, bottom, right = self.placed(*image.shape)
        shown = _to_shape(image, bottom - top, right - left)
        if shown.shape == (self.size, self.size):
            return shown
        padded = np.zeros((self.size, self.size), np.uint8)
        padded[top:bottom, left:right] = shown
        return padded

    def cut(self, image: Image) -> tuple[int, int, int, int]:
        """Say which part of a picture is shown: its top, left, bottom and right, half-open."""
        return CROPS[self.crop](image)

    def placed(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Say where on the prepared image a part of `height` x `width` pixels lies.

        Examples
        --------
        >>> Preparation(size=32, keep_aspect=True).placed(10, 20)
        (8, 0, 24, 32)
        """
        if not self.keep_aspect:
            return 0, 0, self.size, self.size
        longer = max(height, width)
        height, width = (max(1, round(side * self.size / longer)) for side in (height, width))
        top, left = (self.size - height) // 2, (self.size - width) // 2
        return top, left, top + height, left + width

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; `from_dict` rebuilds it."""
        return {**asdict(self), "version": VERSION}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """Rebuild from `to_dict`; absent values take their default.

        Raises
        ------
        UsageError
            If a key is unknown, a value illegal, or the values were written by another version.
        """
        known = [f.name for f in fields(cls)]
        unknown = sorted(map(str, set(values) - {*known, "version"}))
        if unknown:
            hint = ""
            if "window" in unknown:
                hint = (
                    ". CT windows need Hounsfield units: choose one when the scans are read, with "
                    "gliaboost manifest dicom (or nifti) PATH --window brain"
                )
            raise UsageError(
                f"unknown preparation {', '.join(unknown)}; known are: {', '.join(known)}"
                f"{hint or did_you_mean(unknown[0], known)}"
            )
        version = values.get("version", VERSION)
        if version != VERSION:
            raise UsageError(
                f"images were prepared by version {version!r}; this gliaboost has version "
                f"{VERSION}. Extract and train again, or install the gliaboost that made them"
            )
        return cls(**{k: v for k, v in values.items() if k != "version"})

    def fingerprint(self) -> str:
        """Hash the values, 16 hexadecimal digits, the same on every machine."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def bright(image: Image, *, smooth: bool = True) -> NDArray[np.uint8]:
    """Tell what stands out of a dark ground: all above half of Otsu's threshold.

    Half, because Otsu's own threshold may lie between the bright skull and a dim brain.

    Parameters
    ----------
    image : uint8 array [H, W]
        A picture on black ground.
    smooth : bool
        Pass over what is thinner than three pixels, such as noise and letters.

    Returns
    -------
    uint8 array [H, W]
        1 where it is bright, 0 elsewhere.

    Examples
    --------
    >>> bright(np.array([[0, 90, 200]], np.uint8)).tolist()
    [[0, 1, 1]]
    """
    import cv2

    calm = np.ascontiguousarray(image)
    if min(image.shape) >= 32:
        calm = np.asarray(cv2.medianBlur(calm, 5), np.uint8)
    # OpenCV's, for its speed: scikit-image's threshold_otsu and regionprops find the same boxes,
    # but take a third of a second to import, which a single prediction would feel.
    otsu, _ = cv2.threshold(calm, 0, 255, cv2.THRESH_OTSU)
    return ((calm if smooth else image) > max(otsu / 2, 1)).astype(np.uint8)


def foreground_box(image: Image) -> tuple[int, int, int, int]:
    """Find the head: the box of the largest `bright` component.

    Parameters
    ----------
    image : uint8 array [H, W]
        A picture on black ground.

    Returns
    -------
    top, left, bottom, right : int
        Half-open, without margin; the whole image where nothing stands out.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((40, 50), np.uint8)
    >>> image[10:30, 20:45] = 200
    >>> foreground_box(image)
    (10, 20, 30, 45)
    """
    import cv2

    count, _, statistics, _ = cv2.connectedComponentsWithStats(bright(image))
    if count < 2:
        return 0, 0, image.shape[0], image.shape[1]
    largest = 1 + int(statistics[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height = (int(v) for v in statistics[largest, :4])
    return top, left, top + height, left + width


def _same(image: Image) -> Image:
    return image


def _whole(image: Image) -> tuple[int, int, int, int]:
    return 0, 0, image.shape[0], image.shape[1]


def _head(image: Image) -> tuple[int, int, int, int]:
    top, left, bottom, right = foreground_box(image)
    margin = round(MARGIN * max(bottom - top, right - left))
    height, width = image.shape
    return (
        max(0, top - margin),
        max(0, left - margin),
        min(height, bottom + margin),
        min(width, right + margin),
    )


def _median(image: Image) -> Image:
    import cv2

    return np.asarray(cv2.medianBlur(np.ascontiguousarray(image), 3), dtype=np.uint8)


def _non_local_means(image: Image) -> Image:
    import cv2

    smooth = cv2.fastNlMeansDenoising(
        np.ascontiguousarray(image),
        h=NLM_STRENGTH,
        templateWindowSize=NLM_PATCH,
        searchWindowSize=NLM_SEARCH,
    )
    return np.asarray(smooth, dtype=np.uint8)


def _by_percentile(image: Image) -> Image:
    seen = image[image > 0]
    if not seen.size:
        return image
    low, high = np.percentile(seen, PERCENTILES)
    return _stretched(image, float(low), float(high))


def _by_zscore(image: Image) -> Image:
    seen = image[image > 0]
    if not seen.size:
        return image
    mean, spread = float(seen.mean()), DEVIATIONS * float(seen.std())
    return _stretched(image, mean - spread, mean + spread)


def _stretched(image: Image, low: float, high: float) -> Image:
    """Map `low` to 0 and `high` to 255, linearly; black stays black."""
    from skimage.exposure import rescale_intensity

    if high <= low:
        return image
    greys = np.arange(256.0)
    stretched = rescale_intensity(greys, (low, high), (0, 255))  # type: ignore[no-untyped-call]
    levels: Image = np.rint(stretched).astype(np.uint8)
    levels[0] = 0
    return np.asarray(levels[image])


def _by_clahe(image: Image) -> Image:
    import cv2

    # A new one each time: OpenCV's object keeps buffers that threads must not share.
    clahe = cv2.createCLAHE(clipLimit=CLAHE_CLIP, tileGridSize=CLAHE_TILES)
    return np.asarray(clahe.apply(np.ascontiguousarray(image)), dtype=np.uint8)


def _to_shape(image: Image, height: int, width: int) -> Image:
    import cv2

    if image.shape == (height, width):
        return np.ascontiguousarray(image)
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


Step = Callable[[Image], Image]
CROPS: dict[str, Callable[[Image], tuple[int, int, int, int]]] = {
    "none": _whole,
    "foreground": _head,
}
DENOISERS: dict[str, Step] = {"none": _same, "median": _median, "nlm": _non_local_means}
NORMALISERS: dict[str, Step] = {
    "none": _same,
    "percentile": _by_percentile,
    "zscore": _by_zscore,
    "clahe": _by_clahe,
}
