"""The finest label known of a picture: a coarse target must hide no contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gliaboost.datasets.sources.base import NO_TUMOR, TUMOR

if TYPE_CHECKING:
    import pandas as pd


def finest(table: pd.DataFrame) -> pd.Series[Any]:
    """Give each row's label, or its ``type`` where the label says no more than that of a tumour.

    One picture may lie in ``mri_tumor`` and in ``mri_meningioma``: both are tumours, but what a
    model is to learn of its type is contradictory.

    Parameters
    ----------
    table : pandas.DataFrame
        Of a manifest; ``type`` and ``presence`` may be missing.

    Returns
    -------
    pandas.Series [N]
        Named ``label``, empty where nothing is known.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"label": ["tumor", "tumor", "glioma"], "type": ["meningioma", None, "glioma"]}
    >>> finest(pd.DataFrame(rows)).tolist()
    ['meningioma', 'tumor', 'glioma']
    """
    label = table["label"]
    if "type" not in table:
        return label
    coarse = label.isna() | label.isin([TUMOR, NO_TUMOR])
    if "presence" in table:
        coarse |= label == table["presence"]
    return label.where(~coarse | table["type"].isna(), table["type"])
