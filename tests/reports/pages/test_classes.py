from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.metrics import confusion_matrix, f1_score

from gliaboost.reports.document.blocks import Figure, Paragraph, Table
from gliaboost.reports.pages.classes import classes
from gliaboost.reports.protocol.results import read_results


def test_matrices_and_numbers_are_scikit_learns(three: Any, rows: Callable[..., Any]) -> None:
    blocks = {(type(b), getattr(b, "name", "")): b for b in classes(three).blocks}
    best = three.experiments[0]
    truth, predicted = best.predictions["label"], best.predictions["predicted"]
    figure = blocks[Figure, "confusion"]
    assert isinstance(figure, Figure)
    assert figure.table is not None
    mine = [row[2:] for row in rows(figure.table) if row[0] == best.letter]
    want = confusion_matrix(truth, predicted, labels=three.classes)
    assert [[int(n) for n in row] for row in mine] == want.tolist()
    table = blocks[Table, "classes"]
    assert isinstance(table, Table)
    place = [h for h, _ in table.headings].index("F1")
    for label in three.classes:
        (cell,) = (r[place] for r in table.rows if (r[0].text, r[1].text) == (best.letter, label))
        assert cell.text == f"{f1_score(truth == label, predicted == label):.3f}"


def test_a_class_that_nobody_names_is_told(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions()
    frame.loc[frame["predicted"] == "glioma", "predicted"] = "meningioma"
    blocks = classes(read_results(make_run([frame]))).blocks
    assert any("glioma" in b.text for b in blocks if isinstance(b, Paragraph))
    whole = classes(read_results(make_run([make_predictions()], name="whole"))).blocks
    assert not any("glioma" in b.text for b in whole if isinstance(b, Paragraph))


def test_without_patients_nothing_is_said_of_them(make_predictions: Any, make_run: Any) -> None:
    frame = make_predictions().assign(patient=None)
    section = classes(read_results(make_run([frame], protocol={"group": "image"})))
    assert "nothing can be said by patient" in " ".join(
        b.text for b in section.blocks if isinstance(b, Paragraph)
    )
    assert not any(getattr(b, "name", "") == "patients" for b in section.blocks)
