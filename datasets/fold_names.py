"""Folds as a user names them: made from a word, and some chosen by name."""

from __future__ import annotations

from collections.abc import Sequence

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.splits import (
    Fold,
    column_folds,
    holdout,
    image_folds,
    patient_folds,
    published_split,
)
from gliaboost.errors import UsageError
from gliaboost.spelling import did_you_mean, spelled

# What stands for folds that are made, and not for a column.
WORDS = ("holdout", "images", "split")
USUAL = 5
# Of patients, groups or images of a class: a test part with less tells nothing of that class.
FEWEST = 5


def some_folds(folds: Sequence[Fold], names: Sequence[str]) -> list[Fold]:
    """Keep some folds, by their names.

    Raises
    ------
    UsageError
        If a name is none of theirs.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.array([0])
    >>> [f.name for f in some_folds([Fold("1", rows, rows), Fold("2", rows, rows)], ["2"])]
    ['2']
    """
    known = [f.name for f in folds]
    # A fold's name may hold blanks, and blanks may stand between two folds.
    words = [w for name in names for w in ([name] if spelled(name, known) else name.split())]
    found = [spelled(word, known) for word in words]
    odd = [word for word, name in zip(words, found, strict=True) if name is None]
    if odd:
        raise UsageError(
            f"no fold {', '.join(odd)}; the folds are {', '.join(known)}"
            f"{did_you_mean(odd[0], known)}"
        )
    return [f for f in folds if f.name in found]


def named_folds(manifest: Manifest, folds: str, *, seed: int = 0) -> tuple[list[Fold], str]:
    """Make folds from what a user typed.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    folds : str
        A number (`patient_folds`), ``holdout`` (`holdout`), ``split`` (`published_split`),
        ``images`` (`image_folds`, which leaks), or the name of a column (`column_folds`), in any
        case.
    seed : int
        Which division, where there is a choice.

    Returns
    -------
    folds : list of Fold
    description : str
        For the report: how the folds came about.

    Raises
    ------
    UsageError
        If no such folds can be made; says why.
    """
    folds = folds.strip()
    folds = spelled(folds, (*WORDS, *map(str, manifest.table))) or folds
    unit = "patient" if manifest.has_patients else "image (no patients known)"
    if "group" in manifest.table:
        unit = "patient and group" if manifest.has_patients else "group"
    if folds.lstrip("+-").isdigit():
        chosen = patient_folds(manifest, int(folds), seed=seed)
        return chosen, f"{len(chosen)} folds, stratified by class, grouped by {unit}, seed {seed}"
    if folds == "holdout":
        chosen = holdout(manifest, seed=seed)
        share = len(chosen[0].test) / len(manifest)
        return chosen, (
            f"one test part of {share:.0%}, stratified by class, grouped by {unit}, seed {seed}"
        )
    if folds == "images":
        chosen = image_folds(manifest, seed=seed)
        return chosen, f"{len(chosen)} folds by image, WHICH LEAK between slices, seed {seed}"
    if folds == "split":
        return published_split(manifest), "the manifest's own test part (column 'split')"
    chosen = column_folds(manifest, folds)
    return chosen, f"the {len(chosen)} folds of the manifest's column {folds!r}"


def usual_folds(manifest: Manifest, *, seed: int = 0) -> tuple[list[Fold], str, str]:
    """Make the folds that are meant where nobody says which.

    The data's own test part is taken where there is one that cuts nothing and has enough of every
    class: it is what its publisher tests on, and what others' numbers are of. Else five folds by
    patient.

    Parameters
    ----------
    manifest : Manifest
        Labelled rows.
    seed : int
        Which division, where there is a choice.

    Returns
    -------
    folds : list of Fold
    description : str
        For the report, as of `named_folds`; of five folds with what is wrong with the test part.
    reason : str
        What was chosen, and why.

    Raises
    ------
    UsageError
        If no such folds can be made; says why.
    """
    own, fault = _own_part(manifest, seed)
    if own is not None and not fault:
        count = len(own[0][0].test)
        return (
            *own,
            f"the data's own test part, {count:,} of {len(manifest):,} images: the one that "
            "others' numbers are of; --folds 5 would divide all images anew",
        )
    try:
        folds, description = named_folds(manifest, str(USUAL), seed=seed)
    except UsageError:
        if own is None:
            raise
        folds, description = own  # little as it is
        return folds, f"{description}, though {fault}", f"{description}, though {fault}"
    instead = f", not its own test part: {fault}" if fault else ""
    asked = "; --folds split takes it" if own is not None else ""
    return folds, description + instead, description + instead + asked


def _own_part(manifest: Manifest, seed: int) -> tuple[tuple[list[Fold], str] | None, str]:
    """Return the data's own test part, and what is wrong with it; None where it cannot be taken."""
    values = manifest.table["split"]
    if not (values == "test").any() or (values == "test").all():
        return None, ""
    if values.isna().any():
        return None, f"{int(values.isna().sum()):,} images are in no part"
    try:
        own = named_folds(manifest, "split", seed=seed)
    except UsageError as error:
        return None, _cause(error)
    unit = _counted(manifest)
    pairs = zip(manifest.table["label"], manifest.groups, values == "test", strict=True)
    tested = {(label, group) for label, group, test in pairs if test}
    few = {c: n for c in manifest.classes if (n := sum(k == c for k, _ in tested)) < FEWEST}
    told = ", ".join(f"{n or 'no'} {unit}{'' if n == 1 else 's'} of {c}" for c, n in few.items())
    return own, f"it has {told}" if few else ""


def _counted(manifest: Manifest) -> str:
    grouped = "group" in manifest.table and manifest.table["group"].notna().any()
    return "group" if grouped else "patient" if manifest.has_patients else "image"


def _cause(error: UsageError) -> str:
    """Return the first fault, or the first sentence, of an error."""
    lines = str(error).splitlines()
    return lines[1].strip(" -") if len(lines) > 1 else lines[0]
