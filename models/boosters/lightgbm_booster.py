"""LightGBM behind the common face."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.stored_columns import StoredColumns
from gliaboost.models.boosters.base import Booster
from gliaboost.models.boosters.lightgbm_sequence import dataset_of
from gliaboost.models.boosters.rounds import choose_rounds
from gliaboost.models.boosters.task import Boosted, BoostingTask
from gliaboost.models.registry import register
from gliaboost.models.trees.lightgbm_form import read_lightgbm
from gliaboost.models.trees.trees import Trees


@register
class LightGBM(Booster):  # noqa: D101
    __doc__ = (
        (Booster.__doc__ or "")
        + """
    References
    ----------
    G. Ke et al., LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 30)).astype(np.float32)
    >>> y = np.where(X[:, :3].sum(axis=1) > 0, "glioma", "meningioma")
    >>> patients = np.arange(200) // 4
    >>> model = LightGBM(seed=1).fit(X, y, groups=patients)
    >>> model.predict_proba(X).shape
    (200, 2)
    """
    )
    name = "lightgbm"
    title = "LightGBM"
    library = "lightgbm"
    cuda_proof = "train_lightgbm"
    cuda_remedy = (
        "build LightGBM with CUDA: pip install --no-binary lightgbm "
        "--config-settings=cmake.define.USE_CUDA=ON lightgbm"
    )

    def _boost(self, task: BoostingTask) -> Boosted:
        import lightgbm

        parameters = self._parameters(task)
        # One binned matrix: every fit takes its rows from it.
        told = {**parameters, "num_threads": task.threads * task.workers}
        if isinstance(task.X, StoredColumns):
            data = dataset_of(task.X, task.y, task.weight, told)
        else:
            data = lightgbm.Dataset(task.X, task.y, weight=task.weight, params=told).construct()
        rounds = task.rounds
        if task.held_out:
            growing = [_Growing(task, rows, data, parameters) for rows in task.held_out]
            rounds = choose_rounds(
                growing, rounds, self.early_stopping_rounds, task.workers, _quieten
            )
        text = lightgbm.train(parameters, data, rounds).model_to_string()
        return Boosted(text.encode(), rounds, _device_of(text))

    @staticmethod
    def _read(native: bytes) -> Trees:
        return read_lightgbm(native)

    def _parameters(self, task: BoostingTask) -> dict[str, Any]:
        return {
            "objective": "multiclass",
            "num_class": task.classes,
            "metric": "multi_logloss",
            "learning_rate": self.learning_rate,
            "num_leaves": self.max_leaves,
            "max_bin": self.max_bin,
            # Rows enough to place so few bin edges; all of them would double the binning's time.
            "bin_construct_sample_cnt": 40 * self.max_bin,
            "min_data_in_bin": min(3, task.min_rows),
            "min_data_in_leaf": task.min_rows,
            "feature_fraction": task.columns / task.X.shape[1],
            "bagging_fraction": self.subsample,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "device_type": task.device,
            "num_threads": task.threads,
            "seed": self.seed,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }


class _Growing:
    """A model that is boosted round by round without some rows."""

    def __init__(
        self, task: BoostingTask, rows: NDArray[np.int64], data: Any, parameters: dict[str, Any]
    ) -> None:
        import lightgbm

        rest = np.setdiff1d(np.arange(len(task.y)), rows)
        self._weight = float(task.weight[rows].sum())
        self._booster = lightgbm.Booster(parameters, data.subset(rest.tolist()))
        self._booster.add_valid(data.subset(rows.tolist()), "held out")

    def advance(self, number: int) -> float:
        self._booster.update()
        # The library gives the weighted mean.
        return float(self._booster.eval_valid()[0][2]) * self._weight


def _quieten() -> None:
    # The library keeps its verbosity by thread, and sets it wherever it reads parameters.
    import lightgbm

    lightgbm.Dataset(np.zeros((2, 1)), params={"verbosity": -1}).construct()


def _device_of(text: str) -> str:
    found = re.search(r"^\[device_type: (\w+)\]", text, re.MULTILINE)
    return found.group(1) if found else "unknown"
