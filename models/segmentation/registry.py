"""The only list of segmenters: finds a class by its name, here or in another package."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from gliaboost.errors import UsageError
from gliaboost.models.segmentation.base import Segmenter
from gliaboost.plugins import Registry, built, taken_by

S = TypeVar("S", bound=type[Segmenter])
# Where the segmenters of this package live: a module is imported once its segmenter is asked for.
BUILT_IN = {
    "boosted-pixels": "gliaboost.models.segmentation.boosted_pixels",
    "otsu": "gliaboost.models.segmentation.otsu",
    "unet": "gliaboost.models.segmentation.unet",
}
SEGMENTERS: Registry[type[Segmenter]] = Registry("segmenters", "segmenter", BUILT_IN)


def register(cls: S) -> S:
    """Enter a segmenter class under its `name`; warns when it takes another's place.

    Raises
    ------
    UsageError
        If it is no `Segmenter`.
    """
    if not (isinstance(cls, type) and issubclass(cls, Segmenter)):
        raise UsageError(
            f"{cls!r} is no segmenter; expected a subclass of gliaboost.models.Segmenter"
        )
    SEGMENTERS.enter(cls.name, cls)
    return cls


def segmenter_class(name: str) -> type[Segmenter]:
    """Find a segmenter class by its registered name.

    Raises
    ------
    UsageError
        If there is none; it lists those that there are.
    PluginError
        If a package declares one that cannot be used.
    """
    return SEGMENTERS.find(name, partial(SEGMENTERS.take_up, register=register))


def segmenter_names() -> list[str]:
    """Name all segmenters, of this package and of others.

    Examples
    --------
    >>> "otsu" in segmenter_names()
    True
    """
    return SEGMENTERS.names()


def create_segmenter(name: str, **parameters: Any) -> Segmenter:
    """Build a segmenter by its registered name.

    Examples
    --------
    >>> create_segmenter("otsu").name
    'otsu'
    """
    return built(segmenter_class(name), name, parameters)


def shared_by_segmenter(name: str, **shared: Any) -> dict[str, Any]:
    """Keep those of the command line's common options that a segmenter has.

    Examples
    --------
    >>> shared_by_segmenter("otsu", device="cpu", jobs=2)
    {}
    """
    return taken_by(segmenter_class(name), shared)


def segmenter_package(name: str) -> str:
    """Name the distribution that brings a segmenter.

    Examples
    --------
    >>> segmenter_package("otsu")
    'gliaboost'
    """
    return SEGMENTERS.package(name, segmenter_class(name))
