from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gliaboost.reports.document.blocks import Figure, Gallery, Paragraph, Section, Table
from gliaboost.reports.document.writing import write_pages
from gliaboost.reports.pages.mask_gallery import MaskedSlice
from gliaboost.reports.pages.segmentation import segmentation
from gliaboost.reports.statistics.overlap import overlap

CLASSES = ("glioma", "meningioma", "no_tumor")


def masks(n: int, off: int) -> tuple[Any, Any]:
    """A square that grows with n, and one that is shifted; every third slice has no tumour."""
    true, predicted = np.zeros((2, 60, 60), bool)
    true[5 : 10 + n, 5 : 10 + n] = n % 3 < 2
    predicted[5 + off : 10 + n + off, 5 : 10 + n] = n % 3 < 2 or n % 2 == 0
    return true, predicted


def slices(off: int = 2, experiment: str = "Boosted pixels") -> pd.DataFrame:
    rows = []
    for n in range(36):
        true, predicted = masks(n, off)
        rows.append(
            {
                "path": f"{n}.png",
                "patient": f"P{n // 3}",
                "label": CLASSES[n % 3],
                "fold": str(n // 3 % 2 + 1),
                "experiment": experiment,
                "seconds": 0.5,
                **vars(overlap(true, predicted)),
            }
        )
    return pd.DataFrame(rows)


def both() -> pd.DataFrame:
    return pd.concat([slices(9, "Otsu"), slices()])


def shown() -> list[MaskedSlice]:
    true, predicted = masks(12, 2)
    return [
        MaskedSlice("best", "12.png", "glioma", 0.9, np.zeros((60, 60), np.uint8), true, predicted)
    ]


def named(section: Section, name: str) -> Any:
    (found,) = (b for b in section.blocks if isinstance(b, (Table, Figure)) and b.name == name)
    return found


def text(section: Section) -> str:
    return " ".join(b.text for b in section.blocks if isinstance(b, Paragraph))


def test_the_best_comes_first_and_is_said(rows: Callable[[Table], list[list[str]]]) -> None:
    section = segmentation(both(), n_boot=100)
    table = named(section, "segmenters")
    first, second = rows(table)
    assert (first[0], second[0]) == ("Boosted pixels", "Otsu")
    assert float(first[2]) > float(second[2])
    lead = section.blocks[0]
    assert isinstance(lead, Paragraph)
    ill = slices()
    dice = ill.loc[ill["area_true"] > 0, "dice"].mean()
    assert f"mean Dice of {dice:.3f} [" in lead.text
    assert "on 24 slices with a tumour of 12 patients" in lead.text
    assert "Size matters" in lead.text


def test_dice_stands_by_class_size_and_fold(rows: Callable[[Table], list[list[str]]]) -> None:
    section = segmentation(both(), n_boot=50)
    groups = named(section, "segmenters-groups")
    headings = [h for h, _ in groups.headings]
    assert headings[1:3] == ["glioma", "meningioma"]
    assert [h.split(",")[0] for h in headings[3:]] == ["small", "medium", "large"]
    ill = slices()
    ill = ill[ill["area_true"] > 0]
    best = rows(groups)[0]
    assert best[1] == f"{ill.loc[ill['label'] == 'glioma', 'dice'].mean():.3f}"
    folds = named(section, "segmenters-folds")
    assert [h for h, _ in folds.headings] == ["Segmenter", "Fold 1", "Fold 2", "Pooled"]
    assert rows(folds)[0][1] == f"{ill.loc[ill['fold'] == '1', 'dice'].mean():.3f}"


def test_dice_stands_by_plane_where_there_are_several() -> None:
    table = both()
    assert not [
        b for b in segmentation(table, shown()).blocks if "planes" in getattr(b, "name", "")
    ]
    table["plane"] = np.resize(["unknown", "sagittal", "axial", "axial", "sagittal"], len(table))
    planes = named(segmentation(table, shown()), "segmenters-planes")
    assert [h for h, _ in planes.headings] == ["Segmenter", "axial", "sagittal", "unknown"]
    for row in planes.rows:
        own = table[(table["experiment"] == row[0].text) & (table["area_true"] > 0)]
        assert row[2].value == pytest.approx(own[own["plane"] == "sagittal"]["dice"].mean())


def test_folds_stand_in_the_order_of_their_numbers() -> None:
    table = slices().assign(fold=[str(n // 3 % 12 + 1) for n in range(36)])
    folds = named(segmentation(table, n_boot=20), "segmenters-folds")
    assert [h for h, _ in folds.headings][1:-1] == [f"Fold {n}" for n in range(1, 13)]


def test_false_alarms_are_counted() -> None:
    # Of 12 slices without a tumour every second has a mask.
    said = text(segmentation(slices(), n_boot=50))
    assert "False alarms on 12 slices without a tumour: Boosted pixels 6 (50.0 %)." in said
    ill = slices()
    ill = ill[ill["area_true"] > 0]
    assert "Every slice has a tumour" in text(segmentation(ill, n_boot=50))


def test_areas_have_a_picture_and_numbers(rows: Callable[[Table], list[list[str]]]) -> None:
    table = slices()
    table.loc[table["area_true"] > 0, "area_predicted"] = table["area_true"] + 10
    figure = named(segmentation(table, n_boot=50), "areas")
    assert len(figure.pictures) == 1
    assert rows(figure.table) == [["Boosted pixels", "+10", "+10", "+10", "100.0 %"]]


def test_pictures_are_shown_or_said_to_lack() -> None:
    section = segmentation(slices(), shown(), n_boot=50)
    (gallery,) = (b for b in section.blocks if isinstance(b, Gallery))
    assert gallery.plates[0].caption == "Best: Dice 0.900"
    assert named(section, "masks").rows[0][4].text == "289"
    assert "Pictures are not shown" in text(segmentation(slices(), n_boot=50))


def test_a_segmenter_that_finds_nothing(rows: Callable[[Table], list[list[str]]]) -> None:
    table = slices()
    blind = table.assign(area_predicted=0, iou=0.0, recall=0.0, precision=np.nan)
    blind["dice"] = np.where(blind["area_true"] > 0, 0.0, 1.0)
    blind["hd95"] = np.where(blind["area_true"] > 0, np.inf, 0.0)
    section = segmentation(blind, n_boot=50)
    (row,) = rows(named(section, "segmenters"))
    assert row[2:9] == ["0.000", "0.000", "–", "0.000", "∞", "100.0 %", "0.0 %"]


@pytest.mark.parametrize("part", ["nothing", "healthy", "one", "two"])
def test_little_to_measure_is_a_page_too(part: str, tmp_path: Path) -> None:
    table = slices()
    kept = {"nothing": table[:0], "healthy": table[table["area_true"] == 0], "one": table[3:4],
            "two": table[3:5]}[part]  # fmt: skip
    section = segmentation(kept, n_boot=50)
    pages = write_pages(tmp_path, "x", [section], simulated=False, source="x")
    assert "nan" not in pages["markdown"].read_text("utf-8").lower()
    assert section.empty == (part == "nothing")


def test_the_page_is_written(tmp_path: Path) -> None:
    section = segmentation(both(), shown(), fit_seconds={"Otsu": 70.0}, n_boot=50)
    pages = write_pages(tmp_path, "Masks", [section], simulated=False, source="slices.csv")
    html = pages["html"].read_text("utf-8")
    assert "Where, and how large" in html
    assert html.count("data:image/jpeg") == 2
    assert "70 s" in pages["markdown"].read_text("utf-8")
