"""What `train` and `tune` are asked for one model: checked whole, before any work."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gliaboost._face.choices import Choice, check_masks, check_numbers, choose
from gliaboost._face.divided import read_labelled
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, keep_manifest, of_target
from gliaboost._face.naming import FeatureNames
from gliaboost._face.places import check_file, check_folder
from gliaboost._face.presets import Preset, as_far_as_masks_go
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.workers import check_spread, check_workers
from gliaboost.datasets.naming import named
from gliaboost.errors import UnreadableWarning, UsageError
from gliaboost.progress import Progress

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.extract import Extraction


class Asked(NamedTuple):
    """What is asked of one model, as it was given."""

    model: str
    features: FeatureNames | None
    usual: Preset
    settings: SettingsGiven
    prepare: str | Mapping[str, Any] | Preparation
    region: Path | str | None
    device: str
    jobs: int | None
    seed: int


def checked(
    asked: Asked,
    faults: Faults,
    data: DataSet,
    target: str,
    modality: str,
    out: Path | str | None,
    store: Path | str | None,
    progress: Progress,
    cluster: Path | str | None = None,
) -> tuple[Choice, Manifest]:
    """Check everything before any work, tell all faults, and keep the manifest of a folder."""
    choice = choose(
        faults,
        features=asked.usual.features if asked.features is None else asked.features,
        models=asked.model,
        settings=asked.settings,
        prepare=asked.prepare,
        device=asked.device,
        seed=asked.seed,
        region=asked.region,
    )
    if len(choice.models) > 1:
        faults.note(UsageError(f"--model {asked.model}: one model is expected"))
    check_numbers(faults, asked.jobs, asked.seed)
    check_workers(faults, cluster, None)
    check_spread(faults, choice.parameters, cluster)
    check_file(faults, out, "--out")
    check_folder(faults, store, "--store")
    read = read_labelled(faults, data, target, modality, store=store, progress=progress)
    if read is not None:
        choice = as_far_as_masks_go(choice, asked.features, read[1], progress)
        check_masks(faults, choice.extractors, read[1])
    faults.tell()
    assert read is not None
    whole, table = read
    if out is not None:
        beside = Path(out).with_name(f"{Path(out).stem}-{named(whole)}.parquet")
        table = of_target(keep_manifest(whole, data, beside, progress), target, modality)
    return choice, table


def warn_of_unreadable(table: Manifest, extraction: Extraction) -> None:
    """Name the files that could not be read, to the caller of what calls this."""
    if extraction.failed:
        failed = {str(table.paths[i]): reason for i, reason in extraction.failed.items()}
        # Past this function, what was called, and what lets it run alone.
        warnings.warn(UnreadableWarning(failed), stacklevel=4)
