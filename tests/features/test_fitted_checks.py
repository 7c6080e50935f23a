"""Each way in which a fitted extractor may break its promises is found and named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import ContractError
from gliaboost.features import FittedExtractor, check_extractor
from gliaboost.features.fitted_checks import sample_rows


class Level(FittedExtractor):
    """Keeps every promise: how bright masked pixels are, and what lies above."""

    name = "level"
    takes_masks = True

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        self.level_ = float(images[masks].mean())

    def _state(self) -> dict[str, Any]:
        return {"level": self.level_}

    def _restore(self, state: Any) -> None:
        self.level_ = state["level"]

    def _extract(self, images: Any) -> Any:
        return (images > self.level_).mean(axis=(1, 2))[:, None].astype(np.float32)

    def _names(self, height: int, width: int) -> list[str]:
        return ["level__share"]


def test_one_that_keeps_the_contract_passes_fitted_or_not() -> None:
    check_extractor(Level)
    check_extractor(Level().fit(**sample_rows(96, 80)))


class Unready(Level):
    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _extract(self, images: Any) -> Any:
        return np.zeros((len(images), 1), np.float32)


class Peeking(Level):
    def _extract(self, images: Any) -> Any:
        columns = super()._extract(images)
        self.level_ += float(images.mean())
        return columns


class Moody(Level):
    moods = 0

    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        type(self).moods += 1
        self.level_ = float(self.moods)


class Forgetful(Level):
    def _restore(self, state: Any) -> None:
        self.level_ = 1.0


class Arrays(Level):
    def _state(self) -> dict[str, Any]:
        return {"level": np.float64(self.level_)}


class Spoiling(Level):
    def _fit(self, images: Any, labels: Any, groups: Any, masks: Any) -> None:
        super()._fit(images, labels, groups, masks)
        masks[:] = False


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (Unready, "an extractor that was not fitted gives columns"),
        (Peeking, "transform changes what was learned"),
        (Moody, "teach it something else the second time"),
        (Forgetful, "restored from its state has another fingerprint"),
        (Arrays, "its state holds a float64"),
        (Spoiling, "fit alters its masks"),
    ],
)
def test_each_breach_is_named(cls: type[FittedExtractor], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        check_extractor(cls)


def test_the_sample_has_patients_of_both_classes() -> None:
    rows = sample_rows(40, 30)
    assert rows["X"].shape == rows["masks"].shape == (16, 40, 30)
    assert rows["masks"].any(axis=(1, 2)).all()
    assert len(set(rows["groups"][rows["y"] == "large"])) == 4
