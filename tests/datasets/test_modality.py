"""Names as archives write them, and values as scanners do."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
import pytest

from gliaboost.datasets.modality import (
    OtherModality,
    check_modality,
    folder_modality,
    modality_of_values,
    path_texts,
    said_modality,
)
from gliaboost.errors import UsageError

MRI = (
    "t1|T1w|P1_T2|sub-01_FLAIR|BraTS-GLI-00000-000-t1c|x-t2f|mr_7|head-MRI|3DT1|T1wCE|bold|dwi|ADC"
)
CT = "ct|CT_7|head-ct|ncct|anna.NCCT|CTA|headCT|ct_brain_3"
NEITHER = "scan|case7|brain_01|october|actual|p1_ct_mr|ct_t1|"


@pytest.mark.parametrize(
    ("text", "modality"),
    [(t, m) for m, texts in (("MRI", MRI), ("CT", CT), (None, NEITHER)) for t in texts.split("|")],
)
def test_names(text: str, modality: str | None) -> None:
    assert said_modality(text) == modality


def test_the_first_text_that_says_one_decides() -> None:
    assert said_modality(None, "scan", "ct", "mri") == "CT"
    assert said_modality("ct_mr", "mri") == "MRI"
    assert said_modality("scan", "TE=2.9;Time=104455.1") == "MRI"
    assert said_modality("sub-1_ct", "anat") == "CT"
    assert said_modality("sub-1_FLASH", "anat") == "MRI"
    assert path_texts(PurePath("mri/p1/scan.nii")) == ["scan.nii", "p1", "mri"]


@pytest.mark.parametrize("text", ["sub-01_pet", "FDG", "p7_SPECT", "suv"])
def test_others_are_named(text: str) -> None:
    with pytest.raises(OtherModality, match=r"(PET|FDG|SPECT|SUV); expected MRI or CT"):
        said_modality(text)
    assert said_modality(f"{text}_t1") == "MRI"


def test_a_choice_is_read_in_usual_spellings() -> None:
    assert [check_modality(m) for m in ("mr", "MRI", " ct", None)] == ["MRI", "MRI", "CT", None]
    with pytest.raises(UsageError, match="'PET'; expected MRI or CT"):
        check_modality("PET")


def ct(shape: tuple[int, ...] = (40, 40, 10), air: int = -1000) -> np.ndarray:
    rng = np.random.default_rng(0)
    volume = rng.normal(air, 15, shape)
    volume[10:30, 10:30] = rng.normal(35, 12, (20, 20, shape[2]))
    volume[10:12, 10:30] = 900
    return volume


def test_hounsfield_units() -> None:
    for air in (-1000, -1024, -980, -1070):
        assert modality_of_values(ct(air=air).astype(np.int16)) == "CT"
    padded = ct()
    padded[:5] = -3024
    assert modality_of_values(padded) == "CT"
    assert modality_of_values(np.where(padded < -500, -2048, padded)) == "CT"
    padded[0, 0, 0] = np.nan
    padded[0, 0, 1] = np.inf
    assert modality_of_values(padded) == "CT"


def test_what_is_negative_is_no_ct_for_it() -> None:
    rng = np.random.default_rng(0)
    mri = np.abs(rng.normal(0, 20, (40, 40, 10)))
    mri[10:30, 10:30] = rng.normal(600, 200, (20, 20, 10))
    for other in (
        mri,
        mri - 1000,
        mri - 1024,
        mri - 600,
        (mri - mri.mean()) / mri.std(),
        (mri - 500) * 10,
        -mri,
        -2 * mri,
        np.where(mri < 100, -2048, mri),
        np.where(mri < 100, -1000, mri),
        ct() + 1000,
        np.repeat([-1000.0, -600, 50], [1000, 600, 400]),
        rng.uniform(-1200, 1200, (40, 40, 10)),
    ):
        assert modality_of_values(other) == "MRI"
    assert modality_of_values(np.full(9, np.nan)) == "MRI"
    assert modality_of_values(np.full(9, -1000.0)) == "MRI"


@pytest.mark.parametrize(
    ("folders", "modality"),
    [
        (["CT"], "CT"),
        (["glioma", "MRI"], "MRI"),
        (["BrainCT"], "CT"),
        (["mri-scans"], "MRI"),
        (["MRIimages"], "MRI"),
        (["ct_healthy", "mri and ct"], "CT"),
        (["ct_healthy", "mri"], "CT"),  # the nearest tells
        (["yes", "CT-MRI"], None),
        (["T1"], None),  # a stage of a disease, perhaps
        (["T1w"], "MRI"),
        (["sector", "direct", "MRSA"], None),
        ([], None),
    ],
)
def test_folders_tell_the_modality_where_it_is_clear(
    folders: list[str], modality: str | None
) -> None:
    assert folder_modality(folders) == modality
