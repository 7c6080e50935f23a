"""What to do where a training's memory runs out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gliaboost.errors import GliaboostError
from gliaboost.features.embedding.batching import out_of_memory


@contextmanager
def advice_on_memory(name: str, batch_size: int) -> Iterator[None]:
    """Say what a training needs less of where memory, of the GPU or the machine, runs out.

    Parameters
    ----------
    name : str
        The model's.
    batch_size : int
        Images a step, from 2.

    Raises
    ------
    GliaboostError
        In place of torch's error.

    Examples
    --------
    >>> with advice_on_memory("cnn-scratch", 32):
    ...     print("trained")
    trained
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise GliaboostError(
            f"{name}: memory runs out with {batch_size} images a step; try "
            f"batch_size={max(2, batch_size // 2)}, a smaller size or a smaller network"
        ) from error
