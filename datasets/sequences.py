"""Which MR sequence a scan is, by what names, descriptions and echo times say of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from gliaboost.errors import UsageError

# What a column ``sequence`` may hold.
SEQUENCES = ("t1", "t1c", "t2", "flair", "dwi", "adc", "other")

# Between two parts of a name stands anything but a letter or a digit.
_START, _END = r"(?<![a-z0-9])", r"(?![a-z0-9])"
# Read in this order: "adc map of dwi" is an ADC, "t2 flair" a FLAIR, "t2*" no T2.
_NAMES: tuple[tuple[str, str], ...] = (
    ("adc", rf"{_START}[de]?adc|apparent.?diffusion"),
    ("dwi", rf"{_START}((iso)?dwi|dti|diff|trace|b-?\d{{3,4}}{_END})|diffusion|_diff|tracew"),
    (
        "other",
        rf"t2.?(\*|star)|t[12].?(map|rho)|{_START}(swi|swan|swip|venobold|hemo|gre.?hemo|asl|pasl|pcasl|dsc|dce|perf|"
        rf"pwi|bold|fmri|tof|mra|mrv|pc.?mra|angio|cbf|cbv|rcbv|mtt|ttp|tmax|spectro|mrs|svs|csi|"
        rf"fieldmap|field.?map|magnitude|phase|fa|tensor|fiesta|ciss|qsm){_END}|perfusion|"
        rf"suscept|angiogra",
    ),
    ("t1", rf"{_START}t1.{{0,6}}flair"),
    ("flair", r"flair|t2f(?![a-z0-9])|dark.?fluid|fluid.?attenuated"),
    ("t1", rf"{_START}t1(?!\d)|{_START}[a-z0-9]*(mp2?rage|spgr|bravo|vibe|tfl3d)|3d.?t[fg]e{_END}"),
    ("t2", rf"{_START}t2(?!\d)|{_START}[a-z0-9]*(cube.?t2|space.?t2)"),
    ("other", rf"{_START}(pd|pdw|proton|dens)"),
)
_WITH = re.compile(
    rf"t1.?(c|ce|gd|gad|km|post|contrast)w?{_END}|{_START}(gd|gad[a-z]*|km|ce|post(gad[a-z]*|gd)?|c\+|enhanced|"
    rf"dotarem|magnevist|prohance|multihance|omniscan)(?=\d?{_END}|-)|\+\s?(c|gd|gad|km|contrast)"
    rf"|{_START}c\+|contrast|{_START}(w|with|mit|nach).{{0,2}}(c|gd|km|gad[a-z]*){_END}"
)
_WITHOUT = re.compile(
    rf"{_START}(pre|non|no|w/?o|without|ohne|nativ[e]?|vor|un)[^a-z0-9]*"
    rf"(c|ce|gd|gad[a-z]*|km|contrast|enhanced)?{_END}|t1n{_END}|unenhanced|noncontrast"
)


def find_sequence(
    *texts: str | None,
    contrast: bool = False,
    echo: float | None = None,
    repetition: float | None = None,
    inversion: float | None = None,
) -> str:
    """Name the MR sequence that a scan's names mean, failing that its times.

    Parameters
    ----------
    *texts : str
        File names, descriptions, types; the first that names a sequence decides.
    contrast : bool
        Whether the patient is said to have been given a contrast agent.
    echo, repetition, inversion : float, optional
        Times of the pulse sequence, in ms.

    Returns
    -------
    str
        One of `SEQUENCES`; ``t1c`` is T1 with contrast, ``other`` what is none of them or unclear.

    Examples
    --------
    >>> find_sequence("AX T2 FLAIR"), find_sequence("t1_mprage_sag_p2_iso +C"), find_sequence("T2*")
    ('flair', 't1c', 'other')
    >>> find_sequence("BraTS20_007_t1ce.nii.gz"), find_sequence("sub-01_T1w"), find_sequence("7")
    ('t1c', 't1', 'other')
    >>> find_sequence("Ax head", echo=95, repetition=4500)
    't2'
    """
    words = [t.lower() for t in texts if t]
    named = next((n for t in words if (n := _named(t)) is not None), None)
    if named is None:
        named = _timed(echo, repetition, inversion)
    if named != "t1":
        return named
    said = " ; ".join(words)
    if _WITHOUT.search(said):
        return "t1"
    return "t1c" if contrast or _WITH.search(said) else "t1"


def chosen_sequences(text: str | None) -> tuple[str, ...]:
    """Read a choice of sequences, by comma, in any case; none: all.

    Raises
    ------
    UsageError
        If one of them is unknown.

    Examples
    --------
    >>> chosen_sequences("T1c, flair"), chosen_sequences(None)
    (('t1c', 'flair'), ())
    """
    names = tuple(n for part in (text or "").lower().split(",") if (n := part.strip()))
    unknown = sorted(set(names) - set(SEQUENCES))
    if unknown:
        raise UsageError(
            f"sequence {', '.join(map(repr, unknown))}; expected {', '.join(SEQUENCES)}, by comma"
        )
    return names


def count_sequences(sequences: Iterable[str]) -> str:
    """Count scans or slices by sequence, in the order of `SEQUENCES`, for a message.

    Examples
    --------
    >>> count_sequences(["t2", "t1", "t2"])
    't1 1, t2 2'
    """
    found = list(sequences)
    return ", ".join(f"{s} {found.count(s)}" for s in SEQUENCES if s in found)


def _named(text: str) -> str | None:
    return next((name for name, pattern in _NAMES if re.search(pattern, text)), None)


def _timed(echo: float | None, repetition: float | None, inversion: float | None) -> str:
    """Tell by the weighting that the times give, where they leave no doubt."""
    if echo is None or repetition is None or not np.isfinite([echo, repetition]).all():
        return "other"
    if inversion is not None and inversion > 1500 and echo > 60:
        return "flair"
    if echo <= 30 and 250 <= repetition <= 1000:
        return "t1"
    if echo >= 70 and repetition >= 2000:
        return "t2"
    return "other"
