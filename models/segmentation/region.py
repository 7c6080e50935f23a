"""Region features: a segmenter says where a tumour may lie, and columns look there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import GliaboostError, UsageError
from gliaboost.features.dense.head import find_head
from gliaboost.features.embedding.pretraining import pretraining, without_words
from gliaboost.features.fitted import FittedExtractor, Outline
from gliaboost.features.kinds import wrong_kinds
from gliaboost.features.registry import register
from gliaboost.models.plain_values import plain
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.models.segmentation.bundle import SegmenterBundle, load_segmenter
from gliaboost.models.segmentation.decision import Decision
from gliaboost.models.segmentation.pixel_columns import MAPS, to_side
from gliaboost.models.segmentation.region_columns import (
    believed_region,
    maps_to_side,
    region_columns,
    region_names,
)
from gliaboost.models.segmentation.registry import (
    create_segmenter,
    segmenter_class,
    segmenter_names,
    shared_by_segmenter,
)

# How a file of a trained segmenter ends, and how many digits of its SHA-256 name it.
ENDING, DIGITS = ".joblib", 12
# What is kept of a segmenter that was fitted, here or elsewhere.
STATE = ("segmenter", "parameters", "classes", "decision", "image_size", "native")
# Five folds take fifteen fits, and columns need no sharp outline: one pass of few trees, in a
# quarter of the time, calls the kinds as rightly.
LIGHT: dict[str, dict[str, Any]] = {
    "boosted-pixels": {"passes": 1, "inner_folds": 2, "rounds": 40},
}


@register
class Region(FittedExtractor):
    """Columns of a tumour's region, as a segmenter finds it that is fitted inside the fold.

    Dense maps are averaged and maximised inside the region, in a ring around it and over the whole
    image; beside them stand place, size, shape, greys, and how sure the segmenter is and of what
    class. Where no tumour is believed, the columns look at the likeliest place; ``seen`` says so.

    Parameters
    ----------
    segmenter : str
        Registered name; or a file from ``gliaboost segment train``, a segmenter that was trained on
        another data set: then nothing is learned here, and no masks are needed.
    maps : {"frozen", "classical"}
        Filters alone, or beside them a frozen network's stages (needs torch); those of the
        segmenter too, where it has a choice.
    parameters : mapping, optional
        Of the segmenter, in place of its defaults. None: its defaults; for ``boosted-pixels`` one
        pass of 40 rounds over 2 inner parts.
    seed : int
        The segmenter's.
    device, jobs
        Where the segmenter is fitted and by how many threads; no part of the fingerprint.

    Examples
    --------
    >>> from gliaboost.features.fitted_checks import sample_rows
    >>> rows = sample_rows(64, 64)
    >>> region = Region(segmenter="otsu", maps="classical").fit(**rows)
    >>> names = region.feature_names(64, 64)
    >>> area = region.transform(rows["X"])[:, names.index("region__otsu__area")]
    >>> bool(area[rows["y"] == "large"].min() > area[rows["y"] == "small"].max())
    True
    """

    name: ClassVar[str] = "region"
    title: ClassVar[str] = "region"
    execution: ClassVar[tuple[str, ...]] = ("device", "jobs")
    takes_masks: ClassVar[bool] = True
    instead: ClassVar[str] = (
        "; or take a segmenter that was trained on another data set: --region SEG.joblib (from "
        "gliaboost segment train); or leave region out"
    )

    def __init__(
        self,
        *,
        segmenter: str = "boosted-pixels",
        maps: str = "frozen",
        parameters: Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        jobs: int | None = None,
    ) -> None:
        self.segmenter = segmenter
        self.maps = maps
        self.parameters = parameters
        self.seed = seed
        self.device = device
        self.jobs = jobs

    @property
    def file(self) -> Path | None:
        """The file of a segmenter that was trained elsewhere; None where it is fitted here."""
        return Path(self.segmenter) if self.segmenter.endswith(ENDING) else None

    def opened(self) -> SegmenterBundle | None:
        """Open the segmenter that was trained elsewhere; None where it is fitted here."""
        if self.file is None:
            return None
        if getattr(self, "bundle_", None) is None:
            self.bundle_ = load_segmenter(self.file)
        return self.bundle_

    def spec(self) -> dict[str, Any]:
        """Describe the extractor, its segmenter's parameters told; a file is its content.

        Of the segmenter's parameters those are told that differ from its own defaults, however they
        were given. ``segmenter_version`` stands beside the extractor's own: a segmenter of other
        maths is fitted anew, and its columns are computed anew.
        """
        found, bundle = super().spec(), self.opened()
        if bundle is not None:
            found["parameters"]["segmenter"] = f"{bundle.segmenter}@{bundle.sha256[:DIGITS]}"
        else:
            found["parameters"]["parameters"] = self._told()
        # One that was restored from a bundle bears the name of a file's content: NAME@DIGITS.
        name = self.segmenter.partition("@")[0] if bundle is None else bundle.segmenter
        known = name in segmenter_names()
        found["segmenter_version"] = segmenter_class(name).version if known else None
        return found

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What its own frozen maps, and its segmenter, were learned from before."""
        bundle = self.opened()
        if bundle is not None:
            kind, parameters = bundle.segmenter, bundle.parameters
        elif self.segmenter in segmenter_names():
            kind, parameters = self.segmenter, self._given()
        else:  # restored: its own parameters were of a file
            return self.model_.pretraining
        own = pretraining() if self.maps == "frozen" else ()
        segmenters = create_segmenter(kind, **parameters).pretraining
        return tuple(dict.fromkeys([*own, *segmenters]))

    def _told(self) -> Any:
        """Give the segmenter's parameters that are not what they would be anyway, in plain values.

        None where the segmenter has no lighter form here and nothing is changed; what is no mapping
        is told as it is.
        """
        given = self._parameters()
        if not isinstance(given, Mapping):
            return plain(given)
        anyway = self._anyway()
        plainly = without_words(plain(dict(given)))
        own = {k: v for k, v in plainly.items() if k not in self.execution}
        told = {k: v for k, v in own.items() if not _same(v, anyway.get(k, ...))}
        return told if told or self.segmenter in LIGHT else None

    def _anyway(self) -> dict[str, Any]:
        """Give the parameters of the segmenter where none is given; none of one not known here."""
        name = self.segmenter.partition("@")[0]
        if name not in segmenter_names():
            return {}
        shared = shared_by_segmenter(name, maps=self.maps, seed=self.seed)
        return {**plain(create_segmenter(name).get_params(deep=False)), **shared}

    def _apart(self) -> dict[str, Any]:
        """Give what sets it apart: of its segmenter's parameters those that region changes too."""
        told = super()._apart()
        told.pop("parameters", None)
        if self.file is not None or not isinstance(self._parameters(), Mapping):
            return told if self.parameters is None else {**told, "parameters": self.parameters}
        anyway = self._anyway()
        usual = {**anyway, **LIGHT.get(self.segmenter, {})}
        here = {**anyway, **(self._told() or {})}
        own = self.get_params(deep=False)
        for name, value in here.items():
            if not _same(value, usual.get(name, ...)):
                # One that region has as well is not to be taken for region's.
                told[f"segmenter.{name}" if name in own else name] = value
        return told

    def __sklearn_is_fitted__(self) -> bool:
        bundle = None if hasattr(self, "learned_") else self.opened()
        if bundle is not None:
            self.familiarity = bundle.familiarity
            self.restore({name: getattr(bundle, name) for name in STATE})
        return hasattr(self, "learned_")

    def parameter_faults(self, height: int, width: int) -> list[str]:
        """List what is wrong with the parameters, and with the segmenter's."""
        faults = wrong_kinds(self.get_params(deep=False), type(self)().get_params(deep=False))
        if self.maps not in MAPS:
            faults.append(f"maps={self.maps!r}, expected one of {', '.join(MAPS)}")
        if self.parameters is not None and not isinstance(self.parameters, Mapping):
            faults.append(f"parameters={self.parameters!r}, expected a mapping of names to values")
        if height != width:
            faults.append(f"images of {height} x {width} pixels, expected squares")
        if faults:
            return faults
        if self.file is not None:
            return self._file_faults()
        if self.segmenter not in segmenter_names():
            return [f"segmenter={self.segmenter!r}, expected one of {', '.join(segmenter_names())}"]
        faults = self._maps_faults()
        if faults:  # the segmenter's maps would say it once more
            return faults
        try:
            return create_segmenter(self.segmenter, **self._given()).parameter_faults()
        except UsageError as error:
            return [str(error)]

    def _file_faults(self) -> list[str]:
        given = [f"{n}={getattr(self, n)!r}" for n in ("parameters",) if getattr(self, n)]
        if given:
            return [f"{', '.join(given)} for a segmenter that is trained already: {self.segmenter}"]
        try:
            bundle = self.opened()
        except GliaboostError as error:
            return [str(error)]
        assert bundle is not None
        return [f"{self.segmenter}: {fault}" for fault in bundle.faults()] or self._maps_faults()

    def _maps_faults(self) -> list[str]:
        if self.maps != "frozen":
            return []
        from gliaboost.features.embedding.availability import weights_faults
        from gliaboost.features.embedding.packaged import PACKAGED

        faults = weights_faults(PACKAGED, "package", purpose="frozen maps")
        return [f"{fault}; or look without a network: maps=classical" for fault in faults]

    def cautions(self, preparation: Preparation, manifest: Manifest) -> list[str]:
        """Say where a segmenter that was trained elsewhere saw images of another kind."""
        bundle = self.opened()
        if bundle is None:
            return []
        found = []
        there, here = bundle.preparation, preparation.to_dict()
        other = [f"{k}={v}" for k, v in there.items() if k in here and plain(here[k]) != v]
        if other:
            found.append(
                f"the segmenter {self.file} was trained on images prepared otherwise; prepare "
                f"these alike: --prepare {','.join(other)}"
            )
        kinds = manifest.table["modality"].dropna()
        strange = int((kinds != bundle.modality).sum()) if bundle.modality else 0
        if strange:
            found.append(
                f"the segmenter {self.file} was trained on {bundle.modality}, and {strange:,} of "
                f"{len(manifest):,} images are of another modality; what it finds there means "
                "little"
            )
        return found

    def _given(self) -> dict[str, Any]:
        """Give the segmenter's parameters."""
        shared = shared_by_segmenter(
            self.segmenter, maps=self.maps, seed=self.seed, device=self.device, jobs=self.jobs
        )
        return {**shared, **self._parameters()}

    def _parameters(self) -> Mapping[str, Any]:
        return LIGHT.get(self.segmenter, {}) if self.parameters is None else self.parameters

    def _fit(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[Any],
        groups: NDArray[Any],
        masks: NDArray[np.bool_] | None,
    ) -> None:
        assert masks is not None
        if self.file is not None:
            raise UsageError(f"region takes its segmenter from {self.file}, and learns nothing")
        model = create_segmenter(self.segmenter, **self._given())
        self.model_: Segmenter = model.fit(images, masks, labels, groups)

    def _state(self) -> dict[str, Any]:
        model = self.model_
        told = without_words(model.get_params())
        parameters = {k: v for k, v in told.items() if k not in self.execution}
        state: dict[str, Any] = plain(
            {
                "segmenter": model.name,
                "parameters": parameters,
                "classes": [str(c) for c in model.classes_],
                "decision": vars(model.decision_),
                "image_size": model.image_size_,
                "native": model.to_bytes(),
            }
        )
        return state

    def _restore(self, state: Mapping[str, Any]) -> None:
        here = shared_by_segmenter(state["segmenter"], device=self.device, jobs=self.jobs)
        self.model_ = segmenter_class(state["segmenter"]).from_bytes(
            state["native"],
            state["classes"],
            Decision(**state["decision"]),
            state["image_size"],
            **{**state["parameters"], **here},
        )

    def _extract(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.stack([self._of_image(image) for image in images])

    def outline(self, image: NDArray[np.uint8]) -> Outline:
        """Say where the columns look that describe the inside of the region, and its ring."""
        self._check_fitted()
        maps = maps_to_side(self.model_.predict_maps(image[None])[0])
        together = np.minimum(maps.sum(axis=0), np.float32(1))
        head = find_head(to_side(image)).mask
        mask, believed = believed_region(together, head, self.model_.decision_)
        names = self._names(*image.shape)
        own = [name.split("__")[2].startswith(("inside_", "ring_")) for name in names]
        peak = f"probability {float(together.max()):.0%}"
        finder = self.model_.title or self.model_.name
        said = (
            f"Outlined: where {finder} finds a tumour ({peak})."
            if believed
            else f"{finder} believes in no tumour; outlined is the likeliest place ({peak})."
        )
        return Outline(_from_side(mask, image.shape[0]), np.asarray(own), said, believed)

    def _of_image(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        model = self.model_
        return region_columns(image, model.predict_maps(image[None])[0], model.decision_, self.maps)

    def _names(self, height: int, width: int) -> list[str]:
        names = region_names([str(c) for c in self.model_.classes_], self.maps)
        return [f"region__{self.model_.name}__{name}" for name in names]


def _from_side(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Bring a mask back to an image's own size."""
    import cv2

    if mask.shape == (size, size):
        return mask
    return np.asarray(cv2.resize(mask.astype(np.float32), (size, size)) >= 0.5)


def _same(value: Any, other: Any) -> bool:
    """Whether two plain values are one to a fingerprint; 1, 1.0 and True are three."""
    return type(value) is type(other) and value == other
