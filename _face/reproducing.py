"""A saved run done again, on the same data and in the same way, and held against itself."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.benchmarks import benchmark
from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, as_kept, of_target, read_data
from gliaboost._face.old_names import names_now
from gliaboost._face.places import check_folder
from gliaboost._face.runs import fresh_folder, identity_of, write_note
from gliaboost._face.same_data import TOLD_OTHERWISE, check_same
from gliaboost._face.saved_run import SavedRun, causes, read_saved
from gliaboost._face.segmenter_comparison import segment_benchmark
from gliaboost._face.settings import read_device
from gliaboost.datasets.targets import of_modality
from gliaboost.errors import UsageError
from gliaboost.json_file import write_json
from gliaboost.progress import SILENT, Progress
from gliaboost.reports.protocol.segmentation_record import SegmentationRecord

if TYPE_CHECKING:
    from gliaboost._face.saved_run import Run
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.reports.protocol.reproduction import Reproduction

FILE = "reproduction.json"
AGAIN = "-again"
# What `reproduce` gives by itself.
GIVEN = {"out", "seed", "jobs", "store", "command", "progress"}


def reproduce(
    results: Run,
    data: DataSet | None = None,
    *,
    test_on: DataSet | None = None,
    asked: Mapping[str, Any] | None = None,
    within: float = 0.0,
    out: Path | str | None = None,
    device: str | None = None,
    jobs: int | None = None,
    store: Path | str | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> Reproduction:
    """Do a run of `benchmark` or `segment_benchmark` again, and say which numbers moved.

    First the data are checked: the same pictures and masks, byte for byte, with the same labels,
    patients and folds. Then the run is made with the settings, folds and seed that it keeps, in a
    folder of its own, and all that both hold is compared, but for times and memory.

    Parameters
    ----------
    results : path-like, Results or SegmentationResults
        A run's folder, its ``results.json`` or ``segmentation.json``, or what was read from there.
    data, test_on : Manifest, pandas.DataFrame or path-like, optional
        Where the data lie now; default: where they lay then.
    asked : mapping, optional
        Arguments of `benchmark` or `segment_benchmark`, where the results are of a version that did
        not keep them.
    within : float
        Numbers that differ by no more than this have not moved.
    out : path-like, optional
        A new folder; default: the run's name with ``-again``, beside it. A killed reproduction goes
        on where it stopped.
    device : str, optional
        Default: as it was asked for then.
    jobs : int, optional
        Threads; default: as many as then, where there are so many.
    store : path-like, optional
        The feature cache; features that it holds are not computed again. Default: in the user's
        cache folder.
    command : str
        What a user typed, for the report.
    progress : Progress, optional
        Hears of every step.

    Returns
    -------
    Reproduction
        What moved, what may have moved it, and what could not be checked; ``reproduction.json``,
        in the new folder, has it too.

    Raises
    ------
    UsageError
        If data are missing or not the same, or the run cannot be made again: lists all of it.
    ResultsError
        If there are no results, or they are damaged.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / "data" / label).mkdir(parents=True)
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / "data" / label / f"{n}.png")
    >>> given = {"features": "glcm", "models": "logistic", "folds": 2, "controls": False}
    >>> places = {"out": folder / "run", "store": folder / "store"}
    >>> results = gliaboost.benchmark(folder / "data", audit=False, **given, **places)
    >>> gliaboost.reproduce(results, store=folder / "store").same
    True
    """
    from gliaboost.reports.protocol.reproduction import (
        Reproduction,
        compare_records,
        compare_tables,
    )

    faults = Faults()
    then = read_saved(results)
    check_numbers(faults, jobs, 0)
    check_folder(faults, out, "--out")
    check_folder(faults, store, "--store")
    if not within >= 0:
        faults.note(UsageError(f"within={within}; expected a number from 0"))
    make = segment_benchmark if then.of_segmenters else benchmark
    given = then.arguments(faults, asked)
    legal = set(inspect.signature(make).parameters) - GIVEN
    if unknown := sorted(set(given) - legal):
        faults.note(
            UsageError(
                f"asked: {', '.join(map(repr, unknown))}; expected arguments of {make.__name__}: "
                f"{', '.join(sorted(legal))}"
            )
        )
    given |= {k: v for k, v in (("data", data), ("test_on", test_on)) if v is not None}
    given |= {} if device is None else {"device": device}
    with faults.noted():
        read_device(given.get("device", "auto"))
    unchecked = _check_data(faults, then, given, store=store, jobs=jobs, progress=progress)
    identity = identity_of({"reproduces": then.digest, "device": given.get("device", "auto")})
    place = then.folder.resolve()
    folder = place.with_name(f"{place.name}{AGAIN}")
    with faults.noted():
        folder = fresh_folder(folder, identity, out)
    faults.tell()
    progress.line(f"run: {folder} ({then.folder} again)")
    write_note(folder, identity, command, done=False)
    make(
        **given,
        out=folder,
        seed=then.seed,
        jobs=jobs or then.jobs,
        store=store,
        command=command,
        progress=progress,
    )
    now = read_saved(folder)
    before, answers = then.record, then.answers
    if not isinstance(before, SegmentationRecord):
        names = names_now(before.protocol.extractors)
        before = names.record(before)
        if "experiment" in answers:
            answers = answers.assign(experiment=answers["experiment"].map(names.name))
    compared, moved, lacking = compare_records(before, now.record, within)
    if len(answers):
        count, odd = compare_tables(answers, now.answers, within)
        compared, moved = compared + count, [*moved, *odd]
    else:
        lacking.append("single answers: their table does not lie beside these results")
    found = Reproduction(
        then=then.folder,
        again=folder,
        compared=compared,
        moved=tuple(moved),
        causes=tuple(causes(then, now)),
        unchecked=(*unchecked, *lacking),
    )
    write_json(json.dumps(found.to_dict(), indent=1) + "\n", folder / FILE)
    write_note(folder, identity, command, done=True)
    return found


def _check_data(
    faults: Faults,
    then: SavedRun,
    given: Mapping[str, Any],
    *,
    store: Path | str | None,
    jobs: int | None,
    progress: Progress,
) -> list[str]:
    """Note what of the data differs; return what could not be checked."""
    data, test_on = given.get("data"), given.get("test_on")
    if data is None:
        if then.record.call is not None or given:
            faults.note(
                UsageError(
                    f"{then.folder} was made on a table in memory; say where the data lie: --data"
                )
            )
        return []
    target, modality = given.get("target", "label"), given.get("modality", "both")
    tables: list[Manifest] = []
    with faults.noted():
        whole = as_kept(read_data(data, progress, store), data)
        tables.append(
            of_modality(whole, modality)
            if then.of_segmenters
            else of_target(whole, target, modality)
        )
        if test_on is not None:
            # A run keeps its own data alone; the other set is known by what was read.
            tables.append(of_target(read_data(test_on, progress, store), target, modality))
    if len(tables) < 1 + (test_on is not None):
        return []
    table, other = tables[0], tables[1] if len(tables) > 1 else None
    call = then.record.call
    if call is not None and call.test_on == "" and test_on is None:
        faults.note(
            UsageError(
                f"{then.folder} was tested on a table in memory too; say where those data lie: "
                "--test-on"
            )
        )
    of_other = "" if call is None or other is None else call.test_on_fingerprint
    if of_other and other is not None and of_other != other.fingerprint():
        faults.note(UsageError(f"{other.name}: {TOLD_OTHERWISE}"))
    return check_same(faults, table, then.data, other=other, jobs=jobs)
