"""Where a model is wrong and sure of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost.datasets.png import SIGNATURE
from gliaboost.errors import DecodeError
from gliaboost.regular_files import read_regular
from gliaboost.reports.document.blocks import Block, Cell, Gallery, Paragraph, Plate, Section, Table
from gliaboost.reports.document.numerals import UNKNOWN, plural, share
from gliaboost.reports.protocol.results import ExperimentResult, Results

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 12
PER_PATIENT = 2
PIXELS = 300
EXPLAINED = ".png"
IMAGE = "the image"
# Of the name of a file, in letters, and of a picture, in bytes.
_LONGEST, _LARGEST = 128, 2**24
# The colours of `gliaboost.models.explain.overlay.overlay`.
KEY = (("#e68200", "speaks for the class that was named"), ("#286ee6", "speaks against it"))


def mistakes(results: Results) -> Section:
    """Show the surest mistakes of the best experiment, with pictures where images are at hand."""
    title = "Where it is wrong"
    leading = results.leading(1)
    if not leading:
        return Section("mistakes", title, [Paragraph("No predictions were saved.", "missing")])
    e = leading[0][1]
    wrong = surest(e, results.classes)
    total = int((e.predictions["label"] != e.predictions["predicted"]).sum())
    if not total:
        return Section("mistakes", title, [Paragraph(f"{e.title} made no mistake.")])
    blocks: list[Block] = [Paragraph(_finding(e, total))]
    plates = [_plate(results, e, row) for row in wrong.to_dict("records")]
    if any(p.pictures for p in plates):
        shown = [p for p in plates if p.pictures]
        explained = any(words != IMAGE for p in shown for _, words in p.pictures)
        about = " Colours:" if explained else ""
        blocks.append(
            Gallery(
                "mistakes",
                f"The surest mistakes of {e.letter}, at most {PER_PATIENT} of a patient.{about}",
                shown,
                KEY if explained else (),
            )
        )
    else:
        blocks.append(
            Paragraph(
                "Pictures are not shown: the images were not at hand when this page was drawn.",
                "missing",
            )
        )
    blocks.append(
        Table(
            "mistakes",
            f"The surest mistakes of {e.letter} in numbers.",
            ["Image", "Patient", "Fold", "True", "Predicted", "#Confidence", "#Given to the truth"],
            [
                [
                    Cell(_place(str(row["path"])), str(row["path"])),
                    Cell(str(row["patient"] or UNKNOWN)),
                    Cell(str(row["fold"])),
                    Cell(str(row["label"])),
                    Cell(str(row["predicted"])),
                    Cell(share(row["confidence"]), row["confidence"]),
                    Cell(share(row["given"]), row["given"]),
                ]
                for row in wrong.to_dict("records")
            ],
            sortable=True,
        )
    )
    return Section("mistakes", title, blocks)


def surest(e: ExperimentResult, classes: list[str]) -> pd.DataFrame:
    """Return wrong predictions, the most confident first, at most `PER_PATIENT` of a patient."""
    columns = [f"proba_{c}" for c in classes]
    table = e.predictions[e.predictions["label"] != e.predictions["predicted"]].copy()
    table["confidence"] = table[columns].max(axis=1)
    table["given"] = [row[f"proba_{row['label']}"] for row in table.to_dict("records")]
    table = table.sort_values(["confidence", "path"], ascending=[False, True], kind="stable")
    rank = table.groupby("patient", dropna=True).cumcount()
    table = table[table["patient"].isna() | (rank.reindex(table.index).fillna(0) < PER_PATIENT)]
    table["patient"] = table["patient"].astype(object).where(table["patient"].notna(), None)
    return table.head(SHOWN)


def explanation_path(results: Path, experiment: str, key: str) -> Path:
    """Return where the picture that explains one prediction lies, if it was made.

    Examples
    --------
    >>> explanation_path(Path("runs"), "lightgbm+hog", "ab12").as_posix()
    'runs/explanations/lightgbm+hog/ab12.png'
    """
    # Both come from files that somebody else may have written: neither leads out of the folder.
    slug = re.sub(r"[^A-Za-z0-9.+-]+|^\.+", "-", experiment)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:_LONGEST]
    return results / "explanations" / slug / f"{name}{EXPLAINED}"


def _explained(results: Path, experiment: str, key: str) -> bytes | None:
    """Read a picture that was made beside the results; nothing that a link leads to elsewhere."""
    path = explanation_path(results, experiment, key)
    try:
        if (results / "explanations").resolve() not in path.resolve().parents:
            return None
        data = read_regular(path, _LARGEST)
    except OSError:
        return None
    return data if data.startswith(SIGNATURE) else None


def _finding(e: ExperimentResult, total: int) -> str:
    wrong = e.predictions[e.predictions["label"] != e.predictions["predicted"]]
    pairs = wrong.groupby(["label", "predicted"]).size().sort_values(ascending=False)
    (true, called), number = pairs.index[0], int(pairs.iloc[0])
    text = (
        f"{e.title} is wrong on {plural(total, 'image')} of {len(e.predictions):,}; most often "
        f"{true} is called {called} ({number})."
    )
    known = wrong["patient"].dropna()
    if len(known):
        worst = known.value_counts()
        half, part, patients = len(known) / 2, 0, 0
        for n in worst:
            part += int(n)
            patients += 1
            if part >= half:
                break
        text += (
            f" Half of the mistakes fall on {plural(patients, 'patient')} of "
            f"{e.predictions['patient'].nunique():,}."
        )
    return text


def _plate(results: Results, e: ExperimentResult, row: Mapping[Any, Any]) -> Plate:
    pictures = []
    if results.images is not None:
        uri = thumbnail(results.images / str(row["path"]))
        if uri:
            pictures.append((uri, IMAGE))
    if results.folder is not None:
        for _, other in results.leading():
            explained = _explained(results.folder, other.name, str(row["key"]))
            if explained is not None:
                data = base64.b64encode(explained).decode()
                words = f"what the decision of {other.letter} rests on"
                pictures.append((f"data:image/png;base64,{data}", words))
    confidence, given = (share(float(str(row[k]))) for k in ("confidence", "given"))
    whose = f", patient {row['patient']}" if row["patient"] else ""
    return Plate(
        f"{row['label']}, called {row['predicted']}",
        f"{confidence} sure, {given} given to the truth; {_place(str(row['path']))}{whose}",
        pictures,
    )


def _place(path: str) -> str:
    """Keep of a path what tells images apart.

    Examples
    --------
    >>> _place("../../work/figshare/images/36.jpg")
    'figshare/images/36.jpg'
    """
    return "/".join(Path(path).parts[-3:])


def thumbnail(path: Path, pixels: int = PIXELS) -> str | None:
    """Encode an image for the page; None where it cannot be read."""
    from gliaboost.datasets.decode import decode
    from gliaboost.reports.document.page import picture_uri

    try:
        return picture_uri(decode(path), pixels)
    except (DecodeError, OSError):
        return None
