"""A saved model on labelled images that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, of_target, read_data
from gliaboost._face.places import check_file
from gliaboost._face.prediction import opened_bundle
from gliaboost.locks import alone_at
from gliaboost.progress import SILENT, Progress

if TYPE_CHECKING:
    from gliaboost.models.bundle import Bundle
    from gliaboost.reports.protocol.held_out import HeldOut


@alone_at("out")
def evaluate(
    bundle: Bundle | Path | str,
    data: DataSet,
    *,
    target: str = "label",
    modality: str = "both",
    out: Path | str | None = None,
    jobs: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> HeldOut:
    """Measure a saved model on labelled images.

    Parameters
    ----------
    bundle : Bundle or path-like
        From `train` or `load`, or the file of one.
    data : Manifest, pandas.DataFrame or path-like
        Labelled images: a manifest, its file, a data frame with ``path`` and ``label``, or a folder
        of classes. Intervals resample its patients where they are known, else its groups.
    target : {"label", "presence", "type"}
        What is told; that of the training.
    modality : {"both", "MRI", "CT"}
        Images to use.
    out : path-like, optional
        Write the predictions here, as CSV or Parquet by its ending.
    jobs : int, optional
        Threads; default: all cores.
    seed : int
        Of the resampling.
    progress : Progress, optional
        Hears in a line what a folder was taken for.

    Returns
    -------
    HeldOut
        Accuracy, sensitivity, specificity, AUC, confusion, with intervals; its ``warnings`` say
        what was in the training.

    Raises
    ------
    ManifestError
        If the manifest has faults or no labels; lists all of them.
    UsageError
        If no image has a class that the model knows.
    BundleError
        If the bundle's file is damaged, or no bundle.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for part in ("train", "new"):
    ...     for label, most in (("dark", 90), ("light", 250)):
    ...         (folder / part / label).mkdir(parents=True)
    ...         for n in range(4):
    ...             image = rng.integers(0, most, (64, 64), np.uint8)
    ...             Image.fromarray(image).save(folder / part / label / f"{n}.png")
    >>> bundle = gliaboost.train(folder / "train", features="glcm", store=folder / "store")
    >>> found = gliaboost.evaluate(bundle, folder / "new")
    >>> found.evaluation.counts.images, found.to_frame()["seen"].tolist()[:2]
    (8, ['', ''])
    """
    from gliaboost.reports.protocol.held_out import evaluate_bundle
    from gliaboost.table_file import ENDINGS, write_table

    faults = Faults()
    check_file(faults, out, "--out", ENDINGS)
    faults.tell()
    opened = opened_bundle(bundle)
    table = of_target(read_data(data, progress), target, modality, progress)
    found = evaluate_bundle(opened, table, jobs=jobs, seed=seed)
    if out is not None:
        write_table(found.predictions, out)
    return found
