"""What was resampled, dealt and counted, in words: patients, groups or images."""

from __future__ import annotations

from gliaboost.reports.document.numerals import plural
from gliaboost.reports.protocol.results import Results
from gliaboost.reports.statistics.measures import Bootstrap, UnitName

# What a model recognises again where folds cut through a unit.
RECOGNISED: dict[UnitName, str] = {
    "patient": "recognising patients",
    "group": "recognising copies, or what else the manifest's groups hold together",
    "image": "recognising images",
}


def unit_of(results: Results) -> UnitName:
    """Name what intervals resample: the best experiment's unit; images without any."""
    return results.experiments[0].record.bootstrap.unit if results.experiments else "image"


def resampled(boot: Bootstrap) -> str:
    """Name the units of a bootstrap, with what stands among them for lack of a name.

    Examples
    --------
    >>> resampled(Bootstrap(unit="patient", resamples=2000, seed=0, others=12))
    'patients (and 12 groups or images whose patient is not known)'
    """
    if not boot.others:
        return f"{boot.unit}s"
    image = "image" if boot.others == 1 else "images"
    rest = {
        "patient": f"{plural(boot.others, 'group')} or {image} whose patient is not known",
        "group": f"{plural(boot.others, 'patient')} or {image} outside of all groups",
        "image": f"{plural(boot.others, 'patient or group', 'patients or groups')}",
    }
    return f"{boot.unit}s (and {rest[boot.unit]})"


def patients_at_risk(results: Results) -> str:
    """Warn where patients may lie on both sides of a split; empty where all are known and whole."""
    boot = results.experiments[0].record.bootstrap if results.experiments else None
    kept = " though folds keep the manifest's groups whole," if results.grouped else ""
    if not results.dataset.patients:
        whose = "Patients are not known"
    elif not results.grouped:
        whose = "Folds do not keep patients whole"
    elif boot is not None and boot.others:
        whose, kept = "Patients are known of a part of the images only", ""
    else:
        return ""
    return (
        f"{whose}:{kept} images of one patient may lie on both sides of a split, and every number "
        "here may be too good, every interval too narrow."
    )
