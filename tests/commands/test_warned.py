from __future__ import annotations

import warnings

from gliaboost.commands.warned import plain_warnings


def test_warnings_for_users_are_sentences_and_others_are_as_ever() -> None:
    before = warnings.formatwarning
    with plain_warnings():
        shown = warnings.formatwarning(UserWarning("3 of 4 give no slice"), UserWarning, "x.py", 7)
        assert shown == "gliaboost: 3 of 4 give no slice\n"
        deprecated = FutureWarning("old")
        assert warnings.formatwarning(deprecated, FutureWarning, "x.py", 7) == before(
            deprecated, FutureWarning, "x.py", 7
        )
    assert warnings.formatwarning is before
