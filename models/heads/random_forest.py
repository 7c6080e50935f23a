"""Random forest: grown by scikit-learn, kept as plain arrays, walked by compiled code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gliaboost.features.kernels.cpu.compiled import entry
from gliaboost.models.heads.head import SHARED, Arrays, ColumnHead, Learning, Settings
from gliaboost.models.heads.reduction import Filling, medians
from gliaboost.models.parameter_checks import Legal, whole
from gliaboost.models.registry import register

# Where none is given, one of these: the bolder, the later.
TRIED = (20, 5, 1)
# Shares of votes below this are no less certain.
LEAST = 1e-3


@register
class RandomForest(ColumnHead):
    """Random forest: the baseline of many papers.

    Trees split columns by their order, so nothing is standardised and no directions are sought.
    The scores are the logarithms of the mean shares of the classes in the leaves.

    Parameters
    ----------
    trees : int
        From 1.
    min_rows : int, optional
        Fewest rows a leaf, from 1; default: of 20, 5 and 1 the best on held-out patients.
    inner_folds : int
        Parts of the patients that are held out in turn to choose and calibrate, from 2.
    class_weight : "balanced", dict or None
        Weigh classes by their inverse frequency, by the given ``{label: weight}``, or all alike.
    jobs : int, optional
        Threads; default: all cores. The trees do not depend on it.
    seed : int
        Of the parts and the trees. Same seed and rows: same model.

    References
    ----------
    L. Breiman, Random Forests, Machine Learning 45, 2001.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["glioma", "pituitary"], 40)
    >>> X = rng.normal(size=(80, 50)).astype(np.float32)
    >>> X[:, :20] += (y == "glioma")[:, None]
    >>> model = RandomForest(trees=40).fit(X[::2], y[::2], groups=np.arange(40) // 2)
    >>> bool(model.score(X[1::2], y[1::2]) > 0.7), sorted(model.setting_)
    (True, ['min_rows'])
    """

    name = "random-forest"
    title = "Random forest"
    effort = 4
    LEGAL: ClassVar[Legal] = {
        **SHARED,
        "trees": ("a whole number from 1", whole(1)),
        "min_rows": ("a whole number from 1, or None", lambda v: v is None or whole(1)(v)),
        "jobs": ("a whole number from 1, or None", lambda v: v is None or whole(1)(v)),
    }

    def __init__(
        self,
        *,
        trees: int = 300,
        min_rows: int | None = None,
        inner_folds: int = 4,
        class_weight: str | dict[Any, float] | None = "balanced",
        jobs: int | None = None,
        seed: int = 0,
    ) -> None:
        self.trees = trees
        self.min_rows = min_rows
        self.inner_folds = inner_folds
        self.class_weight = class_weight
        self.jobs = jobs
        self.seed = seed

    def _settings(self) -> Sequence[Settings]:
        return [{"min_rows": n} for n in ((self.min_rows,) if self.min_rows else TRIED)]

    def _prepare(self, X: NDArray[np.float32]) -> Filling:
        return Filling(medians(X))

    def _restored(self, arrays: Arrays) -> Filling:
        return Filling(**arrays)

    def _heads(self, rows: Learning, settings: Sequence[Settings]) -> Iterator[Arrays]:
        from sklearn.ensemble import RandomForestClassifier

        for setting in settings:
            forest = RandomForestClassifier(
                self.trees,
                min_samples_leaf=int(setting["min_rows"]),
                n_jobs=self.jobs or -1,
                random_state=self.seed,
            )
            yield plain_trees(forest.fit(rows.Z, rows.y, sample_weight=rows.weight).estimators_)

    def _scores(self, head: Arrays, Z: NDArray[np.float32]) -> NDArray[np.float64]:
        shares = np.zeros((len(Z), head["share"].shape[1]))
        _vote(
            np.ascontiguousarray(Z, np.float32),
            *(head[name] for name in ("roots", "feature", "left", "right", "threshold", "share")),
            shares,
        )
        return np.asarray(np.log(np.maximum(shares / len(head["roots"]), LEAST)))

    def _check(self, head: Arrays, width: int, classes: int) -> bool:
        nodes = len(head["feature"])
        own = np.arange(nodes)
        kinds = {"threshold": np.float64, "share": np.float64}
        inner = head["feature"] >= 0
        return (
            all(a.dtype == kinds.get(name, np.int32) for name, a in head.items())
            and all(head[name].shape == (nodes,) for name in ("left", "right", "threshold"))
            and head["share"].shape == (nodes, classes)
            and head["roots"].shape == (self.trees,)
            and bool(((head["roots"] >= 0) & (head["roots"] < nodes)).all())
            and bool((head["feature"] < width).all())
            # Children come later, so no walk goes in circles.
            and all(
                bool(((head[side] > own) & (head[side] < nodes))[inner].all())
                for side in ("left", "right")
            )
        )


def plain_trees(trees: Sequence[Any]) -> Arrays:
    """Turn scikit-learn's trees into one run of arrays.

    Parameters
    ----------
    trees : sequence of DecisionTreeClassifier

    Returns
    -------
    dict of str to array
        ``roots`` [T]; by node ``feature`` (-1: a leaf), ``left``, ``right``, ``threshold`` (to the
        left goes what is not greater), and ``share`` [M, K] of the classes.
    """
    parts: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("feature", "left", "right", "threshold", "share")
    }
    roots, nodes = [], 0
    for tree in (t.tree_ for t in trees):
        inner = tree.children_left >= 0
        roots.append(nodes)
        parts["feature"].append(np.where(inner, tree.feature, -1))
        parts["left"].append(np.where(inner, tree.children_left + nodes, 0))
        parts["right"].append(np.where(inner, tree.children_right + nodes, 0))
        parts["threshold"].append(np.where(inner, tree.threshold, 0.0))
        share = tree.value[:, 0, :]
        parts["share"].append(share / share.sum(axis=1, keepdims=True))
        nodes += tree.node_count
    whole = {name: np.concatenate(part) for name, part in parts.items()}
    for name in ("feature", "left", "right"):
        whole[name] = whole[name].astype(np.int32)
    return {"roots": np.array(roots, np.int32), **whole}


@entry
def _vote(
    X: Any, roots: Any, feature: Any, left: Any, right: Any, threshold: Any, share: Any, shares: Any
) -> None:
    for tree in range(len(roots)):
        for n in range(X.shape[0]):
            node = roots[tree]
            while feature[node] >= 0:
                node = left[node] if X[n, feature[node]] <= threshold[node] else right[node]
            for k in range(shares.shape[1]):
                shares[n, k] += share[node, k]
