from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError
from gliaboost.models.networks.classifier import check_training
from gliaboost.models.networks.cnn import FinetunedCNN

IMAGES = np.zeros((4, 8, 8), np.uint8)
LABELS = np.array(["a", "a", "b", "b"], object)


def test_good_training_rows_come_back_as_arrays() -> None:
    patients: Any = ["p", "p", "q", 7]
    images, labels, patients = check_training(IMAGES, LABELS.tolist(), patients)
    assert images.dtype == np.uint8
    assert labels.tolist() == LABELS.tolist()
    assert patients.tolist() == ["p", "p", "q", 7]
    assert len(set(check_training(IMAGES, LABELS, None)[2].tolist())) == 4


@pytest.mark.parametrize(
    ("y", "groups", "message"),
    [
        (LABELS[:3], None, "4 images, 3 labels"),
        (LABELS, ["p"] * 3, r"groups of shape \(3,\); expected one a row"),
        (LABELS, ["p", None, "q", float("nan")], r"2 row\(s\) have no group \(first: row 1\)"),
        (["a"] * 4, None, r"4 training image\(s\) of 1 class only \(a\)"),
    ],
)
def test_rows_that_do_not_agree_are_refused(y: Any, groups: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_training(IMAGES, y, groups)


def test_continuous_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        check_training(IMAGES, [0.1, 0.2, 0.3, 0.4], None)


def test_what_is_said_of_weights_leaves_a_checkpoint_valid() -> None:
    """Whoever says later what weights learned from goes on from the same epochs."""

    def identity(**parameters: Any) -> str:
        model = FinetunedCNN(weights="net.pth", **parameters)
        model.classes_ = np.array(["a", "b"])
        return model._identity(IMAGES, np.array([0, 0, 1, 1]), np.arange(4), {}, "cpu")

    assert identity() == identity(trained_on="BraTS 2021") != identity(epochs=2)
