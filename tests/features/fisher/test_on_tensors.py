"""On tensors the numbers are those of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from gliaboost.features.fisher.extractor import Fisher
from gliaboost.features.fitted_checks import sample_rows

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(("height", "width"), [(64, 64), (51, 70)])
@pytest.mark.parametrize(("stride", "cells"), [(10, (5.0, 10.0)), (7, (3.0,))])
def test_tensors_and_arrays_agree(
    monkeypatch: pytest.MonkeyPatch, height: int, width: int, stride: int, cells: tuple[float, ...]
) -> None:
    from gliaboost.features.fisher import on_tensors

    rows = sample_rows(height, width)["X"]
    rows[3] = 0  # without a gradient
    own = Fisher(modes=5, dims=12, stride=stride, cells=cells).fit(rows)
    monkeypatch.setattr(on_tensors, "PIXELS", 3 * height * width)  # several chunks
    found = on_tensors.fisher_vectors(
        torch.from_numpy(rows), own.vocabulary_, stride=stride, cells=cells, device="cpu"
    )
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), own.transform(rows), atol=1e-3)
    assert not found[3].any()
