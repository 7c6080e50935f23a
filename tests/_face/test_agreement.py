from __future__ import annotations

from gliaboost._face.agreement import disagreement
from gliaboost._face.answers import Answer


def test_a_refusal_beside_an_answer_is_a_disagreement() -> None:
    said = disagreement({"x": Answer("a", "glioma"), "y": Answer("a", refused="unlike")})
    assert said == "They disagree: glioma (x), refused (y)."


def test_those_who_agree_are_named_together() -> None:
    answers = {"x": Answer("a", "g"), "y": Answer("a", "h"), "z": Answer("a", "g")}
    assert disagreement(answers) == "They disagree: g (x, z), h (y)."
    assert disagreement({"x": Answer("a", "g")}) is None
