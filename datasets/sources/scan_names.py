"""What the names of scans, maps and folders say: by whole words, never by a part of one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from typing import Literal

from gliaboost.datasets.sources.base import split_of
from gliaboost.datasets.sources.labels import known_class

Kind = Literal["scan", "mask", "other"]
Role = Literal["split", "images", "masks", "session", "place", "class", "name"]

_MAP = re.compile(
    r"masks?|segm?s?|segmentations?|labels?|lbls?|labelmaps?|rois?|gt|groundtruth|truth|dseg|"
    r"annotations?|annot|contours?|delineations?|gtv|glistr(boost)?|manuallycorrected"
)
_TUMOUR = re.compile(r"tumou?rs?|(t\d)?lesions?|gliomas?|metastas[ie]s|mets|gtv")
# What else of a head is segmented.
_ANATOMY = re.compile(
    r"brains?|heads?|skull|deface|bet|hdbet|csf|wm|gm|white|gr[ae]y|matter|tissues?|ventricles?|scalp|face|"
    r"hippocamp(us|i)|parenchyma|cort(ex|ical)|subcortical|cerebellum|brainstem|vessels?|eyes?|"
    r"bones?|body|foreground|background|fov|hemispheres?|lobes?"
)
# Numbers that are no picture, whatever else the name says.
_NO_PICTURE = re.compile(
    r"probseg|p?aseg|aparc(aseg)?|ribbon|wmparc|xfm|warp(field)?|jacobian|deformation|"
    r"parcellations?|pve(seg)?|atlas"
)
_FUSED = re.compile(
    r"(brain|head|skull|deface|wm|gm|csf|tissue|lesion|tumou?r|glioma)(masks?|segm?|segmentations?|labels?|rois?)"
)
_QUALIFIERS = re.compile(
    r"manual|final|corrected|auto(mated|matic)?|approx|pred(icted|ictions?)?|bin(ary)?|"
    r"resampled|reg(istered)?|expert|merged"
)
# Drawn by a program; a person's drawing of the same goes first.
_AUTOMATIC = re.compile(r"auto(mated|matic)?|approx|pred(icted|ictions?)?")
_SEQUENCE = re.compile(
    r"(\d?d)?t[12](w|c|n|f|ce|gd|km|wi|wce|post|pre|flair|star)?|flair|dwi|[de]?adc|swi|pdw?|"
    r"mp2?rage|spgr|bold|mri?|n?cct|ct|ce|gd|anat|"
    # How it was taken and prepared.
    r"ax(ial)?|sag(ittal)?|cor(onal)?|tra(nsverse)?|[23]d|iso|tse|fse|se|gre|epi|tirm|space|cube|tfe|"
    r"ffe|fs|fatsat|pre|post|contrast|gad[a-z]*|km|dark|fluid|star|map|weighted|(skull)?stripped|"
    r"masked|n4|mni|std|norm(alized|alised)?|defaced|registered|coreg(istered)?"
)
_SESSION = re.compile(
    r"(ses|sess|session|visit|timepoint|tp|week|wk|month)[-_. ]?[a-z0-9]{0,10}|"
    r"(baseline|follow[-_. ]?up|(pre|post|intra)[-_. ]?op(erative)?)[-_. ]?\d*",
    re.IGNORECASE,
)
# What names a visit below a patient's folder, though elsewhere it would say too little.
_BELOW = re.compile(
    r"(scan|exam|study|series|day|year|yr|time|fu|bl|mri?|ct|v|m|y|s)?[-_. ]?\d{1,3}|"
    r"(19|20)\d{2}([-_.]?\d{2}){0,2}([-_. T].*)?|pre|post|first|second|third|initial|last|scan",
    re.IGNORECASE,
)
# Kinds of picture, never a patient.
_IMAGES = re.compile(
    r"(images?|imgs?|scans?|volumes?|vols?|niftis?|nii|data|raw|rawdata|structural|preprocessed|"
    r"func|perf|fmap|registered|coregistered|resampled)",
    re.IGNORECASE,
)
# Parts of a study, never a patient.
_PLACE = re.compile(
    r"(sites?|cent(er|re)s?|hospitals?|batch|folds?|parts?|groups?|cohorts?|sets?|scanners?|"
    r"class|who|task|dataset|vendor)[-_. ]?\d*[a-z]?",
    re.IGNORECASE,
)
_CLASS = re.compile(
    r"hgg|lgg|gbms?|glioblastomas?|gliomas?|astrocytomas?|oligodendrogliomas?|ependymomas?|"
    r"(brain)?met(astas[ie])?s|schwannomas?|controls?|healthy|normals?|patients?|cases|"
    r"(no|with|without)?(lesion|tumou?r)s?|positives?|negatives?|pos|neg|benign|malignant|"
    r"(no)?strokes?|(no)?ha?emorrhages?|ad|mci|cn|hc|mutant|wildtype|idh[a-z]*|high|low|"
    r"abnormal|diseased?|(high|low)?grades?[1-4]?"
)
# A number of a scan, which names a visit only behind the patient's name.
_REPEATED = re.compile(
    r"(?<=[A-Za-z0-9])[-_. ]+((?:scan|exam|run|time|day|year|m)[-_]?\d{1,3})(?=[-_. ]|$)",
    re.IGNORECASE,
)
# Names of archives that end with the visit of a patient.
_VISIT = re.compile(
    r"^(?:(BraTS-[A-Za-z]+-\d{5})-(\d{3})|((?:UPENN-GBM|UCSD-PTGBM)-\d{4,5})_(\d{2}))(?![0-9])"
)
_DATE = r"(?:19|20)\d{2}[-.]?[01]\d[-.]?[0-3]\d"
_APART = re.compile(r"[-_. ]+")


def words(name: str) -> list[str]:
    """Cut a name into its lower-case words.

    Examples
    --------
    >>> words("P1-tumorMask_v2"), words("brainmask.T1")
    (['p1', 'tumor', 'mask', 'v2'], ['brain', 'mask', 't1'])
    """
    found: list[str] = []
    for word in re.split(r"[^A-Za-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name)):
        fused = _FUSED.fullmatch(word.lower())
        found += [fused[1], fused[2]] if fused else [word.lower()] if word else []
    return found


def kind_of(stem: str) -> Kind:
    """Tell a scan from a tumour's mask and from other maps, such as a mask of the brain.

    Examples
    --------
    >>> [kind_of(s) for s in ("P1_seg", "P1_t1", "t1_brain_mask", "brain_tumor_seg", "P10-lesion")]
    ['mask', 'scan', 'other', 'mask', 'mask']
    """
    found = words(stem)
    if any(_NO_PICTURE.fullmatch(w) for w in found):
        return "other"
    at = [i for i, w in enumerate(found) if _MAP.fullmatch(w)]
    if not at:
        while found and (_QUALIFIERS.fullmatch(found[-1]) or re.fullmatch(r"v\d+", found[-1])):
            found.pop()
        drawn = bool(found) and _TUMOUR.fullmatch(found[-1]) and found[-2:-1] != ["no"]
        return "mask" if drawn else "scan"
    # What is drawn stands beside the map's own word; a word with a number names the scan.
    for near in (_until_number(found[: at[-1] + 1][::-1]), _until_number(found[at[-1] :])):
        for word in near:
            if _TUMOUR.fullmatch(word):
                return "mask"
            if _ANATOMY.fullmatch(word):
                return "other"
    # In BIDS a segmentation that does not say of what is one of tissue.
    return "other" if found[at[-1]] == "dseg" else "mask"


def _until_number(found: list[str]) -> list[str]:
    stop = next(
        (i for i, w in enumerate(found) if re.search(r"\d", w) and not _TUMOUR.fullmatch(w)),
        len(found),
    )
    return found[:stop]


def is_automatic(stem: str) -> bool:
    """Whether a map says that a program drew it."""
    return any(_AUTOMATIC.fullmatch(w) for w in words(stem))


def parts_of(stem: str) -> list[str]:
    """Cut a name into what tells scans of one sequence apart: no words of maps and sequences.

    Examples
    --------
    >>> parts_of("P1_t1_seg"), parts_of("P1_T2"), parts_of("tumor_mask"), parts_of("P1_ses-2_ct")
    (['p1'], ['p1'], [], ['p1', 'ses', '2'])
    """
    return [w for w in bare(stem) if not _SEQUENCE.fullmatch(w)]


def bare(stem: str) -> list[str]:
    """Cut a name into its words without those of a map, so that it equals its scan's.

    A word such as tumor is one of a map beside a word for a map, and at the end of a map's name;
    elsewhere it names the scan.

    Examples
    --------
    >>> bare("P1_t1_seg"), bare("P1_t1"), bare("tumor_1_seg"), bare("P1_tumor_seg")
    (['p1', 't1'], ['p1', 't1'], ['tumor', '1'], ['p1'])
    """
    found = [w for w in words(stem) if not _QUALIFIERS.fullmatch(w)]
    if kind_of(stem) == "scan":
        return found
    dropped = {i for i, w in enumerate(found) if _MAP.fullmatch(w)} or {len(found)}
    for at in list(dropped):
        for step in (-1, 1):
            near = at + step
            while 0 <= near < len(found) and _TUMOUR.fullmatch(found[near]):
                dropped.add(near)
                near += step
    return [w for i, w in enumerate(found) if i not in dropped]


def without_visit(name: str) -> tuple[str, str | None]:
    """Split a name into the patient's and the visit's, where a word says that it is a visit's.

    Examples
    --------
    >>> without_visit("BraTS-GLI-00005-100"), without_visit("P1_ses-2_t1"), without_visit("P1_2")
    (('BraTS-GLI-00005', '100'), ('P1_t1', 'ses-2'), ('P1_2', None))
    """
    known = _VISIT.match(name)
    if known is not None:
        end = name[known.end() :]
        return (known[1] or known[3]) + end, known[2] or known[4]
    visit = re.search(
        rf"(?:^|[-_. ]+)({_SESSION.pattern}|v\d{{1,2}}|{_DATE})(?=[-_. ]|$)", name, re.IGNORECASE
    ) or _REPEATED.search(name)
    if visit is None:
        return name, None
    rest = name[: visit.start()] + name[visit.end() :]
    return _APART.sub("", rest, count=1) if visit.start() == 0 else rest, visit[1]


def case_of(stem: str) -> tuple[str, str | None]:
    """Name the patient that a file is named after, and the visit.

    Returns
    -------
    patient : str
        The name without what tells sequence, map and visit; empty where nothing is left.
    visit : str or None

    Examples
    --------
    >>> case_of("BraTS-GLI-00005-100-t1c"), case_of("P1_ses-2_flair"), case_of("T1w")
    (('BraTS-GLI-00005', '100'), ('P1', 'ses-2'), ('', None))
    """
    name, visit = without_visit(stem)
    own = set(parts_of(name))
    kept = [
        (m.start(), m.end())
        for m in re.finditer(r"[^-_. ]+", name)
        if own.intersection(words(m[0]))
    ]
    if not kept:
        return "", visit
    # As it is written between the first and the last that is kept, but for what is left out.
    pieces = [name[kept[0][0] : kept[0][1]]]
    for (_, end), (start, stop) in itertools.pairwise(kept):
        between = name[end:start]
        pieces += [between if _APART.fullmatch(between) else "_", name[start:stop]]
    return "".join(pieces), visit


def role_of(folder: str, *, beside: Collection[str] = (), deep: bool = False) -> Role:
    """Tell what a folder between the data set's and a scan's stands for.

    Parameters
    ----------
    folder : str
        Its name.
    beside : collection of str
        The folders beside it: ``lesions`` beside ``images`` holds masks, else it is a class.
    deep : bool
        Whether it lies in a patient's folder, where any word for a map is enough.

    Returns
    -------
    str
        ``split``, ``images`` or ``masks`` (a kind of picture), ``session``, ``place`` (a part of a
        study), ``class``, or ``name``: perhaps a patient.

    Examples
    --------
    >>> [role_of(f) for f in ("Training", "masks", "ses-1", "site2", "HGG", "P01", "flair")]
    ['split', 'masks', 'session', 'place', 'class', 'name', 'images']
    """
    found = words(folder)
    plain = "".join(found)
    if split_of(folder) is not None:
        return "split"
    drawn = bool(found) and all(_TUMOUR.fullmatch(w) for w in found)
    if drawn and any(role_of(other) == "images" for other in beside):
        return "masks"
    if _CLASS.fullmatch(plain) or known_class(folder) is not None:
        return "class"
    if any(_MAP.fullmatch(w) for w in found) and (deep or not _of_a_scan(found)):
        return "masks"
    if found and all(_IMAGES.fullmatch(w) or _SEQUENCE.fullmatch(w) for w in found):
        return "images"
    if _SESSION.fullmatch(folder):
        return "session"
    return "place" if _PLACE.fullmatch(folder) else "name"


def _of_a_scan(found: list[str]) -> list[str]:
    """List the words that say more than what kind of picture or map it is."""
    kinds = (_MAP, _TUMOUR, _ANATOMY, _QUALIFIERS, _IMAGES, _SEQUENCE)
    return [w for w in found if not any(p.fullmatch(w) for p in kinds)]


def is_visit(name: str) -> bool:
    """Whether a name below a patient's folder means a visit, a series or a kind of picture."""
    return bool(
        _SESSION.fullmatch(name) or _BELOW.fullmatch(name) or role_of(name) in ("images", "masks")
    )


def bids_entities(name: str) -> dict[str, str]:
    """Read the entities of a BIDS name.

    Examples
    --------
    >>> bids_entities("sub-01_ses-2_space-T1w_desc-lesion_mask")
    {'sub': '01', 'ses': '2', 'space': 'T1w', 'desc': 'lesion'}
    """
    return dict(re.findall(r"(?:^|_)([a-z]+)-([A-Za-z0-9+]+)(?=_|$)", name))
