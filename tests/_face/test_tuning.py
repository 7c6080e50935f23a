from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import gliaboost
from gliaboost.errors import UnreadableWarning

MakeImages = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.mark.integration
def test_a_search_is_kept_beside_the_bundle_or_where_told_or_not_at_all(
    make_images: MakeImages, store: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    path = make_images()
    places: tuple[tuple[Path | None, Path | None], ...] = (
        (None, None),
        (tmp_path / "own", None),
        (None, tmp_path / "m.joblib"),
    )
    for study, out in places:
        bundle, search = gliaboost.tune(
            path,
            features="glcm",
            settings={"lightgbm": {"rounds": 5}},
            trials=1,
            folds=2,
            store=store,
            study=study,
            out=out,
        )
        assert bundle.metrics["search"]["trials"] == len(search.trials) == 1
        assert bundle.parameters["rounds"] == 5
    left = {f.name for f in tmp_path.iterdir()} - {"data", "store"}
    assert {"own", "m.joblib", "m.study"} <= left
    assert all(name.startswith(("own", "m.")) for name in left)


@pytest.mark.integration
def test_a_search_warns_of_files_that_it_did_without(make_images: MakeImages, store: Path) -> None:
    pytest.importorskip("optuna")
    path = make_images()
    (path.parent / "p00-0.png").write_bytes(b"")
    with pytest.warns(UnreadableWarning, match=r"p00-0\.png") as caught:
        gliaboost.tune(
            path, features="glcm", settings={"lightgbm": {"rounds": 5}}, trials=1, store=store
        )
    assert caught[0].filename == __file__
