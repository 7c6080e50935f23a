"""Names of sequences as scanners, archives and people write them."""

from __future__ import annotations

import pytest

from gliaboost.datasets.sequences import (
    SEQUENCES,
    chosen_sequences,
    count_sequences,
    find_sequence,
)
from gliaboost.errors import UsageError

WRITTEN = {
    "t1": (
        "T1|t1_se_tra|AX T1 PRE|T1w|sub-01_T1w.nii.gz|Sag T1 FLAIR|T1 MPRAGE|ax 3d bravo|t1n|"
        "BraTS-GLI-00000-000-t1n|T1 without contrast|T1 non-contrast|SAG MPRAGE|MPRAGE|"
        "AX FSPGR|T1_SE_TRA_NATIV|t1 axial pre-gd|T1WI|3D_T1_TFE|t1_tirm_tra|T1 ax w/o Gd|"
        "unenhanced T1|ax t1 flair|BRAIN_T1_AX|T1_pre|T1-weighted|T1 SE NON CONTRAST"
    ),
    "t1c": (
        "T1+C|T1 + C|t1ce|t1gd|t1c|AX T1 POST|T1 POST GD|T1_MPRAGE_Gd|t1_se_tra_km|"
        "sub-01_ce-gadolinium_T1w|T1 C+|AX T1 C+|T1CE|T1wCE|BraTS20_Training_001_t1ce|T1 GAD|"
        "ax t1 fs post contrast|T1 with contrast|T1w+Gd|T1 gadovist|MPRAGE POST|"
        "Ax T1 FLAIR +C|T1_POSTGAD|T1 ENHANCED|T1 Gd|T1post|T1-Gd|T1-contrast|sub-1_T1wCE|"
        "postcontrast T1|t1_contrast|CE-T1|+C Ax T1|T1 mit KM|T1_CONTRAST_ENHANCED|t1km"
    ),
    "t2": (
        "T2|AX T2 FSE|t2_tse_tra|T2w|sub-01_T2w.nii|T2 PROPELLER|BraTS-GLI-00000-000-t2w|"
        "T2WI|t2_blade|AXIAL T2 FRFSE|pd+t2_tse|PD T2"
    ),
    "flair": (
        "FLAIR|AX T2 FLAIR|t2_tirm_tra_dark-fluid|t2_flair_cor|t2f|BraTS-GLI-00000-000-t2f|"
        "sub-01_FLAIR|AX FLAIR +C|T2 DARK FLUID|T2flair|T2_FLAIR_TRA|3D FLAIR"
    ),
    "dwi": (
        "DWI|ep2d_diff_3scan_trace|AX DWI|DTI 32|ep2d_diff_b1000|Diffusion|sub-01_dwi|b1000|"
        "isoDWI|resolve_4scan_trace_tra|ep2d_diff_3scan_p3_m128_TRACEW|DWI_b1000"
    ),
    "adc": (
        "ADC|ep2d_diff_3scan_trace_ADC|Apparent Diffusion Coefficient|dADC|ADC map|"
        "Apparent Diffusion Coefficient (mm2/s)|eADC|DWI_ADC"
    ),
    "other": (
        "T2*|T2* GRE|T2 STAR|SWI|SWI_Images|perfusion|ep2d_perf|TOF|3D TOF|MRA|PD|ASL|"
        "Ax head|brain|007|series 1|p1|image1|axial|scan t|t2star|T2_star_GRE|T1_mapping|"
        "pt10|t10 level|patient1|at1|t2_swi|FA|rCBV"
    ),
}


@pytest.mark.parametrize(
    ("text", "sequence"), [(t, s) for s, texts in WRITTEN.items() for t in texts.split("|")]
)
def test_names_as_they_are_written(text: str, sequence: str) -> None:
    assert find_sequence(text) == sequence
    assert find_sequence(text.upper()) == sequence


def test_the_first_text_that_names_one_decides() -> None:
    assert find_sequence("series 3", None, "", "AX T2") == "t2"
    assert find_sequence("AX T2", "FLAIR") == "t2"
    # Contrast may be said by another text than the sequence.
    assert find_sequence("t1_se_tra", "POST GD") == "t1c"


def test_an_agent_turns_t1_alone_and_not_before_it_is_given() -> None:
    assert find_sequence("AX T1", contrast=True) == "t1c"
    assert find_sequence("AX T1 PRE", contrast=True) == "t1"
    assert find_sequence("AX FLAIR", contrast=True) == "flair"


@pytest.mark.parametrize(
    ("times", "sequence"),
    [
        ((9.0, 520.0, None), "t1"),
        ((98.0, 4500.0, None), "t2"),
        ((120.0, 9000.0, 2500.0), "flair"),
        ((20.0, 3000.0, None), "other"),
        ((None, 500.0, None), "other"),
        ((float("nan"), 500.0, None), "other"),
    ],
)
def test_times_tell_where_no_name_does(
    times: tuple[float | None, float | None, float | None], sequence: str
) -> None:
    echo, repetition, inversion = times
    assert find_sequence("x", echo=echo, repetition=repetition, inversion=inversion) == sequence
    assert find_sequence("DWI", echo=echo, repetition=repetition, inversion=inversion) == "dwi"


def test_choices_are_read_and_unknown_ones_named() -> None:
    assert chosen_sequences(" FLAIR,t1C ,") == ("flair", "t1c")
    assert chosen_sequences("") == ()
    with pytest.raises(UsageError, match=r"'t3', 'x'; expected t1, t1c, t2, flair"):
        chosen_sequences("t1,x,t3")


def test_counts_come_in_a_fixed_order() -> None:
    assert count_sequences(["other", "t2", "t1", "t2"]) == "t1 1, t2 2, other 1"
    assert set(WRITTEN) == set(SEQUENCES)
