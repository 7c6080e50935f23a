"""XGBoost on blocks of columns: what the CPU boosts on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.stored_columns import Columns, StoredColumns
from gliaboost.models.boosters.rounds import summed_log_loss
from gliaboost.models.boosters.task import BoostingTask
from gliaboost.parallel import map_in_order

# Margin of every class before the first tree; fixed, so that the margin of a tree alone is known.
START = 0.5


class Blocks:
    """The columns dealt into blocks of one width, each a binned matrix of its own.

    All fits share the blocks: rows of weight 0 leave no trace in a histogram. To the library every
    block has the same columns, 0 to its width; a finished model is told which they were. Once they
    are binned, the rows themselves are not looked at again.

    Parameters
    ----------
    task : BoostingTask
        What to fit.
    parameters : dict
        The library's.
    matrix : callable
        Bins the rows ``float32 [N, width]`` of the block of this number.
    summed : callable, optional
        Adds a number up over the processes that hold rows, where these are some of all rows.
    """

    memory = "host"

    def __init__(
        self,
        task: BoostingTask,
        parameters: dict[str, Any],
        matrix: Callable[[int, NDArray[np.float32]], Any],
        summed: Callable[[float], float] = float,
    ) -> None:
        self.task, self.parameters, self.summed = task, parameters, summed
        width = task.X.shape[1]
        dealt = np.random.default_rng(parameters["seed"]).permutation(width)
        count = max(1, width // task.columns)
        self.columns = [np.sort(b) for b in np.array_split(dealt, count)]
        self.matrices = list(
            map_in_order(lambda one: matrix(*one), self._numbered(), jobs=task.workers)
        )

    def without(self, rows: NDArray[np.int64]) -> BlockGrowing:
        """Begin a model that does not see some rows."""
        return BlockGrowing(self, rows)

    def boost(self, rounds: int) -> Any:
        """Boost a model of all rows."""
        growing = BlockGrowing(self, np.empty(0, np.int64))
        for number in range(rounds):
            growing.advance(number)
        return self._told_columns(growing.booster)

    def _numbered(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Give all rows of each block; a constant, which no tree splits, fills up a short one."""
        for number, rows in enumerate(_of_columns(self.task.X, self.columns)):
            lacking = len(self.columns[0]) - rows.shape[1]
            yield number, np.pad(rows, ((0, 0), (0, lacking))) if lacking else rows

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


def _of_columns(X: Columns, blocks: Sequence[NDArray[np.int64]]) -> Iterator[NDArray[np.float32]]:
    if isinstance(X, StoredColumns):
        return X.blocks(blocks)
    return (X[:, columns] for columns in blocks)


class BlockGrowing:
    """Trees of each round on the next block, from derivatives computed here.

    The library's own rounds would first predict with all trees on the block's matrix, which has
    not their columns.
    """

    def __init__(self, blocks: Blocks, rows: NDArray[np.int64]) -> None:
        import xgboost
        from scipy.special import softmax

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
        """Boost a round; return the weighted sum of the held-out rows' log loss."""
        from scipy.special import softmax

        matrix = self._blocks.matrices[number % len(self._blocks.matrices)]
        task, p = self._blocks.task, self._p
        self.booster.boost(
            matrix,
            iteration=number,
            grad=self._weight * (p - self._target),
            # With the factor 2 of the library's own softmax.
            hess=self._weight * np.maximum(2 * p * (1 - p), np.float32(1e-16)),
        )
        # Of the bins: as splits lie between bins, every row comes to the leaf of its values.
        added = self.booster.predict(
            matrix, output_margin=True, iteration_range=(number, number + 1)
        )
        self._margin += np.asarray(added, dtype=np.float32) - np.float32(START)
        self._p = softmax(self._margin, axis=1)
        rows = self._rows
        own = summed_log_loss(self._p[rows], task.y[rows], task.weight[rows])
        return self._blocks.summed(own)
