"""gliaboost's boosters on the same table, read as the peers read it."""

from __future__ import annotations

import numpy as np
from fold_table import Stopwatch, arguments, read_fold, write_fold

from gliaboost.models.registry import create_model


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--model", default="lightgbm")
    asked = parser.parse_args()
    watch = Stopwatch()
    data = read_fold(asked.table, asked.fold)
    X = data.train[data.columns].to_numpy()
    codes = np.searchsorted(data.classes, data.train["label"].astype(str))
    watch.lap("read")
    model = create_model(asked.model, device="cpu", seed=asked.seed, jobs=asked.threads)
    model.fit(X, codes, groups=data.train["patient"].to_numpy())
    watch.lap("fit")
    probabilities = model.predict_proba(data.test[data.columns].to_numpy())
    watch.lap("predict")
    settings = {"model": asked.model, "validation": "patients", "threads": asked.threads}
    packages = [asked.model, "numpy"]
    write_fold(asked.out, data, probabilities, watch.seconds, packages, settings)


if __name__ == "__main__":
    main()
