"""Masks and scans by their names; no file is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gliaboost.datasets.sources.nifti_layout import Entry, find_scans
from gliaboost.datasets.sources.scan_masks import pair_masks

ROOT = Path("/data")


def pair(*names: str, **options: Any) -> tuple[dict[str, str], dict[str, str], list[str]]:
    layout = find_scans(ROOT, [ROOT / f"{name}.nii" for name in names], **options)
    paired, unclear, unused = pair_masks(layout.scans, layout.masks)
    return (
        {k.as_posix()[:-4]: v.relative_to(ROOT).as_posix()[:-4] for k, v in sorted(paired.items())},
        {k.as_posix()[:-4]: v for k, v in unclear.items()},
        [m.as_posix()[:-4] for m in unused],
    )


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        ("P1 P10 P1_seg", {"P1": "P1_seg"}),
        ("P1 P10 P10_seg", {"P10": "P10_seg"}),
        ("P1_t1 P10_t1 P1_seg", {"P1_t1": "P1_seg"}),
        ("anna annabel anna_mask", {"anna": "anna_mask"}),
        ("annabel anna_mask", {}),
        ("P10 P1_seg", {}),
        ("P1 P1b P1b_seg", {"P1b": "P1b_seg"}),
        ("P1_t1 P1_t2 P1_t1_seg P1_t2_seg", {"P1_t1": "P1_t1_seg", "P1_t2": "P1_t2_seg"}),
        ("P1_t1 P1_flair P1_seg", {"P1_flair": "P1_seg", "P1_t1": "P1_seg"}),
        ("P1_run1 P1_run2 P1_run1_seg", {"P1_run1": "P1_run1_seg"}),
        ("images/P1 images/P10 masks/P1", {"images/P1": "masks/P1"}),
        ("images/P1 masks/P1_mask", {"images/P1": "masks/P1_mask"}),
        ("imagesTr/c_001 imagesTr/c_010 labelsTr/c_001", {"imagesTr/c_001": "labelsTr/c_001"}),
        ("P1/t1 P1/seg P2/t1", {"P1/t1": "P1/seg"}),
        ("P1/t1 P1/lesion_manual P2/t1", {"P1/t1": "P1/lesion_manual"}),
        ("P1/t1 P1/P10_seg P2/t1", {}),
        ("P1/s1/t1 P1/s2/t1 P1/s1/seg", {"P1/s1/t1": "P1/s1/seg"}),
        ("P1/t1/scan P1/seg/scan P2/t1/scan", {"P1/t1/scan": "P1/seg/scan"}),
        ("t1 flair seg", {"flair": "seg", "t1": "seg"}),
        ("P1/t1 P1/brain_mask", {}),
        ("P1/t1 P1/t1_brain_mask P1/t1_seg", {"P1/t1": "P1/t1_seg"}),
        ("P1/001 P2/t1 P2/001_seg", {}),
        ("images/P1/P1_t1 masks/P1_seg", {"images/P1/P1_t1": "masks/P1_seg"}),
        ("images/P1/001 images/P2/001 masks/001", {}),
        ("P1_t1 mask_P1 P2_t1", {"P1_t1": "mask_P1"}),
        ("P1_t1 P1_auto_seg P1_seg", {"P1_t1": "P1_seg"}),
        ("P1_t1 P1_auto_seg", {"P1_t1": "P1_auto_seg"}),
        ("glioma_1 metastasis_1 glioma_1_seg", {"glioma_1": "glioma_1_seg"}),
        ("tumor_1_t1 tumor_2_t1 tumor_1_tumor", {"tumor_1_t1": "tumor_1_tumor"}),
        (
            "P1/week-0/CT1 P1/week-0/HD-GLIO-AUTO-segmentation/registered/segmentation",
            {"P1/week-0/CT1": "P1/week-0/HD-GLIO-AUTO-segmentation/registered/segmentation"},
        ),
        ("P1-t1 P1-segm", {"P1-t1": "P1-segm"}),
    ],
)
def test_pairs(names: str, pairs: dict[str, str]) -> None:
    paired, unclear, unused = pair(*names.split())
    assert paired == pairs
    assert unclear == {}
    masks = [m.path.as_posix()[:-4] for m in _masks(names)]
    assert set(unused) == set(masks) - set(pairs.values()) - {"P1_auto_seg"}


def _masks(names: str) -> list[Entry]:
    return find_scans(ROOT, [ROOT / f"{name}.nii" for name in names.split()]).masks


def test_masks_that_fit_alike_are_not_guessed() -> None:
    paired, unclear, _ = pair("P1", "P1_seg", "P1_mask", "P2", "P2_seg")
    assert paired == {"P2": "P2_seg"}
    assert unclear == {"P1": "2 masks fit: P1_mask.nii, P1_seg.nii; keep one"}


def test_a_mask_without_a_name_is_nobodys_where_patients_are_unknown() -> None:
    assert pair("a/P1", "a/P2", "a/seg", patient_from="none")[2] == ["a/seg"]
    assert pair("a/P1", "a/P2", "a/P2_seg", patient_from="none")[0] == {"a/P2": "a/P2_seg"}


def test_bids_agrees_by_entities() -> None:
    at = "sub-1/ses-{}/anat/sub-1_ses-{}_{}"
    drawn = "derivatives/d/sub-1/ses-1/anat/sub-1_ses-1_"
    for mask, taken in (
        ("desc-lesion_mask", ["T1w", "FLAIR"]),
        ("space-T1w_desc-lesion_mask", ["T1w"]),
        ("space-FLAIR_label-lesion_mask", ["FLAIR"]),
        ("space-MNI152_desc-lesion_mask", []),
        ("space-orig_desc-lesion_mask", ["T1w", "FLAIR"]),
        ("acq-thick_desc-lesion_mask", ["T1w", "FLAIR"]),
    ):
        scans = [at.format(s, s, kind) for s in (1, 2) for kind in ("T1w", "FLAIR")]
        paired, unclear, unused = pair(*scans, drawn + mask)
        assert sorted(paired) == sorted(at.format(1, 1, kind) for kind in taken)
        assert unclear == {}
        assert unused == ([] if taken else [drawn + mask])
    runs = [f"sub-1/anat/sub-1_run-{r}_T1w" for r in (1, 2)]
    paired, _, _ = pair(*runs, "sub-1/anat/sub-1_run-1_desc-tumor_mask")
    assert list(paired) == runs[:1]
    alone = ["sub-1/ses-1/anat/sub-1_ses-1_T1w"]
    mask = "derivatives/d/sub-1/anat/sub-1_desc-lesion_mask"
    assert pair(*alone, mask)[0] == {alone[0]: mask}
    assert pair(*alone, "sub-1/ses-2/anat/sub-1_ses-2_T1w", mask)[0] == {}
    assert pair(*alone, "derivatives/d/sub-1/ses-2/anat/sub-1_ses-2_desc-lesion_mask")[0] == {}
