"""What a data set is called in results and reports."""

from __future__ import annotations

from pathlib import Path

from gliaboost.datasets.manifest import Manifest


def named(manifest: Manifest) -> str:
    """Name a data set by its manifest's file, or its folder where the file says nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"path": ["a.png"]})
    >>> [named(Manifest.of(rows, ".", name)) for name in ("data/fig.csv", "lgg/manifest.csv")]
    ['fig', 'lgg']
    """
    path = Path(manifest.name)
    own = path.stem if path.suffix in (".csv", ".parquet") else path.name
    return path.parent.name if own == "manifest" and path.parent.name else own
