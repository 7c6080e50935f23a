"""What the folders of a tree of images mean: splits, classes, and what lies around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from gliaboost.datasets.sources.base import letters, split_of
from gliaboost.datasets.sources.class_names import spelling
from gliaboost.datasets.sources.labels import known_class
from gliaboost.few import few

# Layers that say nothing of an image: PATH/images/glioma, PATH/glioma/images.
NEUTRAL = ("image", "images", "img", "imgs", "scans", "slices", "pictures")
# Folders of images whose class is not told, or that people make beside their data.
UNLABELLED = (
    *("pred", "preds", "predict", "prediction", "predictions", "unlabeled", "unlabelled"),
    *("figures", "plots", "screenshots", "thumbnails", "previews", "docs", "runs"),
)
SHOWN = 4


@dataclass(frozen=True)
class Place:
    """Where an image lies: its class, its split, and the folders below its class."""

    label: str | None = None
    split: str | None = None
    below: tuple[str, ...] = ()


@dataclass
class Layout:
    """What was found: the place of each image that is taken, and sentences on the others."""

    places: dict[PurePath, Place] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    # Folders above classes that are neither split nor wrapper: sites, modalities, patients.
    above: set[str] = field(default_factory=set)


@dataclass
class Node:
    """A folder: its images, and its folders that have some."""

    name: str
    files: list[PurePath] = field(default_factory=list)
    folders: dict[str, Node] = field(default_factory=dict)

    def inside(self) -> dict[PurePath, tuple[str, ...]]:
        """List all images in it and below, with their way from here."""
        found: dict[PurePath, tuple[str, ...]] = {f: (f.name,) for f in self.files}
        for name, node in self.folders.items():
            found |= {file: (name, *way) for file, way in node.inside().items()}
        return found

    def all(self) -> list[PurePath]:
        """List all images in it and below."""
        return list(self.inside())


def read_layout(files: Iterable[PurePath], size: Callable[[PurePath], int]) -> Layout:
    """Tell each image's class and split from the folders that it lies in.

    Parameters
    ----------
    files : iterable of pathlib.PurePath
        Images, relative to the data set's folder.
    size : callable
        Tells the bytes of a file, to know the same tree once more from another.

    Returns
    -------
    Layout
        The structure decides, not every single file: what lies beside it is passed over and named.

    Examples
    --------
    >>> files = map(PurePath, ["d/Train/a/1.png", "d/Train/b/p/2.png", "d/Test/a/3.png", "d/x.png"])
    >>> layout = read_layout(files, lambda file: 0)
    >>> [(p.label, p.split, p.below) for p in layout.places.values()]
    [('a', 'test', ()), ('a', 'train', ()), ('b', 'train', ('p',))]
    >>> for note in layout.notes:
    ...     print(note)
    the classes are the folders in d/
    passed over: 1 image beside the folders: d/x.png
    """
    layout = Layout()
    top = _descend(_tree(files), layout)
    _merge_repeated(top, size, layout)
    splits = {n: split for n in top.folders if (split := split_of(n))}
    if _is_split(top, splits):
        wrapped = len({_key(n) for name in splits for n in top.folders[name].folders}) == 1
        for name, node in top.folders.items():
            if name in splits:
                inner = _descend(node, layout, whatever=wrapped)
                _merge_repeated(inner, size, layout)
                _classes(inner, splits[name], layout)
            else:
                _pass_over(node.all(), f"of {name}/, beside the splits", layout)
        _pass_over(top.files, "beside the folders", layout)
    else:
        _classes(top, None, layout)
    layout.places = {f: layout.places[f] for f in sorted(layout.places)}
    return layout


def _tree(files: Iterable[PurePath]) -> Node:
    top = Node("")
    for file in sorted(files):
        node = top
        for part in file.parts[:-1]:
            if letters(part) not in NEUTRAL:
                node = node.folders.setdefault(part, Node(part))
        node.files.append(file)
    return top


def _descend(node: Node, layout: Layout, *, whatever: bool = True) -> Node:
    """Go down through wrappers: the only folder, which has folders and next to no images itself.

    A folder of another name than its own split's is one only if `whatever`.
    """
    way = []
    while len(node.folders) == 1:
        (inner,) = node.folders.values()
        split, below = split_of(inner.name), {split_of(name) for name in inner.folders} - {None}
        wraps = bool(inner.folders) and 2 * len(inner.files) <= len(inner.all())
        if (split and split != split_of(node.name) and len(below) < 2) or known_class(inner.name):
            break
        if not wraps or len(node.files) > len(inner.all()) or not (whatever or split):
            break
        _pass_over(node.files, "beside the folders", layout)
        node = inner
        way.append(inner.name)
    if way and whatever and not split_of(way[-1]):
        layout.notes.append(f"the classes are the folders in {'/'.join(way)}/")
    return node


def _key(name: str) -> str:
    split = split_of(name)
    return f"split {split}" if split else spelling(name)


def _merge_repeated(top: Node, size: Callable[[PurePath], int], layout: Layout) -> None:
    """Take a tree that lies once more inside for what it is, and keep what only it has."""
    for name in list(top.folders):
        siblings = {_key(n): node for n, node in top.folders.items() if n != name}
        if split_of(name) and not any(map(split_of, (n.name for n in siblings.values()))):
            continue
        inner = top.folders[name]
        while len(inner.folders) == 1 and not inner.files:
            (inner,) = inner.folders.values()
        alike = {n: siblings[_key(n)] for n in inner.folders if _key(n) in siblings}
        if len(alike) < 2 or 2 * len(alike) < len(inner.folders):
            continue
        del top.folders[name]
        repeated, added = [], []
        for folder, outer in alike.items():
            known = {way: file for file, way in outer.inside().items()}
            for file, way in inner.folders[folder].inside().items():
                if way in known and size(known[way]) == size(file):
                    repeated.append(file)
                    continue
                added.append(file)
                node = outer
                for part in way[:-1]:
                    node = node.folders.setdefault(part, Node(part))
                node.files.append(file)
        _pass_over(repeated, f"of {name}/, which holds the same files once more", layout)
        if added:
            layout.notes.append(
                f"{name}/ holds the same folders once more; {_images(added)} of it are others and "
                "were taken into those"
            )
        rest = list(inner.files)
        rest += [f for n, node in inner.folders.items() if n not in alike for f in node.all()]
        _pass_over(rest, f"of {name}/, in folders that only it has", layout)


def _is_split(top: Node, splits: dict[str, str]) -> bool:
    """Whether the folders are splits: two of them, or one that holds most of the images."""
    inside = sum(len(top.folders[name].all()) for name in splits)
    rest = len(top.all()) - inside
    return len(set(splits.values())) > 1 or inside > rest


def _classes(top: Node, split: str | None, layout: Layout) -> None:
    """Give the images below a folder the names of the folders in it as their classes."""
    inside = sum(len(node.all()) for node in top.folders.values())
    if top.folders and len(top.files) <= inside:
        _pass_over(top.files, "beside the folders", layout)
    else:
        layout.places |= {f: Place(None, split) for f in top.files}
    folders = list(top.folders.values())
    if _above_classes(folders):
        layout.above |= {node.name for node in folders}
        for node in folders:
            for inner in node.folders.values():
                _class(inner, split, layout)
        return
    by_split = [node for node in folders if _holds_splits(node)]
    odd = [node for node in folders if split_of(node.name)]
    for node in folders:
        if node in odd and len(odd) + 1 < len(folders):
            _pass_over(node.all(), f"of {node.name}/, which names a split and no class", layout)
        elif letters(node.name) in UNLABELLED and len(folders) > 2:
            _pass_over(node.all(), f"of {node.name}/, which names no class", layout)
        elif node in by_split and 2 * len(by_split) < len(folders):
            _pass_over(node.all(), f"of {node.name}/, whose folders are splits", layout)
        elif node in by_split:
            for inner in node.folders.values():
                _class(Node(node.name, inner.files, inner.folders), split_of(inner.name), layout)
        else:
            _class(node, split, layout)


def _above_classes(folders: Sequence[Node]) -> bool:
    """Whether usual classes lie one layer below, in folders that are none themselves."""
    below = [name for node in folders for name in node.folders]
    return (
        not any(node.files or known_class(node.name) for node in folders)
        and len({known_class(name) for name in below} - {None}) > 1
        and all(known_class(name) for name in below)
    )


def _holds_splits(node: Node) -> bool:
    return not node.files and bool(node.folders) and all(map(split_of, node.folders))


def _class(node: Node, split: str | None, layout: Layout) -> None:
    def enter(inner: Node, below: tuple[str, ...]) -> None:
        layout.places |= {f: Place(node.name, split, below) for f in inner.files}
        for name, folder in inner.folders.items():
            enter(folder, (*below, name))

    enter(node, ())


def _pass_over(files: Sequence[PurePath], why: str, layout: Layout) -> None:
    if not files:
        return
    shown = few((f.as_posix() for f in files), SHOWN)
    shown = shown.encode("utf-8", "backslashreplace").decode()
    layout.notes.append(f"passed over: {_images(files)} {why}: {shown}")


def _images(files: Sequence[PurePath]) -> str:
    return f"{len(files)} image" + ("s" if len(files) != 1 else "")
