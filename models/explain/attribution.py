"""Where on the image a decision rests: SHAP values of placed columns, Grad-CAM of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliaboost import notebook
from gliaboost.datasets.decode import decode
from gliaboost.datasets.image_source import ImageLike, ImageSource
from gliaboost.errors import UsageError
from gliaboost.features.base import Box, Extractor
from gliaboost.features.fitted import FittedExtractor, Outline
from gliaboost.files import replacing
from gliaboost.models.bundle import Bundle
from gliaboost.models.explain.families import share_by_family
from gliaboost.models.explain.ground import Ground, ground_of_boxes, ground_of_map
from gliaboost.models.explain.picture import Words, draw, panels
from gliaboost.models.registry import explaining

Heat = NDArray[np.float32]
_NOTHING = (
    "{} cannot tell what its decisions rest on; train one of these on the same data instead: {}"
)


@dataclass(frozen=True, eq=False)
class Explanation:
    """What one prediction rests on.

    Attributes
    ----------
    image : uint8 array [S, S]
        As the model was given it.
    heat : float32 array [S, S]
        For the predicted class above 0, against it below; a network's Grad-CAM is never below.
    predicted : str
        The most probable class.
    probabilities : dict of str to float
        By class.
    families : dict of str to float
        Share of each feature family in the mean absolute SHAP value; empty for a network.
    placed : float
        Share of it that belongs to columns with a place on the image; 1 for a network.
    name : str
        What the image is called.
    ground : Ground or None
        How much of what has a place lies outside the head, and where the head was found.
    outlines : tuple of Outline
        Parts of the image that columns look at as the image decides, such as a tumour's region.
    """

    image: NDArray[np.uint8]
    heat: Heat
    predicted: str
    probabilities: dict[str, float]
    families: dict[str, float]
    placed: float
    name: str = ""
    ground: Ground | None = None
    outlines: tuple[Outline, ...] = ()

    @property
    def outside_head(self) -> float:
        """Share of what has a place on the image that lies outside the head, 0 to 1."""
        return 0.0 if self.ground is None else self.ground.outside_head

    def notes(self) -> list[str]:
        """Say in sentences what the picture shows of the decision, and what it does not."""
        found = []
        if self.families:
            shares = ", ".join(f"{name} {share:.1%}" for name, share in self.families.items())
            found.append(f"The decision rests on {shares}.")
        if self.placed < 1:
            found.append(f"{self.placed:.1%} of it has a place on the image, and is drawn.")
        words = "" if self.ground is None else self.ground.words()
        found += [words] if words else []
        return [*found, *(outline.words for outline in self.outlines)]

    @property
    def one_sided(self) -> bool:
        """Whether the map has nothing against the class: Grad-CAM."""
        return not self.families

    def panel(self) -> NDArray[np.uint8]:
        """Draw the map over the image, with the outlines: RGB, uint8 ``[S, S, 3]``."""
        return panels(self.image, self.heat, *self._outlined())[1]

    def picture(self) -> NDArray[np.uint8]:
        """Draw the image beside itself under the map, with title, key and notes.

        Returns
        -------
        uint8 array [H, W, 3]
            RGB, larger than the image.
        """
        words = Words(
            title=self.title,
            predicted=self.predicted,
            probabilities=self.probabilities,
            notes=self.notes(),
            one_sided=self.one_sided,
        )
        return draw(self.image, self.heat, words, *self._outlined())

    def _outlined(self) -> tuple[NDArray[np.bool_] | None, list[NDArray[np.bool_]]]:
        """Give what has an outline: the head, and parts of the image."""
        head = None if self.ground is None else self.ground.head
        return head, [outline.mask for outline in self.outlines]

    def __repr__(self) -> str:
        chance = self.probabilities.get(self.predicted)
        said = self.predicted if chance is None else f"{self.predicted}, {chance:.1%}"
        return notebook.two_lines("Explanation", f"{self.title}: {said}", " ".join(self.notes()))

    @property
    def title(self) -> str:
        """The image's name, without its folder."""
        return self.name.replace("\\", "/").rpartition("/")[2]

    def save(self, path: Path | str) -> Path:
        """Write `picture` as a PNG file, whole or not at all."""
        path = Path(path)
        with replacing(path) as temporary:
            temporary.write_bytes(self._repr_png_())
        return path

    def _repr_png_(self) -> bytes:
        """Show a notebook the picture."""
        from PIL import Image

        file = BytesIO()
        Image.fromarray(self.picture()).save(file, "PNG")
        return file.getvalue()


def explain(bundle: Bundle, image: ImageLike) -> Explanation:
    """Explain a bundle's prediction of one image.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    image : path-like or ImageSource
        An image file, or an image in memory.

    Returns
    -------
    Explanation
        Of a booster: TreeSHAP values (Lundberg et al. 2020), of a logistic regression weights times
        distances from the mean, each spread over the pixels that its column looks at, those of a
        tumour's region over that; of a network: Grad-CAM (Selvaraju et al. 2017); of a hybrid: of
        its first network.

    Raises
    ------
    DecodeError
        If the file cannot be read.
    UsageError
        If this kind of model cannot tell what its decisions rest on.
    """
    prepared = bundle.preparation_(decode(image))
    return explain_prepared(bundle, prepared, str(ImageSource.of(image).name))


def explain_prepared(bundle: Bundle, image: NDArray[np.uint8], name: str = "") -> Explanation:
    """Explain a bundle's prediction of an image that went through its preparation already.

    Parameters
    ----------
    bundle : Bundle
        From `gliaboost.load`.
    image : uint8 array [S, S]
        From the bundle's ``preparation_``.
    name : str
        What it is called.

    Raises
    ------
    UsageError
        As for `explain`.
    """
    by = _by_columns if bundle.takes == "columns" else _by_image
    return replace(by(bundle, image), name=name)


def _by_columns(bundle: Bundle, image: NDArray[np.uint8]) -> Explanation:
    extractors = bundle.extractors()
    parts = [e.transform(image[None]) for e in extractors]
    columns, widths = np.hstack(parts), [part.shape[1] for part in parts]
    probabilities = bundle.predict_proba(columns)[0]
    best = int(probabilities.argmax())
    values = bundle.classifier().contributions(columns)
    if values is None:
        raise UsageError(_NOTHING.format(bundle.model, ", ".join(explaining(bundle.takes))))
    boxes, placed = places(extractors, *image.shape)
    own = values[0, best]
    whole = float(np.abs(own).sum()) or 1.0
    heat = spread(own[placed], boxes[placed], image.shape[0])
    outlines, on_parts = [], np.zeros(len(own), bool)
    for extractor, (start, stop) in zip(extractors, pairwise(np.cumsum([0, *widths])), strict=True):
        part = extractor.outline(image) if isinstance(extractor, FittedExtractor) else None
        if part is not None:
            outlines.append(part)
            on_parts[start:stop] = part.columns
            boxes[start:stop][part.columns] = _around(part.mask)
            heat[part.mask] += own[start:stop][part.columns].sum() / max(1, int(part.mask.sum()))
    return Explanation(
        image,
        heat,
        bundle.classes[best],
        dict(zip(bundle.classes, map(float, probabilities), strict=True)),
        share_by_family(values[:, [best]], [e.label for e in extractors], widths),
        float(np.abs(own[placed | on_parts]).sum()) / whole,
        ground=ground_of_boxes(image, own[placed | on_parts], boxes[placed | on_parts]),
        outlines=tuple(outlines),
    )


def places(
    extractors: Sequence[Extractor], height: int, width: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Find the pixels that columns look at, as their extractors tell.

    Parameters
    ----------
    extractors : sequence of Extractor
        Whose columns, in order.
    height, width : int
        Of the image in pixels.

    Returns
    -------
    boxes : int64 array [D, 4]
        Top, left, bottom, right; the whole image for columns without a place.
    placed : bool array [D]
        Which have one: HOG's cells, and grids of more than one part.

    Examples
    --------
    >>> from gliaboost.features import GLCM, LBP
    >>> boxes, placed = places([LBP(8, 1, grid=(1, 2)), GLCM(distances=1, angles=0)], 64, 64)
    >>> boxes[[0, 10, -1]].tolist(), int(placed.sum()), len(placed)
    ([[0, 0, 64, 32], [0, 32, 64, 64], [0, 0, 64, 64]], 20, 26)
    """
    found = [
        e.place(name, height, width) for e in extractors for name in e.feature_names(height, width)
    ]
    whole = Box(0, 0, height, width)
    boxes = np.array([whole if box is None else box for box in found], np.int64).reshape(-1, 4)
    return boxes, np.array([box is not None for box in found], bool)


def spread(values: NDArray[np.float32], boxes: NDArray[np.int64], size: int) -> Heat:
    """Spread each value evenly over its box, so that the map sums to the values.

    Examples
    --------
    >>> heat = spread(np.array([2.0, -1.0], np.float32), np.array([[0, 0, 1, 2], [0, 0, 1, 1]]), 2)
    >>> heat.tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    heat = np.zeros((size, size), np.float32)
    for value, (top, left, bottom, right) in zip(values, boxes, strict=True):
        area = max(1, int((bottom - top) * (right - left)))
        heat[top:bottom, left:right] += value / area
    return heat


def _around(mask: NDArray[np.bool_]) -> Box:
    """Give the box around a mask; the whole image where it is empty."""
    if not mask.any():
        return Box(0, 0, *mask.shape)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _by_image(bundle: Bundle, image: NDArray[np.uint8]) -> Explanation:
    found = bundle.classifier().saliency(image)
    if found is None:
        raise UsageError(_NOTHING.format(bundle.model, ", ".join(explaining(bundle.takes))))
    heat, probabilities = found
    best = int(probabilities.argmax())
    return Explanation(
        image,
        heat,
        bundle.classes[best],
        dict(zip(bundle.classes, map(float, probabilities), strict=True)),
        {},
        1.0,
        ground=ground_of_map(image, heat),
    )
