from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.io import savemat

from gliaboost.datasets.decode import decode, decode_mask
from gliaboost.datasets.sources import read_source
from gliaboost.datasets.splits import column_folds
from gliaboost.errors import UsageError

PATIENTS = ["100360", "MR024780B", "MR024780D"]
FOLDS = [5, 1, 2, 5]


def slice_pixels(number: int) -> NDArray[np.int16]:
    rng = np.random.default_rng(number)
    pixels: NDArray[np.int16] = rng.integers(0, 4000, (30, 20)).astype(np.int16)
    pixels[0, 0], pixels[0, 1] = 0, 4000
    return pixels


def slice_mask(number: int) -> NDArray[np.uint8]:
    mask = np.zeros((30, 20), np.uint8)
    mask[5 : 10 + number, 3:9] = 1
    return mask


def write_mat(file: Path, number: int, **replaced: object) -> None:
    """Write one slice as MATLAB does: columns first, the id as 16-bit characters."""
    record: dict[str, object] = {
        "label": np.array([[float(number % 3 + 1)]]),
        "PID": np.array([[ord(c)] for c in PATIENTS[number % 3]], np.uint16),
        "image": slice_pixels(number).T,
        "tumorBorder": np.array([[1.0, 2.0]]),
        "tumorMask": slice_mask(number).T,
        **replaced,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(file, "w", userblock_size=512) as mat:
        group = mat.create_group("cjdata")
        for name, value in record.items():
            if value is not None:
                group[name] = value


def mat_set(folder: Path, *, hdf5: bool = True) -> Path:
    """Make the publisher's layout: zips unpacked side by side, and cvind.mat."""
    for number in range(1, 5):
        write_mat(folder / f"part{number // 3}" / f"{number}.mat", number)
    folds = np.array(FOLDS, np.float64)
    if hdf5:
        with h5py.File(folder / "cvind.mat", "w") as mat:
            mat["cvind"] = folds[None]
    else:
        savemat(folder / "cvind.mat", {"cvind": folds[:, None]})
    return folder


@pytest.mark.parametrize("hdf5", [True, False])
def test_mat_files_become_images_masks_and_rows(tmp_path: Path, hdf5: bool) -> None:
    m = read_source("figshare", mat_set(tmp_path, hdf5=hdf5)).check()
    assert m.table["label"].tolist() == ["glioma", "pituitary", "meningioma", "glioma"]
    assert m.table["patient"].tolist() == ["MR024780B", "MR024780D", "100360", "MR024780B"]
    assert m.table["patient_family"].tolist() == ["MR024780", "MR024780", "100360", "MR024780"]
    assert m.table["fold"].tolist() == ["5", "1", "2", "5"]
    assert set(m.table["source"]) == {"figshare"}
    for number, (image, mask) in enumerate(zip(m.paths, m.masks, strict=True), start=1):
        pixels = slice_pixels(number)
        np.testing.assert_array_equal(decode(image), np.rint(pixels / pixels.max() * 255))
        assert mask is not None
        np.testing.assert_array_equal(decode_mask(mask), slice_mask(number) > 0)


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    from PIL import Image

    m = read_source("figshare", mat_set(tmp_path), images=tmp_path / "out")
    with Image.open(m.paths[0]) as image:
        np.testing.assert_array_equal(np.asarray(image), slice_pixels(1))
    assert m.root == tmp_path / "out"


def test_negative_values_are_shifted_not_cut(tmp_path: Path) -> None:
    mat_set(tmp_path)
    write_mat(tmp_path / "part0" / "1.mat", 1, image=slice_pixels(1).T - 500)
    m = read_source("figshare", tmp_path)
    np.testing.assert_array_equal(decode(m.paths[0]), np.rint(slice_pixels(1) / 4000 * 255))


def test_conversion_happens_once_and_again_when_files_change(tmp_path: Path) -> None:
    first = read_source("figshare", mat_set(tmp_path)).paths[0]
    stamp = first.stat().st_mtime_ns
    assert read_source("figshare", tmp_path).paths[0].stat().st_mtime_ns == stamp
    write_mat(tmp_path / "part0" / "1.mat", 1, image=slice_pixels(9).T)
    again = read_source("figshare", tmp_path)
    np.testing.assert_array_equal(decode(again.paths[0]), np.rint(slice_pixels(9) / 4000 * 255))


def test_without_published_folds(tmp_path: Path) -> None:
    (mat_set(tmp_path) / "cvind.mat").unlink()
    assert read_source("figshare", tmp_path).table["fold"].isna().all()


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"label": np.array([[4.0]])}, "1.mat is not a slice of the figshare set"),
        ({"label": None}, "1.mat is not a slice of the figshare set"),
        ({"tumorMask": None}, "expected MATLAB v7.3 with cjdata/label, PID, image and tumorMask"),
        ({"tumorMask": np.zeros((5, 5))}, r"an image of int16 \[30, 20\] and a mask of \[5, 5\]"),
        ({"label": np.zeros((0, 0))}, "1.mat is not a slice of the figshare set"),
        ({"PID": np.array([[1e9]])}, "1.mat is not a slice of the figshare set"),
        ({"image": np.zeros((0, 0))}, r"an image of float64 \[0, 0\]"),
    ],
)
def test_a_wrong_slice_is_passed_over_and_named(
    tmp_path: Path, replaced: dict[str, object], message: str
) -> None:
    mat_set(tmp_path)
    write_mat(tmp_path / "part0" / "1.mat", 1, **replaced)
    with pytest.warns(UserWarning, match=rf"^1 of 4 slices were passed over: .*{message}"):
        m = read_source("figshare", tmp_path)
    assert m.table["path"].tolist() == [f"images/{n}.png" for n in (2, 3, 4)]
    assert m.table["fold"].tolist() == ["1", "2", "5"]
    assert len(list((m.root / "images").iterdir())) == 3


def test_a_cut_mat_file_is_passed_over_and_named(tmp_path: Path) -> None:
    mat_set(tmp_path)
    file = tmp_path / "part1" / "4.mat"
    file.write_bytes(file.read_bytes()[:700])
    with pytest.warns(UserWarning, match=r"4.mat is not a slice .* Download them again"):
        assert len(read_source("figshare", tmp_path)) == 3


@pytest.mark.filterwarnings("ignore:4 of 4 slices were passed over")
def test_where_no_slice_is_left_nothing_is(tmp_path: Path) -> None:
    mat_set(tmp_path)
    for file in tmp_path.rglob("[1-4].mat"):
        file.write_bytes(b"junk")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="no slice in 5 figshare"):
        read_source("figshare", tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_folds_of_another_set(tmp_path: Path) -> None:
    write_mat(mat_set(tmp_path) / "part1" / "5.mat", 5)
    with pytest.raises(UsageError, match=r"5.mat has no fold: cvind.mat holds 4"):
        read_source("figshare", tmp_path)
    (tmp_path / "cvind.mat").write_bytes(b"no folds at all")
    with pytest.raises(UsageError, match=r"cvind.mat holds no folds"):
        read_source("figshare", tmp_path)


def test_other_peoples_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match=r"holds something else .* --images"):
        read_source("figshare", mat_set(tmp_path / "set"), images=tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mat_set(tmp_path)

    def denied(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(UsageError, match=r"cannot write .*slices.*: Permission denied; .*--images"):
        read_source("figshare", tmp_path)


def table_set(folder: Path, columns: list[str] | None = None) -> Path:
    rows = [
        {
            "image_id": i,
            "image": f"images/{i}.jpg",
            "mask": f"masks/{i}.png",
            "label": ["meningioma", "glioma"][i % 2],
            "patient_id": PATIENTS[i % 3],
            "cvind_fold": 1 + i % 3,
        }
        for i in range(6)
    ]
    table = pd.DataFrame(rows)
    table[columns or list(table.columns)].to_csv(folder / "metadata.csv", index=False)
    return folder


def test_table_layout(tmp_path: Path) -> None:
    m = read_source("figshare", table_set(tmp_path))
    assert m.table["path"].tolist() == [f"images/{i}.jpg" for i in range(6)]
    assert m.table["fold"].tolist() == ["1", "2", "3"] * 2
    assert m.table["patient_family"].tolist() == ["100360", "MR024780", "MR024780"] * 2
    assert set(m.table["modality"]) == {"MRI"}


def test_table_without_a_column(tmp_path: Path) -> None:
    table_set(tmp_path, ["image", "mask", "label", "patient_id"])
    with pytest.raises(UsageError, match="lacks cvind_fold; its columns are image, mask"):
        read_source("figshare", tmp_path)


def test_the_real_set(figshare_folder: Path) -> None:
    m = read_source("figshare", figshare_folder).check(labelled=True)
    assert len(m) == 3064
    assert m.table["patient"].nunique() == 233
    assert m.table["patient_family"].nunique() == 209
    assert m.table["label"].value_counts().to_dict() == {
        "glioma": 1426,
        "pituitary": 930,
        "meningioma": 708,
    }
    assert [len(f.test) for f in column_folds(m)] == [542, 679, 572, 628, 643]
    published = pd.read_csv(figshare_folder / "metadata.csv", dtype=str)
    assert (published["patient_family"] == m.table["patient_family"]).all()


def test_a_real_slice_goes_through_mat(figshare_folder: Path, tmp_path: Path) -> None:
    image = decode(figshare_folder / "images" / "1.jpg")
    mask = decode_mask(figshare_folder / "masks" / "1.png")
    write_mat(tmp_path / "1.mat", 1, image=image.T.astype(np.int16), tumorMask=mask.T)
    m = read_source("figshare", tmp_path)
    stretched = (image - image.min()) / (image.max() - image.min()) * 255.0
    np.testing.assert_array_equal(decode(m.paths[0]), np.rint(stretched))
