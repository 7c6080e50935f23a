"""XGBoost behind the common face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliaboost.errors import UsageError
from gliaboost.features.stored_columns import Columns, StoredColumns
from gliaboost.models.boosters.base import LEGAL, Booster
from gliaboost.models.boosters.rounds import boost_chosen, summed_log_loss
from gliaboost.models.boosters.task import Boosted, BoostingTask
from gliaboost.models.boosters.xgboost_blocks import START, Blocks
from gliaboost.models.boosters.xgboost_matrices import binned, binned_on_disk, pieces_of, scratch
from gliaboost.models.boosters.xgboost_spread import boost_spread
from gliaboost.models.parameter_checks import Legal
from gliaboost.models.registry import register
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.xgboost_form import read_xgboost
from gliaboost.parallel import Team

# Said where a model is to be spread and there is nobody to share it with.
WITHOUT_TEAM = (
    "xgboost.spread needs the workers of a cluster, and here one process fits a model: give it to "
    "gliaboost train with --cluster, or leave it"
)


@register
class XGBoost(Booster):  # noqa: D101
    __doc__ = (
        (Booster.__doc__ or "")
        + """
    Notes
    -----
    On the CPU, XGBoost's ``colsample_bytree`` still builds the histograms of all columns, so it
    saves little time. Here the columns are dealt at random into blocks of `max_features`, each
    binned once, and every round grows its trees on one block: the same sampling, several times
    faster. On a GPU ``colsample_bytree`` is used as it is.

    Columns in the store (`gliaboost.features.stored_columns.StoredColumns`) are read block by block
    and binned, a byte or two a value; the cuts, and so the model, are those of the same columns in
    memory. With `out_of_core` the bins lie on disk too, and each round reads those of its block.

    With `spread` the processes of a cluster fit one model together, on the CPU: each reads and bins
    a part of the rows, and what they tell each other are histograms, by the library's own
    communicator. The model is one of all rows: that of one process to the last digits where no
    column has more than `max_bin` values, and else with cuts a little elsewhere. All processes have
    to last as long as the fit.

    References
    ----------
    T. Chen and C. Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 30)).astype(np.float32)
    >>> y = np.where(X[:, :3].sum(axis=1) > 0, "glioma", "meningioma")
    >>> patients = np.arange(200) // 4
    >>> model = XGBoost(seed=1).fit(X, y, groups=patients)
    >>> model.predict_proba(X).shape
    (200, 2)
    """
    )
    name = "xgboost"
    title = "XGBoost"
    library = "xgboost"
    cuda_proof = "train_xgboost"
    cuda_remedy = "install a CUDA build of xgboost (pip install xgboost) on a machine with a GPU"

    legal: ClassVar[Legal] = {
        **LEGAL,
        "out_of_core": ("True or False", lambda v: isinstance(v, bool)),
        "spread": ("True or False", lambda v: isinstance(v, bool)),
    }

    def __init__(
        self,
        *,
        rounds: int = 600,
        learning_rate: float = 0.1,
        max_leaves: int = 15,
        max_bin: int = 31,
        max_features: str | float = "sqrt",
        subsample: float = 0.5,
        min_rows: int = 30,
        l2: float = 10.0,
        early_stopping_rounds: int = 20,
        inner_folds: int = 4,
        class_weight: str | dict[Any, float] | None = "balanced",
        out_of_core: bool = False,
        spread: bool = False,
        device: str = "auto",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(
            rounds=rounds,
            learning_rate=learning_rate,
            max_leaves=max_leaves,
            max_bin=max_bin,
            max_features=max_features,
            subsample=subsample,
            min_rows=min_rows,
            l2=l2,
            early_stopping_rounds=early_stopping_rounds,
            inner_folds=inner_folds,
            class_weight=class_weight,
            device=device,
            jobs=jobs,
            seed=seed,
        )
        self.out_of_core = out_of_core
        self.spread = spread

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        team: Team | None = None,
    ) -> Self:
        """Choose the rounds on held-out groups, then fit on all rows.

        Parameters
        ----------
        X, y, groups, sample_weight
            As for `Booster.fit`.
        team : Team, optional
            The processes that fit the model where `spread` is set.

        Returns
        -------
        XGBoost
            Itself.

        Raises
        ------
        UsageError
            As for `Booster.fit`; or if `spread` is set and there is no team.
        ClusterError
            If a process of the team is lost.
        """
        if not self.spread:
            return self._fit(X, y, groups, sample_weight, self._boost)
        if team is None:
            raise UsageError(WITHOUT_TEAM)
        return self._fit(X, y, groups, sample_weight, partial(self._boost_spread, team))

    def parameter_faults(self) -> list[str]:
        """List what is wrong with the parameters; see `Classifier.parameter_faults`."""
        return [*super().parameter_faults(), *self._cpu_faults()]

    def _boost(self, task: BoostingTask) -> Boosted:
        if self.out_of_core:
            # One thread at a time may read a matrix on disk.
            task = task._replace(workers=1)
        with self._source(task, self._parameters(task)) as source:
            booster, rounds = boost_chosen(source, task, self.early_stopping_rounds)
        device = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
        native = bytes(booster.save_raw("ubj"))
        return Boosted(native, rounds, str(device).partition(":")[0], source.memory)

    def _boost_spread(self, team: Team, task: BoostingTask) -> Boosted:
        parameters = self._parameters(task)
        native, rounds = boost_spread(task, parameters, self.early_stopping_rounds, self.jobs, team)
        return Boosted(native, rounds, "cpu")

    @staticmethod
    def _read(native: bytes) -> Trees:
        return read_xgboost(native)

    def _chosen_device(self) -> str:
        if faults := self._cpu_faults():
            raise UsageError("; ".join(faults))
        return "cpu" if self.out_of_core or self.spread else super()._chosen_device()

    def _cpu_faults(self) -> list[str]:
        asked = [name for name in ("out_of_core", "spread") if getattr(self, name)]
        faults = []
        if len(asked) > 1:
            faults.append("out_of_core and spread were both asked for; leave one of them")
        if asked and self.device == "cuda":
            faults.append(
                f"{asked[0]} trains on the CPU, and device='cuda' was asked for; leave one of them"
            )
        return faults

    @contextmanager
    def _source(self, task: BoostingTask, parameters: dict[str, Any]) -> Iterator[_Whole | Blocks]:
        """Open what is boosted on: a matrix for a GPU, blocks in memory or on disk for the CPU."""
        if task.device == "cuda":
            yield _Whole(task, parameters)
        elif not self.out_of_core:
            yield Blocks(task, parameters, lambda _, rows: binned(rows, self.max_bin, task.threads))
        else:
            with scratch(task.X.shape[0] * task.X.shape[1]) as folder:

                def on_disk(number: int, rows: NDArray[np.float32]) -> Any:
                    own = folder / str(number)
                    own.mkdir()
                    return binned_on_disk(rows, self.max_bin, task.threads, own)

                yield Blocks(task, parameters, on_disk)

    def _parameters(self, task: BoostingTask) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": task.classes,
            "tree_method": "hist",
            # On disk, each level of a tree is a pass over the bins, and else each split would be.
            "grow_policy": "depthwise" if self.out_of_core else "lossguide",
            "max_leaves": self.max_leaves,
            "max_depth": 0,
            "max_bin": self.max_bin,
            "eta": self.learning_rate,
            "subsample": self.subsample,
            "lambda": self.l2,
            # Its sum of second derivatives is about a third of a row at the start.
            "min_child_weight": task.min_rows / 3,
            "base_score": START,
            "device": task.device,
            "nthread": task.threads,
            "seed": self.seed,
            # Its generator belongs to the thread, and any thread may boost the next round.
            "seed_per_iteration": True,
            "verbosity": 0,
        }


class _Whole:
    """One matrix a fit, with the library's own sampling of columns; made for the GPU.

    The columns travel to the GPU once, where CuPy is there to hold them; else once a fit. Those of
    the store travel batch by batch, and only their bins stay there.
    """

    def __init__(self, task: BoostingTask, parameters: dict[str, Any]) -> None:
        share = task.columns / task.X.shape[1]
        self.task, self.parameters = task, {**parameters, "colsample_bytree": share}
        self._columns, self.memory = _on_device(task.X)

    def matrix(self, rows: Any, reference: Any = None) -> Any:
        import xgboost

        own = self._columns[rows]
        beside = {"label": self.task.y[rows], "weight": self.task.weight[rows]}
        most = self.parameters["max_bin"]
        if isinstance(own, StoredColumns):
            pieces = pieces_of(own.batches, **beside)
            return xgboost.QuantileDMatrix(pieces, max_bin=most, ref=reference)
        return xgboost.QuantileDMatrix(own, **beside, max_bin=most, ref=reference)

    def without(self, rows: NDArray[np.int64]) -> _WholeGrowing:
        return _WholeGrowing(self, rows)

    def boost(self, rounds: int) -> Any:
        import xgboost

        return xgboost.train(self.parameters, self.matrix(slice(None)), rounds)


class _WholeGrowing:
    def __init__(self, whole: _Whole, rows: NDArray[np.int64]) -> None:
        import xgboost

        task = whole.task
        self._y, self._weight = task.y[rows], task.weight[rows]
        self._train = whole.matrix(np.setdiff1d(np.arange(len(task.y)), rows))
        self._held_out = whole.matrix(rows, self._train)
        self._booster = xgboost.Booster(whole.parameters, [self._train, self._held_out])

    def advance(self, number: int) -> float:
        self._booster.update(self._train, number)
        return summed_log_loss(self._booster.predict(self._held_out), self._y, self._weight)


def _on_device(X: Columns) -> tuple[Any, str]:
    """Copy columns to the GPU's memory if CuPy can, and say where they are."""
    if isinstance(X, StoredColumns):
        return X, "host"
    try:
        import cupy

        return cupy.asarray(X), "device"
    except Exception:  # absent, for another CUDA, or out of memory: each has errors of its own
        return X, "host"
