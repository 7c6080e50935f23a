"""What every model of columns checks of its rows, and tells scikit-learn of itself."""

from __future__ import annotations

from typing import Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from gliaboost.errors import UsageError
from gliaboost.models.base import Classifier
from gliaboost.models.rows import refuse_infinite


class ColumnClassifier(Classifier):
    """A model of columns, of which some values may be missing (NaN) and none infinite."""

    def _training_rows(
        self, X: ArrayLike, y: ArrayLike
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Check rows to learn from, and note their classes and how many columns they have.

        Returns
        -------
        matrix : float32 array [N, D]
        codes : int64 array [N]
            Of `classes_`.

        Raises
        ------
        UsageError
            If a value is infinite, or there is a single class.
        """
        matrix, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite=False)
        refuse_infinite(matrix, getattr(self, "feature_names_in_", None))
        return matrix, self._codes(labels)

    def _codes(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """Note the classes, and number each row's; raises as `_training_rows`."""
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise UsageError(
                f"training rows of one class only ({self.classes_[0]}); training needs 2 classes"
            )
        return codes.astype(np.int64)

    def _new_rows(self, X: ArrayLike) -> NDArray[np.float32]:
        """Check rows to predict, ``float32 [N, D]``; raises as `_training_rows`."""
        if self._as_trained(X):
            matrix = X
        else:
            matrix = validate_data(self, X, dtype=np.float32, ensure_all_finite=False, reset=False)
        refuse_infinite(matrix, getattr(self, "feature_names_in_", None))
        return matrix

    def _as_trained(self, X: ArrayLike) -> TypeGuard[NDArray[np.float32]]:
        """Whether scikit-learn would find nothing: it imports pandas to look for a table."""
        return (
            type(X) is np.ndarray
            and X.dtype == np.float32
            and X.ndim == 2
            and len(X) > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
