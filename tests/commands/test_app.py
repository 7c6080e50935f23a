from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gliaboost.commands import app as page
from gliaboost.errors import MissingExtraError
from gliaboost.models.bundle import Bundle, save
from gliaboost.web.settings import AppSettings
from tests.commands.conftest import Ask


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[AppSettings, dict[str, Any]]]:
    calls: list[tuple[AppSettings, dict[str, Any]]] = []
    monkeypatch.setattr(page, "start", lambda settings, **named: calls.append((settings, named)))
    return calls


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    from gliaboost.datasets.prepare import Preparation

    plain = Preparation().to_dict()
    own = Bundle("lightgbm", b"x", "", ["a", "b"], 1, plain, [], {}, "cpu", "", takes="columns")
    return Path(save(own, tmp_path / "m.joblib"))


def test_the_page_is_bound_to_this_machine_and_its_address_printed(
    ask: Ask, bundle: Path, started: list[Any]
) -> None:
    code, out, _ = ask("app", bundle, "--no-open")
    ((settings, named),) = started
    assert code == 0 and settings.bundles == (str(bundle),) and settings.local
    assert named["address"] == "127.0.0.1" and named["browser"] is False
    assert f"page: http://127.0.0.1:{named['port']}" in out


def test_others_are_warned_of_where_they_can_reach_it(ask: Ask, started: list[Any]) -> None:
    code, _, err = ask("app", "--address", "0.0.0.0", "--no-open")
    assert code == 0 and "without a password" in err and not started[0][0].local


def test_a_folder_of_bundles_is_offered_and_what_is_none_is_named(
    ask: Ask, bundle: Path, started: list[Any]
) -> None:
    (bundle.parent / "wrong.joblib").write_bytes(b"x")
    code, _, err = ask("app", "--bundles", bundle.parent, "--no-open")
    assert code == 0 and "wrong.joblib is left out" in err
    assert started[0][0].bundles == (str(bundle),)


def test_a_wrong_bundle_ends_the_command_before_a_page(
    ask: Ask, tmp_path: Path, started: list[Any]
) -> None:
    (tmp_path / "wrong.joblib").write_bytes(b"x")
    code, _, err = ask("app", tmp_path / "wrong.joblib")
    assert code == 1 and "wrong.joblib" in err and not started
    assert ask("app", tmp_path / "no.joblib")[0] == 2


def test_the_missing_extra_is_named(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, started: list[Any]
) -> None:
    def missing() -> None:
        raise MissingExtraError("streamlit", "web", "the page")

    monkeypatch.setattr(page, "check_streamlit", missing)
    code, _, err = ask("app")
    assert code == 2 and "pip install 'gliaboost[web]'" in err and not started
