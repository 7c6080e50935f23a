"""scikit-learn's HistGradientBoosting on the table, stopping early by itself or by patients."""

from __future__ import annotations

from fold_table import Stopwatch, arguments, held_out_patients, read_fold, write_fold
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--validation", choices=("patients", "random", "none"), default="patients")
    asked = parser.parse_args()
    watch = Stopwatch()
    data = read_fold(asked.table, asked.fold)
    X, y = data.train[data.columns].to_numpy(), data.train["label"].astype(str).to_numpy()
    watch.lap("read")
    # Its defaults but for stopping: 100 rounds of 31 leaves without it, up to 1,000 with it.
    stopping = asked.validation != "none"
    model = HistGradientBoostingClassifier(
        early_stopping=stopping, max_iter=1000 if stopping else 100, random_state=asked.seed
    )
    with threadpool_limits(asked.threads):
        if asked.validation == "patients":
            held = held_out_patients(data.train, asked.seed)
            model.fit(X[~held], y[~held], X_val=X[held], y_val=y[held])
        else:
            # By itself it holds out a tenth of the images: patients lie on both sides.
            model.fit(X, y)
        watch.lap("fit")
        probabilities = model.predict_proba(data.test[data.columns].to_numpy())
    watch.lap("predict")
    assert list(model.classes_) == data.classes
    settings = {
        "validation": asked.validation,
        "rounds": int(model.n_iter_),
        "threads": asked.threads,
    }
    packages = ["scikit-learn", "numpy"]
    write_fold(asked.out, data, probabilities, watch.seconds, packages, settings)


if __name__ == "__main__":
    main()
