"""Whether a scan is MRI or CT: by what is said of it, failing that, with care, by its values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.errors import UsageError

MODALITIES = ("MRI", "CT")
# By part of a name, as people, archives and BIDS write it.
_MRI = re.compile(
    r"f?mri?s?|(\dd)?t[12][a-z]*|flair|[de]?adc|dwi|dti|swi|pdw?|mp2?rage|spgr|tirm|inplanet[12]|"
    r"unit1|megre|mese|bold|mra|anat|func|fmap|perf|sbref|phasediff|magnitude[12]?"
)
_CT = re.compile(r"(nc|ce|cb|hr)?ct|cta|ctp|ct(head|brain|scan)s?|(head|brain)ct")
# By part of a folder's name; T1 and T2 alone may be stages of a disease.
_FOLDER = {
    "MRI": r"mr|mri|mris|fmri|t[12]w|flair|dwi|adc|swi",
    "CT": r"ct|cts|ncct|cect|hrct|cta|ctp",
}
_AROUND = r"(?:brain|head)?(?:{})(?:scan|image|img|slice|data|dataset)?s?"
_OTHER = re.compile(r"pet|spect|suvr?|fdg|pib")
# A time of echo or repetition, as converters write it into the header's description.
_TIMES = re.compile(r"\bT[ER]\s*[=:]\s*\d")
# Words of a table or sidecar.
_SAID = {"MR": "MRI", "MRI": "MRI", "CT": "CT"}
# In Hounsfield units: air, what lies in a head, what is neither air nor tissue, and the brain.
_AIR = (-1100, -900)
_BODY = -500
_BETWEEN = (-900, -200)
_SOFT = (0, 100)


class OtherModality(ValueError):  # noqa: N818
    """A scan is neither MRI nor CT; the message names what it is."""


def check_modality(modality: str | None) -> str | None:
    """Read a choice in any usual spelling; None stays.

    Raises
    ------
    UsageError
        If it is neither.

    Examples
    --------
    >>> check_modality("mr"), check_modality("CT"), check_modality(None)
    ('MRI', 'CT', None)
    """
    if modality is None:
        return None
    said = _SAID.get(modality.strip().upper())
    if said is None:
        raise UsageError(f"modality {modality!r}; expected {' or '.join(MODALITIES)}")
    return said


def said_modality(*texts: str | None) -> str | None:
    """Tell the modality by the first text that says one and does not contradict itself.

    Parameters
    ----------
    *texts : str, optional
        File names, folders, descriptions, the surest first.

    Returns
    -------
    str or None
        ``MRI``, ``CT``, or None where no text tells.

    Raises
    ------
    OtherModality
        If a text names another, such as PET.

    Examples
    --------
    >>> said_modality("sub-01_T1w"), said_modality("7", "head CT"), said_modality("scan_7")
    ('MRI', 'CT', None)
    """
    for text in texts:
        parts = [p for p in re.split(r"[^a-z0-9]+", (text or "").lower()) if p]
        mri = any(_MRI.fullmatch(p) for p in parts)
        ct = any(_CT.fullmatch(p) for p in parts)
        mri = mri or bool(_TIMES.search(text or ""))
        other = next((p for p in parts if _OTHER.fullmatch(p)), None)
        if other is not None and not mri and not ct:
            raise OtherModality(f"{other.upper()}; expected MRI or CT")
        if mri != ct:
            return "MRI" if mri else "CT"
    return None


def folder_modality(folders: Iterable[str]) -> str | None:
    """Tell the modality of pictures by the folders that they lie in, where that is clear.

    Parameters
    ----------
    folders : iterable of str
        Names, the nearest first: the first that names one, and not both, tells.

    Returns
    -------
    str or None
        ``MRI``, ``CT``, or None.

    Examples
    --------
    >>> folder_modality(["Tumor", "Brain Tumor CT scan Images"]), folder_modality(["mri_glioma"])
    ('CT', 'MRI')
    >>> folder_modality(["T1", "CT and MRI"]) is None, folder_modality(["actors"]) is None
    (True, True)
    """
    for folder in folders:
        parts = [p for p in re.split(r"[^a-z0-9]+", folder.lower()) if p]
        said = {
            modality
            for modality, words in _FOLDER.items()
            if any(re.fullmatch(_AROUND.format(words), p) for p in parts)
        }
        if len(said) == 1:
            return said.pop()
    return None


def path_texts(path: PurePath) -> list[str]:
    """List what a path says of a scan: its name, then its folders, the nearest first.

    Examples
    --------
    >>> path_texts(PurePath("mri/p1/scan.nii"))
    ['scan.nii', 'p1', 'mri']
    """
    return [path.name, *(parent.name for parent in path.parents if parent.name)]


def modality_of_values(values: NDArray[Any]) -> str:
    """Tell by values alone: only what cannot be but Hounsfield units is a CT.

    Parameters
    ----------
    values : array
        Finite or not, of any shape.

    Returns
    -------
    str
        ``CT`` where air lies near -1000, hardly anything between it and tissue, and much of the
        rest where water, brain and blood lie, 0 to 100; else ``MRI``.

    Examples
    --------
    >>> import numpy as np
    >>> modality_of_values(np.array([-1000, -1000, 20, 35, 60, 900]))
    'CT'
    >>> modality_of_values(np.array([-600, -300, 0, 200, 900]))
    'MRI'
    """
    known = values[np.isfinite(values)]
    body = known[known > _BODY]
    if not body.size:
        return "MRI"
    # Scanners and converters fill what they did not see with one number below air.
    air = (known >= _AIR[0]) & (known <= _AIR[1]) | (known < _AIR[0]) & (known == known.min())
    if air.mean() < 0.02:
        return "MRI"
    soft = ((body >= _SOFT[0]) & (body <= _SOFT[1])).mean()
    between = ((known > _BETWEEN[0]) & (known < _BETWEEN[1])).sum() / body.size
    return "CT" if soft >= 0.25 and between <= 0.5 else "MRI"
