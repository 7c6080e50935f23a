"""Segmenters compared on folds that keep patients whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.calls import folds_named, noted_call
from gliaboost._face.choices import check_numbers
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest
from gliaboost._face.places import check_folder
from gliaboost._face.runs import identity_of, run_folder, write_note
from gliaboost._face.segmenters import choose_segmenters
from gliaboost._face.segmenting import read_masked
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.words import SEGMENTERS, fold_choice
from gliaboost.datasets.naming import named
from gliaboost.datasets.targets import of_modality
from gliaboost.errors import UsageError
from gliaboost.locks import held
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.datasets.splits import Fold
    from gliaboost.reports.protocol.segmentation_record import SegmentationResults


def segment_benchmark(
    data: DataSet,
    *,
    models: str | Iterable[str] = SEGMENTERS,
    folds: int | str = "auto",
    only: str | int | Iterable[str | int] = "",
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    modality: str = "both",
    out: Path | str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    seed: int = 0,
    store: Path | str | None = None,
    command: str = "",
    progress: Progress = SILENT,
) -> SegmentationResults:
    """Compare segmenters on honest folds and write a report.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        As for `segment_train`; folds keep patients whole.
    models : str or iterable of str
        Segmenters, by comma.
    folds : int or str
        A number of patient-safe folds, a column that has them, ``holdout`` or ``split``; ``auto``:
        the column ``fold`` where it is filled, the data's own test part, else five folds.
    only : str, int or iterable of these
        Some folds alone, ``"1,2"`` or ``[1, 2]``.
    settings, prepare, modality, device, jobs, seed, store
        As for `segment_train`.
    out : path-like, optional
        The run's folder: ``segmentation.json``, ``slices.parquet``, ``report.html``, ``report.md``
        and a bundle a fold. The same call goes on where a killed one stopped. Default:
        ``runs/NAME-TIME``, a new one for each run that was finished.
    command : str
        What the user typed, for the report.
    progress : Progress, optional
        Hears of the images to read, and a line a fold.

    Returns
    -------
    SegmentationResults
        The table of slices, and what is known of the run.

    Raises
    ------
    ManifestError
        If the manifest has faults; lists all of them.
    UsageError
        If a name, a parameter, a place or a fold will not do; if there are no masks, or some
        cannot be used: lists all of them. If another run is at work in `out`.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np, pandas as pd
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rows = Path(tempfile.mkdtemp()), []
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[8:56, 8:56] = 60
    >>> image[26:34, 26:34] = 220
    >>> for n in range(2):
    ...     Image.fromarray(image + np.uint8(n)).save(folder / f"{n}.png")
    ...     Image.fromarray(image // 200 * 255).save(folder / f"{n}-mask.png")
    ...     rows.append({"path": f"{n}.png", "mask": f"{n}-mask.png", "patient": str(n)})
    >>> table = gliaboost.Manifest.of(pd.DataFrame(rows), folder)
    >>> found = gliaboost.segment_benchmark(table, models="otsu", folds=2, out=folder / "run")
    >>> len(found.slices), sorted(found.dice())
    (2, ['otsu'])
    """
    from gliaboost.reports.pages.segmentation_page import render_segmentation
    from gliaboost.reports.protocol.segmentation import SegmentationProtocol, run_segmentation

    faults = Faults()
    asked_folds = list[str]()
    with faults.noted():
        asked_folds = folds_named(only)
    choice = choose_segmenters(
        faults, models, settings=settings, prepare=prepare, device=device, seed=seed
    )
    check_numbers(faults, jobs, seed)
    check_folder(faults, out, "--out")
    check_folder(faults, store, "--store")
    read = read_masked(faults, data, modality, store=store, progress=progress)
    division: tuple[Sequence[Fold], str] = ([], "")
    if read is not None:
        with faults.noted():
            division = _divided(read[1], str(folds), asked_folds, seed, progress)
    faults.tell()
    assert read is not None
    whole, table = read
    protocol = SegmentationProtocol(
        choice.segmenters,
        *division,
        parameters=choice.parameters,
        preparation=choice.preparation,
        device=choice.device,
        jobs=jobs,
        seed=seed,
    )
    identity = identity_of(
        {
            "segmentation": choice.segmenters,
            "data": table.fingerprint(),
            "place": str(table.root.resolve()),
            "folds": [(f.name, f.train.tolist(), f.test.tolist()) for f in protocol.folds],
            "parameters": choice.parameters,
            "preparation": choice.preparation.to_dict(),
            "device": choice.device,
            "seed": seed,
        }
    )
    if out is None:
        folder, unfinished = run_folder(f"{named(whole)}-segmentation", identity, command)
        state = "goes on where an earlier one stopped" if unfinished else "begins"
        progress.line(f"run: {folder} ({state})")
    else:
        folder = Path(out)
    with held(folder):
        kept = keep_manifest(whole, data, folder / f"{named(whole)}.parquet", progress)
        table = of_modality(kept, modality)
        call = noted_call(
            data,
            folder,
            models=choice.segmenters,
            parameters=choice.parameters,
            folds=str(folds),
            only=asked_folds,
            modality=modality,
            device=choice.device,
        )
        results = run_segmentation(
            table, protocol, folder, command=command, call=call, progress=progress
        )
        render_segmentation(results, images=table.root)
        if out is None:
            write_note(folder, identity, command, done=True)
    return results


def _divided(
    table: Manifest,
    folds: str,
    only: str | int | Iterable[str | int],
    seed: int,
    progress: Progress,
) -> tuple[Sequence[Fold], str]:
    """Divide a data set, whose tumours need not have a label."""
    from gliaboost.datasets.fold_names import named_folds, some_folds, usual_folds
    from gliaboost.models.segmentation.base import TUMOUR

    labels = table.table["label"].where(table.table["label"].notna(), TUMOUR)
    whole = replace(table, table=table.table.assign(label=labels))
    if folds.strip().lower() != "auto":
        chosen, description = named_folds(whole, folds, seed=seed)
    elif table.table["fold"].notna().all():
        chosen, description = named_folds(whole, "fold", seed=seed)
        progress.line(f"folds: {description}")
    else:
        chosen, description, reason = usual_folds(whole, seed=seed)
        progress.line(f"folds: {reason}")
    wanted, for_one = fold_choice(only)
    if for_one:
        (name, *_) = for_one
        raise UsageError(f"--only {name}={for_one[name][0]}: expected folds alone, such as 1,2")
    if wanted:
        chosen = some_folds(chosen, wanted)
        description += f"; of these only {', '.join(f.name for f in chosen)}"
    return chosen, description
