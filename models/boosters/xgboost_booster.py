"""XGBoost behind the common face."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gliaboost.models.boosters.base import Booster
from gliaboost.models.boosters.rounds import choose_rounds, summed_log_loss
from gliaboost.models.boosters.task import Boosted, BoostingTask
from gliaboost.models.registry import register
from gliaboost.models.trees.trees import Trees
from gliaboost.models.trees.xgboost_form import read_xgboost
from gliaboost.parallel import map_in_order

# Margin of every class before the first tree; fixed, so that the margin of a tree alone is known.
START = 0.5


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

    def _boost(self, task: BoostingTask) -> Boosted:
        parameters = self._parameters(task)
        source: _Whole | _Blocks
        source = (_Whole if task.device == "cuda" else _Blocks)(task, parameters)
        rounds = task.rounds
        if task.held_out:
            growing = [source.without(rows) for rows in task.held_out]
            rounds = choose_rounds(growing, rounds, self.early_stopping_rounds, task.workers)
        booster = source.boost(rounds)
        device = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
        native = bytes(booster.save_raw("ubj"))
        return Boosted(native, rounds, str(device).partition(":")[0], source.memory)

    @staticmethod
    def _read(native: bytes) -> Trees:
        return read_xgboost(native)

    def _parameters(self, task: BoostingTask) -> dict[str, Any]:
        return {
            "objective": "multi:softprob",
            "num_class": task.classes,
            "tree_method": "hist",
            "grow_policy": "lossguide",
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


class _Blocks:
    """The columns dealt into blocks of one width, each a binned matrix of its own.

    All fits share the blocks: rows of weight 0 leave no trace in a histogram. To the library every
    block has the same columns, 0 to its width; a finished model is told which they were.
    """

    memory = "host"

    def __init__(self, task: BoostingTask, parameters: dict[str, Any]) -> None:
        self.task, self.parameters = task, parameters
        width = task.X.shape[1]
        dealt = np.random.default_rng(parameters["seed"]).permutation(width)
        count = max(1, width // task.columns)
        self.columns = [np.sort(b) for b in np.array_split(dealt, count)]
        self.matrices = list(map_in_order(self._bin, range(count), jobs=task.workers))

    def rows_of(self, block: int) -> NDArray[np.float32]:
        """Return all rows of a block; a constant, which no tree splits, fills up a short one."""
        rows = self.task.X[:, self.columns[block]]
        lacking = len(self.columns[0]) - rows.shape[1]
        return np.pad(rows, ((0, 0), (0, lacking))) if lacking else rows

    def _bin(self, block: int) -> Any:
        import xgboost

        return xgboost.QuantileDMatrix(
            self.rows_of(block), max_bin=self.parameters["max_bin"], nthread=self.task.threads
        )

    def without(self, rows: NDArray[np.int64]) -> _BlockGrowing:
        return _BlockGrowing(self, rows)

    def boost(self, rounds: int) -> Any:
        growing = _BlockGrowing(self, np.empty(0, np.int64))
        for number in range(rounds):
            growing.advance(number)
        return self._told_columns(growing.booster)

    def _told_columns(self, booster: Any) -> Any:
        """Put the numbers of all columns in place of those within a block."""
        import xgboost

        model = json.loads(booster.save_raw("json"))
        width = str(self.task.X.shape[1])
        model["learner"]["learner_model_param"]["num_feature"] = width
        for number, tree in enumerate(model["learner"]["gradient_booster"]["model"]["trees"]):
            columns = self.columns[number // self.task.classes % len(self.columns)]
            within = np.array(tree["split_indices"])
            # A leaf keeps a 0, as in the library's own models.
            inner = np.array(tree["left_children"]) >= 0
            tree["split_indices"] = np.where(inner, columns[within * inner], 0).tolist()
            tree["tree_param"]["num_feature"] = width
        whole = xgboost.Booster({**self.parameters})
        whole.load_model(bytearray(json.dumps(model), "utf-8"))
        return whole


class _BlockGrowing:
    """Trees of each round on the next block, from derivatives computed here.

    The library's own rounds would first predict with all trees on the block's matrix, which has
    not their columns.
    """

    def __init__(self, blocks: _Blocks, rows: NDArray[np.int64]) -> None:
        import xgboost

        task = blocks.task
        self.booster = xgboost.Booster(blocks.parameters, blocks.matrices)
        self._blocks, self._rows = blocks, rows
        weight = task.weight.astype(np.float32)
        weight[rows] = 0
        self._weight = weight[:, None]
        self._target = np.eye(task.classes, dtype=np.float32)[task.y]
        self._margin = np.zeros_like(self._target)
        self._p = softmax(self._margin, axis=1)

    def advance(self, number: int) -> float:
        block, task, p = number % len(self._blocks.matrices), self._blocks.task, self._p
        self.booster.boost(
            self._blocks.matrices[block],
            iteration=number,
            grad=self._weight * (p - self._target),
            # With the factor 2 of the library's own softmax.
            hess=self._weight * np.maximum(2 * p * (1 - p), np.float32(1e-16)),
        )
        added = self.booster.inplace_predict(
            self._blocks.rows_of(block),
            iteration_range=(number, number + 1),
            predict_type="margin",
        )
        self._margin += np.asarray(added, dtype=np.float32) - np.float32(START)
        self._p = softmax(self._margin, axis=1)
        rows = self._rows
        return summed_log_loss(self._p[rows], task.y[rows], task.weight[rows])


class _Whole:
    """One matrix a fit, with the library's own sampling of columns; made for the GPU.

    The columns travel to the GPU once, where CuPy is there to hold them; else once a fit.
    """

    def __init__(self, task: BoostingTask, parameters: dict[str, Any]) -> None:
        share = task.columns / task.X.shape[1]
        self.task, self.parameters = task, {**parameters, "colsample_bytree": share}
        self._columns, self.memory = _on_device(task.X)

    def matrix(self, rows: Any, reference: Any = None) -> Any:
        import xgboost

        return xgboost.QuantileDMatrix(
            self._columns[rows],
            label=self.task.y[rows],
            weight=self.task.weight[rows],
            max_bin=self.parameters["max_bin"],
            ref=reference,
        )

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


def _on_device(X: NDArray[np.float32]) -> tuple[Any, str]:
    """Copy columns to the GPU's memory if CuPy can, and say where they are."""
    try:
        import cupy

        return cupy.asarray(X), "device"
    except Exception:  # absent, for another CUDA, or out of memory: each has errors of its own
        return X, "host"
