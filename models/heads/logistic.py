"""Multinomial logistic regression on principal directions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from gliaboost.models.heads.head import Arrays, Learning, Settings
from gliaboost.models.heads.reduced import COMPONENTS, PENALTY, ReducedHead
from gliaboost.models.heads.reduction import Reduction
from gliaboost.models.registry import register
from gliaboost.models.search_space import SearchSpace


@register
class Logistic(ReducedHead):
    """Logistic regression: standardised columns, principal directions, one linear score a class.

    Parameters
    ----------
    components : int
        Principal directions, at most, from 1.
    C : float, optional
        Inverse of the penalty on squared weights, above 0; default: of 0.001, 0.01, 0.1 and 1 the
        best on held-out patients.
    inner_folds : int
        Parts of the patients that are held out in turn to choose and calibrate, from 2.
    class_weight : "balanced", dict or None
        Weigh classes by their inverse frequency, by the given ``{label: weight}``, or all alike.
    seed : int
        Of the parts. Same seed and rows: same model.

    References
    ----------
    D. R. Cox, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical Society
    B 20, 1958.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["glioma", "pituitary"], 40)
    >>> X = rng.normal(size=(80, 200)).astype(np.float32)
    >>> X[:, :20] += (y == "glioma")[:, None]
    >>> model = Logistic().fit(X[::2], y[::2], groups=np.arange(40) // 2)
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9), sorted(model.setting_)
    (True, ['C'])
    """

    name = "logistic"
    TRIED = (0.001, 0.01, 0.1, 1.0)
    title = "Logistic regression"
    effort = 1
    LEGAL = PENALTY

    def __init__(
        self,
        *,
        components: int = COMPONENTS,
        C: float | None = None,
        inner_folds: int = 4,
        class_weight: str | dict[Any, float] | None = "balanced",
        seed: int = 0,
    ) -> None:
        self.components = components
        self.C = C
        self.inner_folds = inner_folds
        self.class_weight = class_weight
        self.seed = seed

    def _heads(self, rows: Learning, settings: Sequence[Settings]) -> Iterator[Arrays]:
        from sklearn.linear_model import LogisticRegression

        for setting in settings:
            head = LogisticRegression(C=setting["C"], max_iter=2000)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a penalty so small that it does not converge
                head.fit(rows.Z, rows.y, sample_weight=rows.weight)
            weights, start = head.coef_, head.intercept_
            if rows.classes == 2:  # one score, of the second class against the first
                weights, start = np.vstack([-weights, weights]) / 2, np.r_[-start, start] / 2
            yield {
                "weights": np.asarray(weights, np.float64),
                "start": np.asarray(start, np.float64),
            }

    def _scores(self, head: Arrays, Z: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.asarray(Z.astype(np.float64) @ head["weights"].T + head["start"])

    def _check(self, head: Arrays, width: int, classes: int) -> bool:
        return head["weights"].shape == (classes, width) and head["start"].shape == (classes,)

    def contributions(self, X: ArrayLike) -> NDArray[np.float32]:
        """Give each column's part in each class's score: how far it is from its mean, times weight.

        Parameters
        ----------
        X : float32 array [N, D]

        Returns
        -------
        float32 array [N, K, D]
            With a constant they sum to the calibrated score (log odds) of the class, exactly.
        """
        check_is_fitted(self, "classes_")
        reduction = self.prepared_
        assert isinstance(reduction, Reduction)
        weights = self.sharpness_ * self.head_["weights"] @ reduction.axes.T
        apart = reduction.standardised(np.asarray(X, np.float32))
        return np.asarray(apart[:, None, :] * weights[None], np.float32)

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: how many directions there are."""
        return SearchSpace(
            lambda trial: {"components": trial.suggest_int("components", 50, 800, log=True)},
            {"components": COMPONENTS},
        )
