"""Support vector machine with a Gaussian kernel on principal directions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.heads.head import Arrays, Learning, Settings
from gliaboost.models.heads.reduced import COMPONENTS, PENALTY, ReducedHead
from gliaboost.models.parameter_checks import Legal
from gliaboost.models.registry import register
from gliaboost.models.search_space import SearchSpace

Floats = NDArray[np.float64]
# Rows whose kernel is held at once while predicting.
BLOCK = 1024


@register
class SVM(ReducedHead):
    """Support vector machine: standardised columns, principal directions, a Gaussian kernel.

    Each two classes are told apart by one machine; a class's score is the sum of what its machines
    say for it.

    Parameters
    ----------
    components : int
        Principal directions, at most, from 1.
    C : float, optional
        Cost of a row on the wrong side, above 0; default: of 0.3, 1, 3 and 10 the best on held-out
        patients.
    gamma : float
        The kernel is ``exp(-gamma * d2 / k)`` of the squared distance in k directions, whose
        variance is 1 on average; above 0. 1 is what scikit-learn calls ``"scale"``.
    inner_folds : int
        Parts of the patients that are held out in turn to choose and calibrate, from 2.
    class_weight : "balanced", dict or None
        Weigh classes by their inverse frequency, by the given ``{label: weight}``, or all alike.
    seed : int
        Of the parts. Same seed and rows: same model.

    References
    ----------
    C. Cortes and V. Vapnik, Support-Vector Networks, Machine Learning 20, 1995. C.-C. Chang and
    C.-J. Lin, LIBSVM: A library for support vector machines, ACM TIST 2, 2011.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["glioma", "pituitary"], 40)
    >>> X = rng.normal(size=(80, 200)).astype(np.float32)
    >>> X[:, :20] += (y == "glioma")[:, None]
    >>> model = SVM().fit(X[::2], y[::2], groups=np.arange(40) // 2)
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9), sorted(model.setting_)
    (True, ['C'])
    """

    name = "svm"
    TRIED = (0.3, 1.0, 3.0, 10.0)
    title = "SVM"
    effort = 2
    LEGAL: ClassVar[Legal] = {
        **PENALTY,
        "gamma": ("more than 0", lambda v: not isinstance(v, bool) and 0 < v < math.inf),
    }

    def __init__(
        self,
        *,
        components: int = COMPONENTS,
        C: float | None = None,
        gamma: float = 1.0,
        inner_folds: int = 4,
        class_weight: str | dict[Any, float] | None = "balanced",
        seed: int = 0,
    ) -> None:
        self.components = components
        self.C = C
        self.gamma = gamma
        self.inner_folds = inner_folds
        self.class_weight = class_weight
        self.seed = seed

    def _heads(self, rows: Learning, settings: Sequence[Settings]) -> Iterator[Arrays]:
        from sklearn.svm import SVC

        # One kernel serves every setting.
        kernel = gaussian(rows.Z, rows.Z, self.gamma / rows.Z.shape[1])
        for setting in settings:
            machine = SVC(C=setting["C"], kernel="precomputed", decision_function_shape="ovo")
            machine.fit(kernel, rows.y, sample_weight=rows.weight)
            yield {
                "rows": rows.Z[machine.support_],
                "parts": class_parts(machine.dual_coef_, machine.n_support_),
                "start": class_starts(machine.intercept_, rows.classes),
            }

    def _scores(self, head: Arrays, Z: NDArray[np.float32]) -> Floats:
        gamma = self.gamma / Z.shape[1]
        found = [
            gaussian(Z[start : start + BLOCK], head["rows"], gamma) @ head["parts"]
            for start in range(0, len(Z), BLOCK)
        ]
        return np.concatenate([np.empty((0, head["parts"].shape[1])), *found]) + head["start"]

    def _check(self, head: Arrays, width: int, classes: int) -> bool:
        rows, parts = head["rows"], head["parts"]
        return (
            rows.ndim == 2
            and rows.shape[1] == width
            and parts.shape == (len(rows), classes)
            and head["start"].shape == (classes,)
        )

    @classmethod
    def search_space(cls) -> SearchSpace:
        """Say what a search may change: directions, and the kernel's width."""
        return SearchSpace(
            lambda trial: {
                "components": trial.suggest_int("components", 50, 800, log=True),
                "gamma": trial.suggest_float("gamma", 0.1, 10.0, log=True),
            },
            {"components": COMPONENTS, "gamma": 1.0},
        )


def gaussian(a: NDArray[np.float32], b: NDArray[np.float32], gamma: float) -> Floats:
    """Give the kernel ``exp(-gamma * squared distance)`` of all pairs of rows, ``[N, M]``.

    Examples
    --------
    >>> rows = np.array([[0, 0], [3, 4]], np.float32)
    >>> gaussian(rows, rows, 0.04).round(3).tolist()
    [[1.0, 0.368], [0.368, 1.0]]
    """
    left, right = a.astype(np.float64), b.astype(np.float64)
    apart = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * left @ right.T
    return np.asarray(np.exp(-gamma * np.maximum(apart, 0)))


def class_parts(dual: Floats, counts: NDArray[np.integer[Any]]) -> Floats:
    """Turn libsvm's coefficients into what a support vector adds to each class's score.

    Parameters
    ----------
    dual : float64 array [K - 1, S]
        ``dual_coef_``: of a support vector of class k those against the others, in their order.
    counts : int array [K]
        Support vectors of each class, which lie in this order.

    Returns
    -------
    float64 array [S, K]
    """
    classes = len(counts)
    parts = np.zeros((dual.shape[1], classes))
    edges = np.concatenate([[0], np.cumsum(counts)])
    for i, j in combinations(range(classes), 2):
        of_i, of_j = slice(edges[i], edges[i + 1]), slice(edges[j], edges[j + 1])
        # With two classes scikit-learn turns the sign, so that above 0 means the second.
        sign = -1.0 if classes == 2 else 1.0
        for rows, row in ((of_i, j - 1), (of_j, i)):
            parts[rows, i] += sign * dual[row, rows]
            parts[rows, j] -= sign * dual[row, rows]
    return parts


def class_starts(intercept: Floats, classes: int) -> Floats:
    """Turn the intercepts of all pairs into what each class's score begins with, ``[K]``."""
    start = np.zeros(classes)
    sign = -1.0 if classes == 2 else 1.0
    for own, (i, j) in zip(sign * intercept, combinations(range(classes), 2), strict=True):
        start[i] += own
        start[j] -= own
    return start
