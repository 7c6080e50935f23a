"""Names of scans, masks and folders as archives and people write them."""

from __future__ import annotations

import pytest

from gliaboost.datasets.sources.scan_names import (
    bare,
    bids_entities,
    case_of,
    is_automatic,
    is_visit,
    kind_of,
    parts_of,
    role_of,
    without_visit,
    words,
)

KINDS = {
    "mask": (
        "P1_seg P1-seg P1_segm P1_SEG P1_mask P1_masks P1_label P1_labels P1_segmentation "
        "P1_lesion "
        "P1_tumor P1-tumour mask_P1 seg_001 seg lesion_mask tumorMask TumorMask lesionmask P1_ROI "
        "BraTS20_Training_001_seg BraTS-GLI-00000-000-seg brain_001_seg Tumor_seg P1_GT "
        "sub-01_space-T1w_desc-lesion_mask sub-01_label-lesion_roi P1_T1_seg_v2 P1-lesion-manual "
        "UCSF-PDGM-0004_tumor_segmentation UPENN-GBM-00001_11_automated_approx_segm "
        "TCGA-02-0006_1996.08.23_GlistrBoost P1_ground_truth brain_tumor_seg LesionSeg P1_tumor_v2 "
        "sub-r001s001_ses-1_space-MNI152NLin2009aSym_label-L_desc-T1lesion_mask GTV P1_gtv "
        "sub-01_desc-tumor_dseg sub-01_T1w_lesion"
    ),
    "other": (
        "P1_brain_mask P1_brainmask BrainMask brainmask P1_t1_brainmask brain_seg P1_head_mask "
        "UCSF-PDGM-0004_brain_segmentation UCSF-PDGM-0004_brain_parenchyma_segmentation "
        "sub-01_desc-brain_mask sub-01_label-GM_probseg sub-01_dseg aseg P1_aparc+aseg mask_brain "
        "T1_bet_mask P1_skull_mask P1_wm_seg csf_mask sub-01_from-T1w_to-MNI_xfm tumor_brain_mask "
        "brain_mask_P1 P1_brain_seg_v2 atlas tissue_labels P1_ventricle_mask sub-01_label-WM_mask "
        "sub-01_mod-T1w_defacemask"
    ),
    "scan": (
        "P1 P1_t1 BraTS20_Training_001_t1ce BraTS-GLI-00000-000-t1c sub-01_T1w T1w_masked "
        "P1_no_tumor tumor_001_t1 lesionstudy_P1 t1_brain brain segment7 P10 glioma_07 T2 "
        "sub-01_desc-preproc_T1w maskell_01 labelle Segovia_3"
    ),
}


@pytest.mark.parametrize(
    ("stem", "kind"), [(stem, kind) for kind, stems in KINDS.items() for stem in stems.split()]
)
def test_kinds(stem: str, kind: str) -> None:
    assert kind_of(stem) == kind


@pytest.mark.parametrize(
    ("stem", "patient", "visit"),
    [
        ("P1_t1", "P1", None),
        ("t1_P1", "P1", None),
        ("anna.ct", "anna", None),
        ("case7", "case7", None),
        ("001", "001", None),
        ("12-03", "12-03", None),
        ("T1", "", None),
        ("t1_mprage_sag", "", None),
        ("BraTS20_Training_001_t1ce", "BraTS20_Training_001", None),
        ("BraTS19_CBICA_AAB_1_flair", "BraTS19_CBICA_AAB_1", None),
        ("BraTS-GLI-00005-100-t1c", "BraTS-GLI-00005", "100"),
        ("BraTS-MET-00005-001-seg", "BraTS-MET-00005", "001"),
        ("UPENN-GBM-00001_11_T1GD", "UPENN-GBM-00001", "11"),
        ("P1_visit2_t1", "P1", "visit2"),
        ("P1_ses-2_flair", "P1", "ses-2"),
        ("ses-01_P1", "P1", "ses-01"),
        ("P1_baseline", "P1", "baseline"),
        ("P1_v2_t1", "P1", "v2"),
        ("P1_2019-03-04", "P1", "2019-03-04"),
        ("TCGA-02-0006_1996.08.23_t1Gd", "TCGA-02-0006", "1996.08.23"),
        ("P1_followup_t2", "P1", "followup"),
        ("P1_week-044", "P1", "week-044"),
        ("P1_seg", "P1", None),
        ("P1_scan1", "P1", "scan1"),
        ("P1-exam_2_t1", "P1", "exam_2"),
        ("P1_run-2_T1w", "P1", "run-2"),
        ("scan_1", "scan_1", None),
        ("scan7_t1", "scan7", None),
        ("P1_m06", "P1", "m06"),
        ("glioma_001", "glioma_001", None),
        ("tumor_001_t1", "tumor_001", None),
        ("no_tumor_7", "no_tumor_7", None),
        ("P1_tumorMask", "P1", None),
    ],
)
def test_cases(stem: str, patient: str, visit: str | None) -> None:
    assert case_of(stem) == (patient, visit)


def test_the_name_of_a_folder_keeps_its_words() -> None:
    assert without_visit("MR_001") == ("MR_001", None)
    assert without_visit("P1_ses-2") == ("P1", "ses-2")
    assert without_visit("UPENN-GBM-00012_21") == ("UPENN-GBM-00012", "21")
    assert without_visit("UPENN-GBM-00012_213") == ("UPENN-GBM-00012_213", None)


@pytest.mark.parametrize(
    ("role", "folders"),
    [
        ("split", "train Training Testing val"),
        ("masks", "masks labels tumor_masks segmentations images_segm lesion_masks Mask seg"),
        ("images", "images anat t1 T2_FLAIR data images_structural ct MRI scans"),
        ("class", "hgg LGG no_tumor yes Glioma tumor healthy grade2 High_Grade controls GBM"),
        ("session", "ses-1 baseline week-044 visit1 timepoint_2 postop"),
        ("place", "site1 center_2 batch3 cohortA hospital"),
        ("name", "P1 001 BraTS2020 alice TCGA-02-0006 sub-01 2019-01-01 Maskell"),
    ],
)
def test_roles_of_folders(role: str, folders: str) -> None:
    assert {f: role_of(f) for f in folders.split()} == dict.fromkeys(folders.split(), role)


def test_a_folder_of_tumours_beside_one_of_images_holds_masks() -> None:
    assert role_of("lesions") == role_of("tumor", beside={"tumor", "no_tumor"}) == "class"
    assert role_of("lesions", beside={"images", "lesions"}) == "masks"


def test_inside_a_patients_folder_any_word_for_a_map_is_enough() -> None:
    assert role_of("HD-GLIO-AUTO-segmentation") == "name"
    assert role_of("HD-GLIO-AUTO-segmentation", deep=True) == "masks"


def test_what_may_lie_below_a_patient() -> None:
    visits = "ses-1 001 1 2019-01-01 20190101 scan2 v1 m06 anat first post MR1 20190101T1200"
    assert [v for v in visits.split() if not is_visit(v)] == []
    people = "P1 alice BraTS20_Training_001 case_7 hgg A"
    assert [p for p in people.split() if is_visit(p)] == []


def test_words_and_what_is_left_of_them() -> None:
    assert words("P1-tumorMask_v2") == ["p1", "tumor", "mask", "v2"]
    assert bare("P1_t1_seg") == bare("P1_t1") == ["p1", "t1"]
    assert parts_of("P1_t1_seg") == parts_of("P1_flair") == ["p1"]
    assert bare("glioma_001_seg") == bare("glioma_001") != bare("metastasis_001")
    assert bare("P1_tumor_seg_final") == bare("seg_tumor_P1") == bare("P1_lesion_manual") == ["p1"]
    assert parts_of("P10_seg") != parts_of("P1_seg")
    assert is_automatic("P1_automated_approx_segm")
    assert not is_automatic("P1_segm")
    assert bids_entities("sub-01_ses-2_T1w") == {"sub": "01", "ses": "2"}
