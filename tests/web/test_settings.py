from __future__ import annotations

from gliaboost.web.settings import AppSettings


def test_settings_go_through_the_words_of_a_command() -> None:
    own = AppSettings(("a b.joblib", "ä.joblib"), ("s.joblib",), "my runs", False)
    assert AppSettings.of_words(own.words()) == own
    assert AppSettings.of_words([]) == AppSettings()
