"""Names of classes that differ by spelling alone."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from gliaboost.datasets.sources.base import tumour_class

# Blanks, underscores, points and hyphens part words; between digits, and before a first digit,
# they are part of the number: 0.5, 1-2, -1.
_PARTS = re.compile(r"(?<!\d)(?<!^)[\s_.\-]+|[\s_.\-]+(?!\d)")
_TUMOUR = re.compile(r"(?<=.)tumou?rs?$")
# With these words in front "tumor" is the class, and no ending of its name.
_NAMED_BY_IT = ("brain", "head", "ct", "mr", "mri", "no", "non", "not", "with", "without")


def spelling(name: str) -> str:
    """Reduce a class's name to what its usual spellings have in common.

    Examples
    --------
    >>> spelling("Glioma_Tumor") == spelling("glioma"), spelling("Grade 2") == spelling("grade-2")
    (True, True)
    >>> spelling("Grade 1.5") == spelling("grade 15"), spelling("-1") == spelling("1")
    (False, False)
    """
    folded = unicodedata.normalize("NFKC", name).strip().casefold()
    joined = _PARTS.sub("", folded)
    bare = _TUMOUR.sub("", joined)
    joined = joined if bare in _NAMED_BY_IT else bare
    known = tumour_class(name)
    if known is not None and re.fullmatch(r"no|not?umou?rs?|nontumou?rs?", joined):
        return known
    plural = len(joined) > 3 and joined.endswith("s")
    return joined[:-1] if plural else joined


def same_classes(names: Iterable[str]) -> dict[str, str]:
    """Give names that differ by spelling alone the spelling that most have.

    Parameters
    ----------
    names : iterable of str
        One an image.

    Returns
    -------
    dict of str to str
        What each name becomes; the first in order where two are as frequent.

    Examples
    --------
    >>> same_classes(["Glioma", "glioma", "glioma", "no tumor", "notumor"])
    {'Glioma': 'glioma', 'glioma': 'glioma', 'no tumor': 'no tumor', 'notumor': 'no tumor'}
    """
    counts = Counter(names)
    alike: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts):
        alike[spelling(name)].append(name)
    chosen = {key: max(group, key=lambda name: counts[name]) for key, group in alike.items()}
    return {name: chosen[spelling(name)] for name in sorted(counts)}


def describe_joined(joined: Mapping[str, str], counts: Mapping[str, int]) -> list[str]:
    """Say in a sentence a class which names were joined.

    Examples
    --------
    >>> describe_joined({"Glioma": "glioma", "glioma": "glioma"}, {"Glioma": 1, "glioma": 2})
    ['classes that differ by spelling alone are one: Glioma (1), glioma (2) are glioma']
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for name, target in joined.items():
        groups[target].append(name)
    several = [
        f"{', '.join(f'{n} ({counts[n]})' for n in group)} are {target}"
        for target, group in groups.items()
        if len(group) > 1
    ]
    if not several:
        return []
    return [f"classes that differ by spelling alone are one: {'; '.join(several)}"]
