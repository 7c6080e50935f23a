"""What a benchmark compares, and how: decided before anything is fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gliaboost.datasets.prepare import Preparation
from gliaboost.datasets.splits import Fold
from gliaboost.reports.protocol.experiments import Experiment
from gliaboost.reports.protocol.search import FitOptions


@dataclass(frozen=True)
class Protocol:
    """What is compared, and how.

    Parameters
    ----------
    experiments : sequence of Experiment
        What competes.
    folds : sequence of Fold
        Outer folds; an image is tested in at most one.
    folds_name : str
        How the folds came about, for the report.
    all_folds : sequence of Fold
        Those of which `folds` are some, where not all are run: extractors that learn divide
        training rows by them, so that a fold alone has the numbers that it has among all.
    preparation : Preparation
        What happens between decoding and extracting.
    controls : bool
        Run the cheapest competitor again with shuffled labels and on folds by image.
    only : mapping of str to sequence of str
        Models that are run on some folds alone, and on which.
    parameters : mapping of str to mapping
        Of models, by name, in place of their defaults.
    trials : int
        Of a search for the other parameters inside each training part; 0: none.
    seed, jobs, device
        As on the command line.
    """

    experiments: Sequence[Experiment]
    folds: Sequence[Fold]
    folds_name: str
    all_folds: Sequence[Fold] = ()
    preparation: Preparation = field(default_factory=Preparation)
    controls: bool = True
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    trials: int = 0
    seed: int = 0
    jobs: int | None = None
    device: str = "auto"

    def options(self, model: str) -> FitOptions:
        """How a model is fitted."""
        shared = {"device": self.device, "jobs": self.jobs, "seed": self.seed}
        return FitOptions(shared, self.parameters.get(model, {}), self.trials)
