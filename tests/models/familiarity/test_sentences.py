"""What is said of pictures by how they stand to the training."""

from __future__ import annotations

from gliaboost.models.familiarity.copies import COPY, FILE
from gliaboost.models.familiarity.familiarity import Familiarity
from gliaboost.models.familiarity.sentences import sentences


def test_each_kind_has_its_sentence_and_names_pictures() -> None:
    known = [
        ("a", Familiarity(0.001, True, "")),
        ("b", Familiarity(0.5, False, FILE)),
        ("c", Familiarity(0.5, False, COPY)),
        ("d", None),
        ("e", Familiarity(None, False, "")),
    ]
    unlike, files, copies = sentences(known)
    assert unlike.startswith("1 of 5 pictures is unlike") and unlike.endswith(": a")
    assert files.startswith("1 of 5 pictures is among the files") and files.endswith(": b")
    assert copies.startswith("1 of 5 pictures is a copy") and copies.endswith(": c")


def test_nothing_is_said_of_usual_pictures() -> None:
    assert sentences([("d", None), ("e", Familiarity(0.5, False, ""))]) == []
