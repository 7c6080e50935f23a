"""Any folder of images: the folder an image lies in is its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath

from gliaboost.datasets.image_files import walk_images
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.modality import folder_modality
from gliaboost.datasets.sources.base import folder_at, manifest_of, source
from gliaboost.datasets.sources.class_names import describe_joined, same_classes
from gliaboost.datasets.sources.labels import fill_targets, known_class
from gliaboost.datasets.sources.layout import Layout, read_layout
from gliaboost.datasets.sources.mask_names import MaskPairs, pair
from gliaboost.few import few

EXPECTED = "images in a folder a class (PATH/<class>/*.png)"
SHOWN = 3


@source("folder")
def read_folder(path: Path) -> Manifest:
    """Read ``PATH/<class>/**/*``, ``PATH/<train|test>/<class>/**/*`` or a flat ``PATH/*``.

    Parameters
    ----------
    path : pathlib.Path
        The folder, or one around it.

    Returns
    -------
    Manifest
        ``label`` is the folder below `path`, empty for images directly in it. Where folders are
        train, val or test (in any usual spelling), that is the ``split`` and ``label`` the folder
        below. Names of classes that differ by spelling alone are one. ``mask`` is a mask that lies
        beside its image (``1_mask.png``) or in a folder of masks. Usual spellings of classes also
        fill ``presence`` and ``type``, and folders called ``CT`` or ``MRI`` the ``modality``.
        ``notes`` say what was passed over and joined.
    """
    folder_at(path, EXPECTED)
    pairs = pair(f.relative_to(path) for f in walk_images(path).taken)
    layout = read_layout(pairs.images, lambda file: (path / file).stat().st_size)
    labels = [p.label for p in layout.places.values() if p.label is not None]
    names = same_classes(labels)
    rows = [
        {
            "path": file.as_posix(),
            "label": None if place.label is None else names[place.label],
            "split": place.split,
            "modality": folder_modality(file.parent.parts[::-1]),
            "mask": pairs.masks[file].as_posix() if file in pairs.masks else None,
        }
        for file, place in layout.places.items()
    ]
    notes = [
        *layout.notes,
        *describe_joined(names, Counter(labels)),
        *_on_masks(pairs),
        *_on_patients(layout),
    ]
    return fill_targets(manifest_of(rows, path, "folder", EXPECTED, tuple(notes)))


def _on_masks(pairs: MaskPairs) -> Iterator[str]:
    if pairs.masks:
        yield f"masks of {len(pairs.masks)} images were found by their names"
    if pairs.lone:
        shown = ", ".join(f.as_posix() for f in pairs.lone[:SHOWN])
        yield f"passed over: masks without an image of their own ({len(pairs.lone)}): {shown}"


def _on_patients(layout: Layout) -> Iterator[str]:
    """Name the folders that may be patients, and how to say that they are."""
    for where, names in _layers(layout).items():
        yield (
            f"if the folders {few(sorted(names), SHOWN)} are patients, say so: "
            f"--patient-regex '^{'[^/]+/' * where}(?P<patient>[^/]+)/'"
        )


def _layers(layout: Layout) -> dict[int, set[str]]:
    """Find folders that are no class and hold most of the images, by their depth."""
    found: dict[int, set[str]] = {}
    counts: Counter[int] = Counter()
    for file, place in layout.places.items():
        name = _first_above(file, layout) or (place.below[0] if place.below else None)
        if name is not None and not known_class(name):
            where = file.parts.index(name)
            counts[where] += 1
            found.setdefault(where, set()).add(name)
    often = [where for where, count in counts.items() if 2 * count > len(layout.places)]
    return {where: found[where] for where in often if len(found[where]) > 1}


def _first_above(file: PurePath, layout: Layout) -> str | None:
    return next((part for part in file.parts[:-1] if part in layout.above), None)
