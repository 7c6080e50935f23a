from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from gliaboost.errors import UsageError
from gliaboost.reports.statistics.evaluation import SCALARS, by_patient, evaluate
from gliaboost.reports.statistics.measures import Bootstrap, Counts, Metric, MetricName

MakePredictions = Callable[..., pd.DataFrame]


def flat(metric: Metric) -> list[float]:
    assert metric.pooled is not None
    assert metric.mean is not None
    assert metric.sd is not None
    assert metric.ci95 is not None
    return [metric.pooled, metric.mean, metric.sd, *metric.ci95]


def naive(frame: pd.DataFrame, classes: list[str]) -> dict[MetricName, float]:
    """Return the same numbers from scikit-learn, one table at a time."""
    p = frame[[f"proba_{c}" for c in classes]].to_numpy()
    truth, predicted = frame["label"], frame["predicted"]
    areas = [
        metrics.roc_auc_score(truth == c, p[:, k])
        for k, c in enumerate(classes)
        if 0 < (truth == c).sum() < len(frame)
    ]
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro"),
        "macro_auc": float(np.mean(areas)),
        "mcc": metrics.matthews_corrcoef(truth, predicted),
        "brier": metrics.brier_score_loss(truth, p, labels=classes, scale_by_half=False),
    }


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pooled_and_fold_numbers_are_scikit_learns(make_predictions: MakePredictions) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    result = evaluate(frame, classes, n_boot=50)
    folds = [naive(part, classes) for _, part in frame.groupby("fold")]
    for name, expected in naive(frame, classes).items():
        assert result.metric(name).pooled == pytest.approx(expected), name
        values = [fold[name] for fold in folds]
        assert result.metric(name).mean == pytest.approx(np.mean(values)), name
        assert result.metric(name).sd == pytest.approx(np.std(values, ddof=1)), name
    np.testing.assert_array_equal(
        result.confusion,
        metrics.confusion_matrix(frame["label"], frame["predicted"], labels=classes),
    )
    report = metrics.classification_report(frame["label"], frame["predicted"], output_dict=True)
    for label in classes:
        entry = result.per_class[label]
        assert entry.images == report[label]["support"]
        assert entry.precision.pooled == pytest.approx(report[label]["precision"])
        assert entry.recall.pooled == pytest.approx(report[label]["recall"])
        assert entry.f1.pooled == pytest.approx(report[label]["f1-score"])


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_interval_is_that_of_a_plain_bootstrap_of_patients(
    make_predictions: MakePredictions,
) -> None:
    """Copy the drawn patients' rows into a table, over and over, and ask scikit-learn."""
    frame = make_predictions(images=150, patients=25)
    classes = sorted(frame["label"].unique())
    result = evaluate(frame, classes, seed=11, n_boot=200)
    patients = sorted(frame["patient"].unique())
    rows = dict(iter(frame.groupby("patient")))
    counts = np.random.default_rng(11).multinomial(25, np.full(25, 1 / 25), size=200)
    drawn: dict[MetricName, list[float]] = {}
    for count in counts:
        table = pd.concat([rows[p] for p, n in zip(patients, count, strict=True) for _ in range(n)])
        for name, value in naive(table, classes).items():
            drawn.setdefault(name, []).append(value)
    for name, values in drawn.items():
        expected = np.quantile(values, [0.025, 0.975])
        np.testing.assert_allclose(flat(result.metric(name))[3:], expected, err_msg=name)


def test_intervals_of_classes_and_of_calibration_are_those_of_weighted_images(
    make_predictions: MakePredictions,
) -> None:
    frame = make_predictions(images=240, patients=60)
    classes = sorted(frame["label"].unique())
    result = evaluate(frame, classes, seed=3, n_boot=40)
    patients = frame["patient"].map({p: i for i, p in enumerate(sorted(set(frame["patient"])))})
    counts = np.random.default_rng(3).multinomial(60, np.full(60, 1 / 60), size=40)
    weights = [np.ones(240), *counts[:, patients.to_numpy()].astype(float)]
    p = frame[[f"proba_{c}" for c in classes]].to_numpy()
    truth, called = frame["label"].to_numpy(), frame["predicted"].to_numpy()
    surplus = p.max(1) - (np.asarray(classes)[p.argmax(1)] == truth)
    bins = np.ceil(p.max(1) * 15)
    gap = [
        sum(abs((w * surplus)[bins == t].sum()) for t in range(1, 16)) / w.sum() for w in weights
    ]
    assert result.ece.pooled == pytest.approx(gap[0])
    np.testing.assert_allclose(result.ece.ci95 or (), np.quantile(gap[1:], [0.025, 0.975]))
    for k, label in enumerate(classes):
        own, mine = truth == label, called == label
        measured = result.per_class[label]
        assert (measured.images, measured.predicted) == (own.sum(), mine.sum())
        for metric, values in (
            (measured.recall, [np.average(mine[own], weights=w[own]) for w in weights]),
            (measured.precision, [np.average(own[mine], weights=w[mine]) for w in weights]),
            (measured.specificity, [np.average(~mine[~own], weights=w[~own]) for w in weights]),
            (measured.auc, [metrics.roc_auc_score(own, p[:, k], sample_weight=w) for w in weights]),
        ):
            assert metric.pooled == pytest.approx(values[0])
            np.testing.assert_allclose(metric.ci95 or (), np.quantile(values[1:], [0.025, 0.975]))


def test_a_fold_is_measured_as_if_it_were_alone_and_keeps_its_name(
    make_predictions: MakePredictions,
) -> None:
    frame = make_predictions()
    frame["fold"] = np.array([10, 9, 2])[np.arange(len(frame)) % 3]
    classes = sorted(frame["label"].unique())
    result = evaluate(frame, classes, n_boot=20)
    assert sorted(result.by_fold) == ["10", "2", "9"]
    for fold, part in frame.groupby("fold"):
        alone = evaluate(part, classes, n_boot=20)
        for name in SCALARS:
            found = getattr(result.by_fold[str(fold)], name)
            assert found == pytest.approx(alone.metric(name).pooled)


def test_what_the_numbers_rest_on_is_told(make_predictions: MakePredictions) -> None:
    frame = make_predictions(images=90, patients=30)
    classes = sorted(frame["label"].unique())
    told = evaluate(frame, classes, seed=5, n_boot=20)
    folds = frame["fold"].nunique()
    assert told.counts == Counts(images=90, groups=30, folds=folds)
    assert told.bootstrap == Bootstrap(unit="patient", resamples=20, seed=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one fold has no spread, and that is no fault
        bare = evaluate(frame.drop(columns=["patient", "fold"]), classes, n_boot=20)
    assert bare.counts == Counts(images=90, groups=90, folds=1)
    assert bare.bootstrap == Bootstrap(unit="image", resamples=20, seed=0)
    assert bare.patient_level is None
    halves = (np.arange(90) % 2).astype(str)
    two = evaluate(frame.assign(patient=None, group=halves), classes, n_boot=20)
    assert two.counts.groups == 2
    assert two.bootstrap == Bootstrap(unit="group", resamples=20, seed=0)
    one = evaluate(frame.assign(patient="p"), classes, n_boot=20)
    assert one.bootstrap == Bootstrap(unit="patient", resamples=0, seed=0)


def test_patients_are_measured_as_the_table_of_patients_is(
    make_predictions: MakePredictions,
) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    frame.loc[frame.index[:40], "patient"] = None
    table = by_patient(frame, classes)
    assert table["images"].sum() == len(frame) - 40
    assert list(table["patient"]) == sorted(set(frame["patient"].dropna()))
    assert (table["fold"] == table["patient"].map(frame.groupby("patient")["fold"].first())).all()
    level = evaluate(frame, classes, seed=4, n_boot=30).patient_level
    assert level is not None
    alone = evaluate(table.drop(columns="patient"), classes, seed=4, n_boot=30)
    for name in SCALARS:
        assert level.metric(name) == alone.metric(name)
    assert (level.per_class, level.confusion) == (alone.per_class, alone.confusion)
    assert level.patients == table["patient"].nunique()


def test_patients_of_one_image_each_are_the_images() -> None:
    frame = edge([("a", "a", "p", "1", 0.9), ("b", "b", "q", "1", 0.2)])
    assert evaluate(frame, ["a", "b"], n_boot=20).patient_level is None
    assert evaluate(frame.assign(patient=None), ["a", "b"], n_boot=20).patient_level is None


@pytest.mark.parametrize("off", [-0.0009, 0.0009])
def test_probabilities_may_be_off_one_by_rounding_and_be_nothing(off: float) -> None:
    frame = edge([("a", "a", "p", "1", 1.0), ("b", "b", "q", "1", 0.0)])
    frame["proba_b"] = [0.0, 1.0 + off]
    assert evaluate(frame, ["a", "b"], n_boot=20).accuracy.pooled == 1
    frame["proba_b"] = [0.0, 1.0 + 2 * off]
    with pytest.raises(UsageError, match="add up to 1"):
        evaluate(frame, ["a", "b"])


def test_patients_make_wider_intervals_than_images(make_predictions: MakePredictions) -> None:
    frame = make_predictions(images=1200, patients=40)
    classes = sorted(frame["label"].unique())

    def width(table: pd.DataFrame) -> float:
        limits = evaluate(table, classes, n_boot=500).accuracy.ci95
        assert limits is not None
        return limits[1] - limits[0]

    assert width(frame) > 1.3 * width(frame.drop(columns="patient"))


def test_the_same_seed_gives_the_same_numbers_in_any_row_order(
    make_predictions: MakePredictions,
) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    shuffled = frame.sample(frac=1, random_state=0)
    a, b = (evaluate(t, classes, seed=5, n_boot=60) for t in (frame, shuffled))
    for name in SCALARS:
        np.testing.assert_allclose(flat(a.metric(name)), flat(b.metric(name)), rtol=1e-12)
    assert a.accuracy.ci95 != evaluate(frame, classes, seed=6, n_boot=60).accuracy.ci95


def test_groups_take_the_place_of_patients_that_are_not_known(
    make_predictions: MakePredictions,
) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    unknown = frame.assign(patient=None)
    grouped = evaluate(unknown.assign(group=frame["patient"]), classes, n_boot=60)
    by_patient = evaluate(frame.assign(group=frame["path"]), classes, n_boot=60)
    assert grouped.accuracy == by_patient.accuracy == evaluate(frame, classes, n_boot=60).accuracy
    assert (grouped.bootstrap.unit, by_patient.bootstrap.unit) == ("group", "patient")
    assert grouped.patient_level is None
    assert evaluate(unknown, classes, n_boot=60).bootstrap.unit == "image"
    part = evaluate(frame.assign(patient=frame["patient"].where(frame.index > 9)), classes)
    assert (part.bootstrap.unit, part.bootstrap.others) == ("patient", 10)


def test_patients_of_one_image_each_are_still_patients() -> None:
    frame = edge([("a", "a", "p", "1", 0.9), ("b", "b", "q", "1", 0.2), ("b", "a", "r", "1", 0.7)])
    assert evaluate(frame, ["a", "b"], n_boot=20).bootstrap.unit == "patient"


def test_a_patient_is_the_mean_of_its_images(make_predictions: MakePredictions) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    table = by_patient(frame, classes)
    assert len(table) == frame["patient"].nunique()
    columns = [f"proba_{c}" for c in classes]
    for _, row in table.iterrows():
        part = frame[frame["patient"] == row["patient"]]
        np.testing.assert_allclose(row[columns].astype(float), part[columns].mean())
        assert row["predicted"] == classes[int(part[columns].mean().to_numpy().argmax())]
        assert row["images"] == len(part)
    level = evaluate(frame, classes, n_boot=50).patient_level
    assert level is not None
    right = (table["label"] == table["predicted"]).mean()
    assert level.accuracy.pooled == pytest.approx(right)
    assert (level.patients, level.mixed) == (len(table), 0)


def test_a_patient_with_two_labels_has_no_truth(make_predictions: MakePredictions) -> None:
    frame = make_predictions()
    classes = sorted(frame["label"].unique())
    row = frame.index[frame["patient"] == "P003"][0]
    frame.loc[row, "label"] = next(c for c in classes if c != frame.loc[row, "label"])
    assert "P003" not in set(by_patient(frame, classes)["patient"])
    level = evaluate(frame, classes, n_boot=50).patient_level
    assert level is not None
    assert level.mixed == 1


def test_only_patients_with_two_labels_leave_no_number() -> None:
    frame = edge([("a", "a", "p", "1", 0.9), ("b", "b", "p", "1", 0.2)])
    level = evaluate(frame, ["a", "b"], n_boot=50).patient_level
    assert level is not None
    assert (level.patients, level.mixed) == (0, 1)
    assert level.accuracy == Metric()


def edge(rows: list[tuple[str, str, str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["label", "predicted", "patient", "fold", "proba_a"])
    return table.assign(proba_b=1 - table["proba_a"])


@pytest.mark.parametrize(
    ("frame", "undefined"),
    [
        (edge([("a", "a", "p", "1", 0.9)]), "macro_auc sd ci95"),
        (edge([("a", "a", "p", "1", 0.9), ("b", "a", "q", "1", 0.6)]), "sd"),
        (edge([("a", "a", "p", "1", 0.9), ("a", "b", "q", "2", 0.2)]), "macro_auc"),
        (edge([("a", "a", "p", "1", 0.9), ("b", "b", "p", "1", 0.2)]), "sd ci95"),
    ],
    ids=["one image", "two images", "one class", "one patient"],
)
def test_what_is_undefined_is_none_and_the_rest_is_there(
    frame: pd.DataFrame, undefined: str
) -> None:
    result = evaluate(frame, ["a", "b"], n_boot=50)
    json.dumps(asdict(result), allow_nan=False)
    assert result.accuracy.pooled is not None
    assert 0 <= result.accuracy.pooled <= 1
    assert (result.macro_auc.pooled is None) == ("macro_auc" in undefined)
    assert (result.accuracy.sd is None) == ("sd" in undefined)
    assert (result.accuracy.ci95 is None) == ("ci95" in undefined)


def test_a_class_that_a_fold_lacks_is_left_out_of_that_fold() -> None:
    frame = edge(
        [
            ("a", "a", "p", "1", 0.9),
            ("b", "a", "q", "1", 0.7),
            ("b", "b", "r", "1", 0.1),
            ("a", "a", "s", "2", 0.8),
            ("a", "b", "t", "2", 0.4),
        ]
    )
    result = evaluate(frame, ["a", "b"], n_boot=50)
    assert result.by_fold["1"].macro_auc == 1.0
    assert result.by_fold["2"].macro_auc is None
    assert result.macro_auc.mean == 1.0
    assert result.by_fold["2"].balanced_accuracy == 0.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="proba_b"), "without proba_b"),
        (lambda t: t[["proba_a"]], "without label, predicted, proba_b; expected"),
        (lambda t: t.assign(label="d", predicted="c"), "speak of c, d, but the classes are a, b"),
        (lambda t: t.iloc[:0], "no predictions"),
        (lambda t: t.assign(label="c"), "speak of c"),
        (lambda t: t.assign(predicted=None), "speak of None"),
        (lambda t: t.assign(proba_a=0.1), "add up to 1"),
        (lambda t: t.assign(proba_a=float("nan")), "add up to 1"),
        (lambda t: t.assign(proba_a=-1.0, proba_b=2.0), "negative"),
    ],
)
def test_a_wrong_table_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], words: str
) -> None:
    frame = edge([("a", "a", "p", "1", 0.9), ("b", "a", "q", "1", 0.6)])
    with pytest.raises(UsageError, match=words):
        evaluate(change(frame), ["a", "b"])
