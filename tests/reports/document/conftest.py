"""What the tests of drawings share: a picture read back as the elements it is made of."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from gliaboost.reports.document.blocks import Picture

Elements = list[ElementTree.Element]


@pytest.fixture
def drawn() -> Callable[..., Elements]:
    """Return a function that lists a drawing's elements, of one class if it is named."""

    def elements(picture: Picture | str, kind: str = "") -> Elements:
        body = picture if isinstance(picture, str) else picture.body
        found = list(ElementTree.fromstring(f"<svg>{body}</svg>"))
        return [e for e in found if not kind or kind in e.get("class", "").split()]

    return elements
