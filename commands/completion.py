"""Names that a shell completes; nothing heavy is imported for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def known_names(kind: str) -> Sequence[str]:
    """Name what there is of a kind.

    Parameters
    ----------
    kind : str
        ``devices``, ``extractors``, ``modalities``, ``models``, ``presets``, ``segmenters``,
        ``sets`` (public data sets), ``sources`` or ``targets``.

    Examples
    --------
    >>> "figshare" in known_names("sources"), known_names("devices")[0]
    (True, 'auto')
    """
    return _KINDS[kind]()


def _devices() -> Sequence[str]:
    from gliaboost.devices import DEVICES

    return DEVICES


def _extractors() -> Sequence[str]:
    from gliaboost.features.registry import extractor_names

    return extractor_names()


def _models() -> Sequence[str]:
    from gliaboost.models.registry import model_names

    return model_names()


def _modalities() -> Sequence[str]:
    return ("both", "mri", "ct")


def _presets() -> Sequence[str]:
    from gliaboost._face.presets import PRESETS

    return list(PRESETS)


def _segmenters() -> Sequence[str]:
    from gliaboost.models.segmentation.registry import segmenter_names

    return segmenter_names()


def _sets() -> Sequence[str]:
    from gliaboost.datasets.public.catalogue import CATALOGUE

    return list(CATALOGUE)


def _sources() -> Sequence[str]:
    from gliaboost.datasets.sources.base import names

    return names()


def _targets() -> Sequence[str]:
    from gliaboost.datasets.targets import TARGETS

    return TARGETS


_KINDS: dict[str, Callable[[], Sequence[str]]] = {
    "devices": _devices,
    "extractors": _extractors,
    "modalities": _modalities,
    "models": _models,
    "presets": _presets,
    "segmenters": _segmenters,
    "sets": _sets,
    "sources": _sources,
    "targets": _targets,
}
