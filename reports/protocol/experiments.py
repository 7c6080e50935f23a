"""What a benchmark compares: models on features, and the controls beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliaboost.errors import UsageError
from gliaboost.features.base import Extractor
from gliaboost.models.registry import takes
from gliaboost.reports.protocol.experiment_record import ControlName

SHUFFLED: ControlName = "shuffled labels"
BY_IMAGE: ControlName = "image folds"


@dataclass(frozen=True)
class Experiment:
    """One model on one set of features.

    Parameters
    ----------
    model : str
        Registered name.
    extractors : tuple of Extractor
        Whose columns it is given; empty for a network, which is given images.
    control : str, optional
        `SHUFFLED` or `BY_IMAGE`.
    test_on : str, optional
        Name of the data set that it is tested on, where that is another one.
    """

    model: str
    extractors: tuple[Extractor, ...] = ()
    control: ControlName | None = None
    test_on: str | None = None

    @property
    def name(self) -> str:
        """Unique within a benchmark, e.g. ``lightgbm+hog+lbp``."""
        name = "+".join([self.model, *(e.label for e in self.extractors)])
        aside = self.control or (f"on {self.test_on}" if self.test_on else None)
        return f"{name} ({aside})" if aside else name

    @property
    def takes(self) -> str:
        """``"columns"``, ``"images"`` or ``"both"``."""
        return takes(self.model)


def competitors(
    models: Sequence[str], extractors: Sequence[Extractor], *, ablation: bool = False
) -> list[Experiment]:
    """List what competes: every model on all features it takes.

    Parameters
    ----------
    models : sequence of str
        Registered names.
    extractors : sequence of Extractor
        The features; networks are given images in their place.
    ablation : bool
        Further each extractor alone, and all but one.

    Raises
    ------
    UsageError
        If a model takes columns and there is no extractor.
    """
    found = []
    for model in models:
        whole = Experiment(model, tuple(extractors))
        if whole.takes == "images":
            found.append(Experiment(model))
            continue
        if not extractors:
            raise UsageError(f"{model} takes feature columns; name extractors with --features")
        found.append(whole)
        if ablation and whole.takes == "columns" and len(extractors) > 1:
            sets: list[tuple[Extractor, ...]] = [(e,) for e in extractors]
            if len(extractors) > 2:
                sets += [tuple(o for o in extractors if o is not e) for e in extractors]
            found += [Experiment(model, chosen) for chosen in sets]
    return found
