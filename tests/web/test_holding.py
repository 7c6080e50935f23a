from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import pytest

from gliaboost.datasets.uploads import Upload, open_upload
from gliaboost.web import holding
from gliaboost.web.holding import KEPT, LIMITS, Holding

PNG = cv2.imencode(".png", np.arange(64, dtype=np.uint8).reshape(8, 8))[1].tobytes()


def test_the_limits_are_those_that_are_promised() -> None:
    assert (LIMITS.files, LIMITS.size) == (200, 400_000_000)


def test_what_is_read_is_kept_by_number_and_the_rest_is_named() -> None:
    own = Holding()
    own.add([*open_upload("a.png", PNG), Upload("b", error="is empty"), *open_upload("c", PNG)])
    assert {n: one.name for n, one in own.uploads.items()} == {0: "a.png", 1: "c"}
    assert own.faults == [("b", "is empty")] and own.kept > 0


def test_there_is_an_end_to_what_is_kept_decoded() -> None:
    own = Holding()
    big = Upload("big", open_upload("a", PNG)[0].slices)
    object.__setattr__(big.slices[0].source, "data", bytes(LIMITS.size + 1))
    own.add([big])
    assert not own.uploads and "no room" in own.faults[0][1]


def test_of_what_was_drawn_the_last_is_kept() -> None:
    own = Holding()
    for n in range(KEPT + 3):
        assert own.remember(("x", n, 0), n) == n
    assert len(own.drawn) == KEPT and ("x", 0, 0) not in own.drawn


def test_the_server_forgets_the_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep them as long as the page is open."""
    from types import SimpleNamespace

    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

    manager = MemoryUploadedFileManager("/upload")
    manager.add_file("me", UploadedFileRec("1", "a.png", "image/png", PNG))
    manager.add_file("other", UploadedFileRec("2", "b.png", "image/png", PNG))
    context = SimpleNamespace(uploaded_file_mgr=manager, session_id="me")
    monkeypatch.setattr("gliaboost.web.holding.get_script_run_ctx", lambda: context)
    holding._forget([cast(Any, SimpleNamespace(file_id="1"))])
    assert not manager.get_files("me", ["1"]) and manager.get_files("other", ["2"])
