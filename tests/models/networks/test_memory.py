"""Where memory runs out, the answer says what to try."""

from __future__ import annotations

import pytest

from gliaboost.errors import GliaboostError
from gliaboost.models.networks.memory import advice_on_memory


@pytest.mark.parametrize(("batch", "half"), [(32, 16), (3, 2), (2, 2)])
@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")]
)
def test_half_the_batch_is_advised(error: Exception, batch: int, half: int) -> None:
    with (
        pytest.raises(GliaboostError, match=rf"unet: .* {batch} images .* batch_size={half},"),
        advice_on_memory("unet", batch),
    ):
        raise error


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="shapes"), advice_on_memory("unet", 2):
        raise RuntimeError("shapes differ")
