"""Models, extractors and their parameters, checked before any work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost._face.faults import Faults
from gliaboost._face.naming import FeatureNames, known_features, known_models, model_words
from gliaboost._face.settings import (
    SettingsGiven,
    build_extractors,
    known_settings,
    read_device,
    read_preparation,
)
from gliaboost.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.base import Extractor

# The features that look where a segmenter points.
REGION = "region"


@dataclass(frozen=True)
class Choice:
    """What was chosen to compute and to fit.

    Attributes
    ----------
    extractors : list of Extractor
        Built, with their parameters.
    models : list of str
        Registered names.
    parameters : mapping of str to mapping
        Of models and extractors, by name.
    preparation : Preparation
        What images go through.
    device : str
        Where to compute.
    """

    extractors: Sequence[Extractor]
    models: Sequence[str]
    parameters: Mapping[str, Mapping[str, Any]]
    preparation: Preparation
    device: str


def choose(
    faults: Faults,
    *,
    features: FeatureNames,
    models: str | Iterable[str] = (),
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    device: str = "auto",
    seed: int = 0,
    trials: int = 0,
    region: Path | str | None = None,
) -> Choice:
    """Read names, parameters, preparation and device, and note all that is wrong with them.

    Parameters
    ----------
    faults : Faults
        Notes it. What is returned is whole only if nothing was noted.
    features, models, settings, prepare, device, seed, region
        As for `gliaboost.benchmark`; without `models` none is asked for.
    trials : int
        Of a search for the models' parameters; 0: none is made.

    Returns
    -------
    Choice
        What could be read.
    """
    from gliaboost.datasets.prepare import Preparation

    own: dict[str, dict[str, Any]] = {}
    extractors: list[Extractor] = []
    preparation, where = Preparation(), "cpu"
    with faults.noted():
        where = read_device(device)
    with faults.noted():
        preparation = read_preparation(prepare)
    words = known_features(faults, features)
    if region is not None and not any(str(word).partition(":")[0] == REGION for word in words):
        words.append(REGION)
    chosen = known_models(faults, models) if models else []
    own, lines = known_settings(settings, words, chosen, unknown=bool(faults))
    for line in lines:
        faults.note(UsageError(line))
    if region is not None:
        _take_region(faults, own, words, Path(region))
    with faults.noted():
        extractors = build_extractors(words, where, own)
    usual = preparation == Preparation()
    for extractor in extractors:
        # The defaults are known to go together; anything else is tried.
        if not (usual and extractor.label == extractor.name) or extractor.execution:
            lines = extractor.parameter_faults(preparation.size, preparation.size)
            faults.add(extractor.name, lines)
    for name in chosen:
        with faults.noted():
            _check_model(faults, name, own.get(name, {}), where, seed)
    if trials < 0:
        faults.note(UsageError(f"tune={trials}; expected 0, or how many trials"))
    if trials:
        _check_optuna(faults)
    return Choice(extractors, chosen, own, preparation, where)


def _take_region(
    faults: Faults,
    own: dict[str, dict[str, Any]],
    words: Sequence[str | Extractor],
    region: Path,
) -> None:
    """Give the features of a region the segmenter that was trained elsewhere."""
    if region.suffix != ".joblib":
        faults.note(
            UsageError(
                f"--region {region}: expected a file .joblib, from: gliaboost segment train DATA "
                "--out SEG.joblib"
            )
        )
        return
    for word in words:
        if isinstance(word, str) and word.partition(":")[0] == REGION:
            given = own.setdefault(word, {})
            if "segmenter" in given:
                faults.note(
                    UsageError(
                        f"--region {region} and --set {word}.segmenter={given['segmenter']}; "
                        "expected one of them"
                    )
                )
            given["segmenter"] = str(region)


def _check_model(faults: Faults, name: str, own: Mapping[str, Any], device: str, seed: int) -> None:
    from gliaboost.models.registry import create_model, shared_parameters

    shared = shared_parameters(name, device=device, seed=seed)
    model = create_model(name, **{**shared, **own})
    lines = model.parameter_faults()
    if getattr(model, "device", device) == "cuda":
        missing = model.devices().get("cuda")
        if missing is not None:
            lines.append(
                f"cannot train on cuda here: {missing.reason}; use --device cpu, or "
                f"{missing.remedy}"
            )
    faults.add(name, lines)


def check_masks(faults: Faults, extractors: Sequence[Extractor], table: Manifest) -> None:
    """Note which extractors would have to learn from masks that a data set has not."""
    from gliaboost.features.fitted import lacking_masks

    for line in lacking_masks(extractors, table):
        faults.note(UsageError(line))


def check_search(
    faults: Faults, model: str, trials: int, timeout: float | None = None, folds: int = 2
) -> None:
    """Note what keeps a model's parameters from being searched."""
    from gliaboost.models.registry import model_class
    from gliaboost.models.tuning import searchable

    with faults.noted():
        (name, *_) = model_words(model)
        if model_class(name).search_space() is None:
            raise UsageError(f"no search for {name!r}; expected one of {', '.join(searchable())}")
    if trials < 1 or (timeout is not None and timeout <= 0) or folds < 2:
        faults.note(
            UsageError(
                f"trials={trials}, timeout={timeout}, folds={folds}; expected trials from 1, "
                "seconds above 0, folds from 2"
            )
        )
    _check_optuna(faults)


def _check_optuna(faults: Faults) -> None:
    if find_spec("optuna") is None:
        faults.note(MissingExtraError("optuna", "tune", "a search"))


def check_numbers(faults: Faults, jobs: int | None, seed: int) -> None:
    """Note threads and seeds that are none."""
    if jobs is not None and (isinstance(jobs, bool) or jobs < 1):
        faults.note(UsageError(f"jobs={jobs!r}; expected a whole number from 1"))
    if isinstance(seed, bool) or not 0 <= seed < 2**31:
        faults.note(UsageError(f"seed={seed!r}; expected a whole number from 0 to 2147483647"))
