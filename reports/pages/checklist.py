"""What reporting guidelines ask, filled from what a run knows, and left open where it does not.

The items are those of CLAIM (Mongan, Moy and Kahn, Radiol. Artif. Intell. 2, 2020) with the
matching ones of TRIPOD+AI (Collins et al., BMJ 385, 2024), in this project's own words.
"""

from __future__ import annotations

from gliaboost.reports.document.blocks import Cell, Table
from gliaboost.reports.document.numerals import UNKNOWN, count, listed, plural, span
from gliaboost.reports.pages.checks import patients_apart
from gliaboost.reports.pages.unit_words import resampled
from gliaboost.reports.protocol.results import Results

OPEN = "open: for the authors to say"


def checklist(results: Results) -> Table:
    """List the items, each with its answer or the word that it is open."""
    known = _known(results)
    rows = []
    for claim, tripod, asked in ITEMS:
        said = known.get(claim or f"T{tripod}")
        answer = Cell(said) if said else Cell(OPEN, open=True)
        rows.append([Cell(claim or UNKNOWN), Cell(tripod or UNKNOWN), Cell(asked), answer])
    answered = sum(not row[-1].open for row in rows)
    return Table(
        "checklist",
        f"CLAIM 2020 and TRIPOD+AI items: {answered} of {len(ITEMS)} answered from the run, the "
        f"rest open.",
        ["CLAIM", "TRIPOD+AI", "Asked", "Answer"],
        rows,
    )


ITEMS = (
    ("1", "1", "The title names the method"),
    ("2", "2", "Structured abstract"),
    ("3", "3a", "Background, intended use and clinical role"),
    ("4", "4", "Objectives and hypotheses"),
    ("5", "5a", "Prospective or retrospective"),
    ("6", "4", "Goal of the study"),
    ("7", "5a", "Sources of data"),
    ("8", "6b", "Eligibility, and where and when patients were found"),
    ("9", "7", "Preprocessing"),
    ("10", "7", "Selection of subsets"),
    ("11", "8a, 9a", "Definition of classes and predictors"),
    ("12", "17", "De-identification, ethics"),
    ("13", "11", "Missing data"),
    ("14", "8a", "Reference standard"),
    ("15", "8a", "Why that standard"),
    ("16", "8b", "Who annotated, and their qualification"),
    ("17", "8b", "Annotation tools"),
    ("18", "8b", "Agreement of annotators"),
    ("19", "10", "Sample size, and how it was arrived at"),
    ("20", "12a", "How data were partitioned"),
    ("21", "12a", "At what level partitions are disjoint"),
    ("22", "12c", "The model"),
    ("23", "18f", "Software, with versions"),
    ("24", "12c", "Initial parameters"),
    ("25", "12c", "Training: parameters, augmentation, stopping"),
    ("26", "12c", "How the final model is chosen"),
    ("27", "12c", "Ensembling"),
    ("28", "12e", "Measures of performance"),
    ("29", "12e", "Uncertainty, and tests"),
    ("30", "12d", "Robustness"),
    ("31", "", "Explanations"),
    ("32", "16", "Test on external data"),
    ("33", "20a", "Flow of patients and images"),
    ("34", "20b", "Demographics and clinical characteristics"),
    ("35", "23a", "Performance of the models"),
    ("36", "23a", "Precision of the estimates"),
    ("37", "", "Analysis of failures"),
    ("38", "26", "Limitations"),
    ("39", "27", "Implications for practice"),
    ("40", "18d", "Registration"),
    ("41", "18c, 18e, 18f", "Where protocol, data and code are"),
    ("42", "18a", "Funding"),
    ("", "13", "Class imbalance"),
    ("", "14", "Fairness: performance by sex, age, origin"),
    ("", "18b", "Conflicts of interest"),
    ("", "19", "Involvement of patients and public"),
)


def _known(results: Results) -> dict[str, str]:
    d, p, e = results.dataset, results.protocol, results.environment
    best = results.experiments[0] if results.experiments else None
    boot = best.record.bootstrap if best else None
    sources, unreadable = listed(d.sources), len(d.unreadable)
    shap = any(x.record.shap_by_family for x in results.experiments)
    limits = best.record.accuracy.ci95 if best else None
    known = {
        "7": f"{sources}; fingerprint {d.fingerprint[:16]}" if sources else "",
        "9": "see preparation, above" if p.preparation else "",
        "11": f"classes {listed(results.classes)}; features, above" if p.extractors else "",
        "13": f"{plural(unreadable, 'unreadable file')} left out",
        "20": f"{p.folds}, {plural(p.n_folds, 'fold')}, each tested once",
        "21": "patients: no patient in two folds"
        if patients_apart(results)
        else "groups of the manifest; patients are not known"
        if results.grouped and not d.patients
        else "images only",
        "22": listed([x.title for x in results.experiments]),
        "23": ", ".join(f"{k} {v}" for k, v in e.versions.items() if v),
        "25": "parameters, above" if any(x.record.parameters for x in results.experiments) else "",
        "28": "accuracy, balanced accuracy, macro F1, AUC, MCC, Brier, ECE, by class and by "
        "patient",
        "29": f"{count(boot.resamples)} resamples of {resampled(boot)}; "
        f"McNemar by {boot.unit}; Holm"
        if boot and boot.resamples
        else "",
        "31": "SHAP by feature family, above" if shap else "",
        "32": f"on {listed(sorted({str(x.record.test_on) for x in results.transfers}))}, above"
        if results.transfers
        else "",
        "T13": ", ".join(f"{c} {count(n)}" for c, n in d.classes.items())
        + "; balanced accuracy and macro F1 weigh classes alike",
        "33": f"{plural(d.images, 'image')}"
        + (f" of {plural(d.patients, 'patient')}" if d.patients else "")
        + (f", {count(unreadable)} unreadable" if unreadable else ""),
        "35": "the table of experiments, on the test folds",
        "36": f"95 % intervals throughout; accuracy of the best {span(limits)}" if limits else "",
        "37": "the surest mistakes, above" if best is not None and len(best.predictions) else "",
        "38": "in part: what this does not mean, above",
    }
    if results.simulated:
        known["5"] = "neither: simulated images"
        known["12"] = "no patients: simulated images"
        known["14"] = "the class that was simulated"
    return {k: v for k, v in known.items() if v}
