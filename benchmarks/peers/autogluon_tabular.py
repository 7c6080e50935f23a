"""AutoGluon on the table: its own random validation, or one of whole patients."""

from __future__ import annotations

import tempfile
import time

import pandas as pd
from fold_table import Stopwatch, arguments, held_out_patients, read_fold, write_fold


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--limit", type=float, default=120, help="seconds to fit in")
    parser.add_argument(
        "--clock",
        choices=("wall", "core"),
        default="wall",
        help="core: seconds of this process's core count, for a machine that others use too",
    )
    parser.add_argument("--preset", default="medium_quality")
    parser.add_argument(
        "--validation",
        choices=("patients", "random", "groups"),
        default="patients",
        help="random: its own; patients: an eighth of them is held out as tuning_data; groups: "
        "bagging over five parts of whole patients, by its parameter groups",
    )
    asked = parser.parse_args()
    if asked.clock == "core":
        # It stops by time.time(), in its own code and in the callbacks that it gives to boosters.
        begun, used = time.time(), time.process_time()
        time.time = lambda: begun + time.process_time() - used
    from autogluon.tabular import TabularPredictor

    watch = Stopwatch()
    data = read_fold(asked.table, asked.fold)
    train = data.train[["label", *data.columns]]
    watch.lap("read")
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            label="label",
            path=folder,
            groups="part" if asked.validation == "groups" else None,
            verbosity=2,
        )
        tuning = None
        if asked.validation == "patients":
            held = held_out_patients(data.train, asked.seed)
            train, tuning = train[~held], train[held]
        elif asked.validation == "groups":
            # One bag is left out a group; a group a patient would be some 180 fits a model.
            codes = pd.factorize(data.train["patient"])[0] % 5
            train = train.assign(part=codes)
        predictor.fit(
            train,
            tuning_data=tuning,
            presets=asked.preset,
            time_limit=asked.limit,
            num_cpus=asked.threads,
            num_gpus=0,
            # Bags in this process, so that its memory is all there is.
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        )
        watch.lap("fit")
        probabilities = predictor.predict_proba(data.test[data.columns])[data.classes]
        watch.lap("predict")
        board = predictor.leaderboard()
    settings = {
        "validation": asked.validation,
        "preset": asked.preset,
        "time limit": asked.limit,
        "clock": asked.clock,
        "threads": asked.threads,
        "best": str(predictor.model_best),
        "models": board.set_index("model")["score_val"].round(4).to_dict(),
    }
    packages = ["autogluon.tabular", "lightgbm", "catboost", "torch", "numpy"]
    write_fold(asked.out, data, probabilities.to_numpy(), watch.seconds, packages, settings)


if __name__ == "__main__":
    main()
