from __future__ import annotations

import pytest

from gliaboost.datasets.file_names import is_text, spoken


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"scan 1.png", "scan 1.png"),
        ("café-脳.png".encode(), "café-脳.png"),
        (b"caf\xe9.png", "caf\\xe9.png"),
        (b"\xff\xfe", "\\xff\\xfe"),
    ],
)
def test_names_of_any_bytes_can_be_shown(name: bytes, shown: str) -> None:
    given = name.decode("utf-8", "surrogateescape")
    assert spoken(given) == shown
    assert is_text(given) == ("\\" not in shown)
    spoken(given).encode()


def test_half_a_letter_can_be_shown() -> None:
    assert spoken("a\ud800.png") == "a\\ud800.png"
    assert not is_text("a\ud800.png")
