"""The call that made a run, as ``results.json`` keeps it: what it takes to do the run again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class ExtractorCall:
    """An extractor as it was built.

    Attributes
    ----------
    name : str
        Registered.
    parameters : dict
        All that its constructor takes, but for device and threads.
    """

    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """What a run was asked to do, beside the protocol: by it the run is done again.

    Attributes
    ----------
    data : str
        The data set as it was named; empty where it was a table in memory.
    folder : str
        The working folder, as seen from the run's; empty where none leads there.
    models : sequence of str
        Registered names of classifiers, or of segmenters.
    settings : dict of str to dict
        Parameters of models that were given, by name.
    extractors : sequence of ExtractorCall
        All features.
    folds, target, modality, device : str
        As they were given.
    only : sequence of str
        Folds that were run, where not all were.
    tune : int
        Trials of a search in each training part.
    ablation, controls, audit : bool
        Whether those were asked for.
    test_on : str, optional
        The other data set that models were tested on, as it was named.
    test_on_fingerprint : str
        SHA-256 of its manifest.
    """

    data: str
    folder: str
    models: tuple[str, ...]
    settings: dict[str, dict[str, Any]]
    folds: str
    only: tuple[str, ...]
    modality: str
    device: str
    extractors: tuple[ExtractorCall, ...] = ()
    target: str = "label"
    tune: int = 0
    ablation: bool = False
    controls: bool = False
    audit: bool = False
    test_on: str | None = None
    test_on_fingerprint: str = ""

    def places(self, named: str, run: Path) -> list[Path]:
        """List where something may lie that the call named: as it lay then, and as seen from here.

        Parameters
        ----------
        named : str
            As it was given.
        run : pathlib.Path
            The run's folder, wherever it lies now.
        """
        then = [run / self.folder / named] if self.folder else []
        return [*then, Path(named)]
