"""Boosted trees of all classes as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.base import NativeModelError
from gliaboost.models.plain_arrays import MAGIC, pack, unpack
from gliaboost.models.trees.faults import tree_faults
from gliaboost.parallel import map_in_order

# Faults of one model that are told; a damaged one may have thousands.
TOLD = 5
# Rows that are explained at once, in float64.
EXPLAINED = 64


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees of all classes, one after the other, whose leaves add up to the classes' scores.

    Attributes
    ----------
    roots : int32 array [T]
        Each tree's first node, or ``-1 - leaf`` for a tree of one leaf.
    group : int32 array [T]
        Class, 0 to K - 1, whose score a tree adds to.
    feature : int32 array [M]
        Column that a node asks for.
    left, right : int32 array [M]
        Where it leads: a later node, or ``-1 - leaf``.
    threshold : float32 array [M]
        To the left goes what is less, and what is equal unless `strict`.
    missing : uint8 array [M]
        Which way missing values go (bit 0: left), and whether zeros are missing (bit 1).
    value : float32 or float64 array [L]
        What a leaf adds. Scores are added up in this precision, as the library does.
    start : array [K], of the dtype of `value`
        Scores before the first tree.
    columns : int
        Of the rows that they take.
    strict : bool
    cover : float32 array [M], optional
    leaf_cover : float32 array [L], optional
        How many training rows came by, as the library counts them; explanations need it.

    Notes
    -----
    The libraries compare float32 columns with float32 thresholds (XGBoost) or float64 ones
    (LightGBM); of the latter the largest float32 that is not greater is kept, which parts float32
    values alike.

    Examples
    --------
    >>> leaves = np.array([0.5, -0.5])
    >>> trees = Trees(*(np.array(a, np.int32) for a in ([-1, -2], [0, 1], [], [], [])),
    ...     np.empty(0, np.float32), np.empty(0, np.uint8), leaves, np.zeros(2), 1, False)
    >>> trees.scores(np.zeros((1, 1), np.float32)).tolist()
    [[0.5, -0.5]]
    """

    roots: NDArray[np.int32]
    group: NDArray[np.int32]
    feature: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    threshold: NDArray[np.float32]
    missing: NDArray[np.uint8]
    value: NDArray[np.floating[Any]]
    start: NDArray[np.floating[Any]]
    columns: int
    strict: bool
    cover: NDArray[np.float32] | None = None
    leaf_cover: NDArray[np.float32] | None = None

    @property
    def classes(self) -> int:
        """How many scores a row gets, K."""
        return len(self.start)

    def scores(self, X: NDArray[np.float32], threads: int = 1) -> NDArray[np.floating[Any]]:
        """Give every class's score.

        Parameters
        ----------
        X : float32 array [N, columns]
            NaN is missing.
        threads : int
            The numbers do not depend on it.

        Returns
        -------
        array [N, K], of the dtype of `value`
        """
        from gliaboost.models.trees.walk import add_scores

        rows = self.rows(X)
        scores = np.tile(self.start, (len(rows), 1))

        def walk(own: slice) -> None:
            add_scores(
                rows[own],
                self.roots,
                self.group,
                self.feature,
                self.left,
                self.right,
                self.threshold,
                self.strict,
                self.missing,
                self.value,
                scores[own],
            )

        edges = np.linspace(0, len(rows), max(1, threads) + 1).astype(int).tolist()
        parts = [slice(a, b) for a, b in pairwise(edges)]
        list(map_in_order(walk, parts, jobs=threads))
        return scores

    def probabilities(self, X: NDArray[np.float32], threads: int = 1) -> NDArray[np.float64]:
        """Give every class's probability, the softmax of the scores: float64 ``[N, K]``."""
        scores = self.scores(X, threads).astype(np.float64)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def contributions(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give each column's part in each class's score.

        Parameters
        ----------
        X : float32 array [N, columns]

        Returns
        -------
        float32 array [N, K, columns]
            With a constant they sum to the score.

        Raises
        ------
        NativeModelError
            If it was not kept how many training rows came by.
        """
        from gliaboost.models.trees.attribution import add_contributions, ancestry

        if self.cover is None or self.leaf_cover is None:
            raise NativeModelError("these trees do not know their training rows; train them again")
        rows = self.rows(X)
        found = np.empty((len(rows), self.classes, self.columns), np.float32)
        hung = ancestry(self.roots, self.group, self.left, self.right, len(self.value))
        for first in range(0, len(rows), EXPLAINED):
            own = slice(first, first + EXPLAINED)
            exact = np.zeros(found[own].shape)
            add_contributions(
                rows[own],
                self.feature,
                self.left,
                self.threshold,
                self.strict,
                self.missing,
                self.value.astype(np.float64),
                self.cover,
                self.leaf_cover,
                *hung,
                exact,
            )
            found[own] = exact
        return found

    def rows(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return rows as the compiled loops take them, which look no further themselves.

        Raises
        ------
        NativeModelError
            If there are more or fewer columns.
        """
        if X.ndim != 2 or X.shape[1] != self.columns:
            raise NativeModelError(
                f"the trees take [N, {self.columns}] columns, {list(X.shape)} were given; use the "
                "features of their training"
            )
        return np.require(X, np.float32, ["C", "A", "W"])

    def shifted(self, shift: float) -> Self:
        """Add to the score of every class but the first."""
        start = self.start.copy()
        start[1:] += shift
        return replace(self, start=start)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the plain arrays; `from_arrays` takes them back."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: each for name, each in found.items() if isinstance(each, np.ndarray)}

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        columns: int,
        classes: int | None = None,
        *,
        strict: bool = False,
    ) -> Self:
        """Take up plain arrays, checked so that no walk leaves them or goes in circles.

        Raises
        ------
        NativeModelError
            If they are no trees over so many columns, with all that is wrong.
        """
        faults = tree_faults(arrays, columns, classes)
        if faults:
            more = f"; and {len(faults) - TOLD} more" if len(faults) > TOLD else ""
            raise NativeModelError(
                f"the model's trees cannot be read ({'; '.join(faults[:TOLD])}{more}); copy or "
                "train it again"
            )
        # Of one kind for the compiled loops: native, aligned, contiguous, their own.
        own = {name: np.require(each, None, ["C", "A", "W", "O"]) for name, each in arrays.items()}
        return cls(**own, columns=columns, strict=strict)

    def to_bytes(self) -> bytes:
        """Pack them; nothing in it can run."""
        about = {"columns": self.columns, "link": "softmax", "strict": self.strict}
        return pack(self.arrays(), about)

    @classmethod
    def from_bytes(cls, native: bytes) -> Self:
        """Unpack and check them.

        Raises
        ------
        NativeModelError
            If they are no trees.
        """
        arrays, about = unpack(native)
        columns, strict = about.get("columns"), about.get("strict")
        if not (
            type(columns) is int
            and columns > 0
            and type(strict) is bool
            and about.get("link") == "softmax"
        ):
            raise NativeModelError(f"a model of unknown trees ({about}); copy or train it again")
        return cls.from_arrays(arrays, columns, strict=strict)


def packed(native: bytes) -> bool:
    """Whether bytes are plain arrays rather than a library's own format."""
    return native.startswith(MAGIC)
