"""Feature columns of a data set, computed once and kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gliaboost import notebook
from gliaboost._face.choices import check_numbers, choose
from gliaboost._face.faults import Faults
from gliaboost._face.inputs import DataSet, read_data
from gliaboost._face.naming import FeatureNames
from gliaboost._face.places import check_folder
from gliaboost._face.settings import SettingsGiven
from gliaboost._face.words import CLASSICAL
from gliaboost._face.workers import check_workers, working
from gliaboost.errors import UsageError
from gliaboost.progress import SILENT, Progress
from gliaboost.remote import shown

if TYPE_CHECKING:
    import pandas as pd

    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.prepare import Preparation
    from gliaboost.features.base import Extractor
    from gliaboost.features.extract import Extraction
    from gliaboost.features.store import FeatureStore
    from gliaboost.parallel import Executor


@dataclass(frozen=True, eq=False)
class Extracted:
    """The features of a data set, in the store.

    Attributes
    ----------
    manifest : Manifest
        The images.
    extraction : Extraction
        What was computed, what was there before, and what could not be read.
    extractors : list of Extractor
        What was computed, in the order of the columns.
    preparation : Preparation
        What the images went through.
    store : FeatureStore
        Where the columns lie.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "glioma").mkdir()
    >>> Image.fromarray(np.eye(64, dtype=np.uint8)).save(folder / "glioma" / "1.png")
    >>> (folder / "glioma" / "2.png").touch()
    >>> done = gliaboost.extract(folder, features="hog", store=folder / "store")
    >>> done.to_frame().index.tolist(), [Path(path).name for path in done.failed]
    (['glioma/1.png'], ['2.png'])
    """

    manifest: Manifest
    extraction: Extraction
    extractors: list[Extractor]
    preparation: Preparation
    store: FeatureStore

    @property
    def failed(self) -> dict[str, str]:
        """Path and reason of each file that could not be read."""
        paths = self.manifest.paths
        return {shown(paths[row]): reason for row, reason in self.extraction.failed.items()}

    def to_frame(self) -> pd.DataFrame:
        """Read the columns.

        Returns
        -------
        pandas.DataFrame
            One row an image that could be read, by its path in the manifest; one float32 column a
            feature, by its name.
        """
        import pandas as pd

        from gliaboost.features.extract import column_names, matrix

        keys = self.extraction.keys
        rows = [row for row, key in enumerate(keys) if key is not None]
        return pd.DataFrame(
            matrix([str(keys[row]) for row in rows], self.extractors, self.preparation, self.store),
            index=pd.Index(self.manifest.table["path"].iloc[rows], name="path"),
            columns=column_names(self.extractors, self.preparation),
        )

    def save(self, path: Path | str) -> Path:
        """Write the columns beside what the manifest knows of each image.

        Parameters
        ----------
        path : path-like
            Ends in ``.parquet`` or ``.csv``. One row an image that could be read: the manifest's
            own columns (``path``, ``label``, ``patient`` ...) as far as they hold anything, then
            one column a feature.

        Raises
        ------
        UsageError
            If the name ends otherwise, or the file cannot be written.
        """
        import pandas as pd

        from gliaboost.table_file import write_table

        columns = self.to_frame().reset_index(drop=True)
        rows = [row for row, key in enumerate(self.extraction.keys) if key is not None]
        known = (
            self.manifest.table.iloc[rows].reset_index(drop=True).dropna(axis="columns", how="all")
        )
        return write_table(pd.concat([known, columns], axis=1), path)

    def __repr__(self) -> str:
        return notebook.two_lines(
            "Extracted",
            f"{notebook.listed(e.label for e in self.extractors)} of {self.manifest.name}",
            f"{len(self.manifest) - len(self.failed):,} images, {len(self.failed):,} unreadable",
        )

    def _repr_html_(self) -> str:
        """Show a notebook how many columns there are, and of what."""
        size = self.preparation.size
        done = self.extraction
        rows = [[e.label, f"{len(e.feature_names(size, size)):,}"] for e in self.extractors]
        note = (
            f"{done.computed:,} images computed, {done.reused:,} in the store before, "
            f"{len(done.failed):,} unreadable, {done.seconds:.1f} s"
        )
        return notebook.table("Features", ["extractor", "columns"], rows, note)


def extract(
    data: DataSet,
    *,
    features: FeatureNames = CLASSICAL,
    settings: SettingsGiven = None,
    prepare: str | Mapping[str, Any] | Preparation = "",
    device: str = "auto",
    jobs: int | None = None,
    store: Path | str | None = None,
    cluster: Path | str | None = None,
    executor: Executor | None = None,
    progress: Progress = SILENT,
) -> Extracted:
    """Compute the features that the store lacks.

    Parameters
    ----------
    data : Manifest, pandas.DataFrame or path-like
        A manifest, its file, a data frame with a column ``path``, a folder, or an archive of one.
    features : str, Extractor, or iterable of these
        Names by comma or in a list, or extractors; ``NAME:TAG`` is one more of a kind.
    settings : mapping of str to mapping, optional
        Parameters of the extractors named, e.g. ``{"hog": {"orientations": 6}}``.
    prepare : str, mapping or Preparation
        What images go through first, e.g. ``"crop=foreground,normalise=clahe"``.
    device : {"auto", "cpu", "cuda"}
        Where the extractors named compute, if they can.
    jobs : int, optional
        Threads, of a cluster those of each worker; default: all cores. The numbers do not depend
        on it.
    store : path-like, optional
        The feature cache; default: in the user's cache folder.
    cluster : path-like, optional
        Where tasks run: ``local``, ``local:N`` (processes of this machine), ``tcp://HOST:PORT`` or
        the file of a dask scheduler, whose workers see the same files and the same store. Default:
        threads. The numbers do not depend on it.
    executor : Executor, optional
        Runs the tasks in place of a cluster, such as a pool of `concurrent.futures`.
    progress : Progress, optional
        Hears of the images to extract.

    Returns
    -------
    Extracted
        Its ``to_frame()`` reads the columns; its ``failed`` names what could not be read.

    Raises
    ------
    ManifestError
        If the manifest has faults; lists all of them.
    UsageError
        If a name, a parameter or a place will not do; lists all of it, before any work.
    ClusterError
        If no scheduler answers, its workers have another gliaboost, or do not see the files.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / "glioma").mkdir()
    >>> Image.fromarray(np.eye(64, dtype=np.uint8)).save(folder / "glioma" / "1.png")
    >>> done = gliaboost.extract(folder, features="glcm", store=folder / "store")
    >>> done.to_frame().shape
    (1, 72)
    """
    from gliaboost.features.extract import extract as extract_missing
    from gliaboost.features.fitted import to_learn
    from gliaboost.features.store import FeatureStore

    faults = Faults()
    choice = choose(faults, features=features, settings=settings, prepare=prepare, device=device)
    for extractor in to_learn(choice.extractors):
        faults.note(
            UsageError(
                f"{extractor.name} learns from the training rows of a fold, and has no columns "
                "outside one; benchmark and train compute it, leave it out here"
            )
        )
    check_numbers(faults, jobs, 0)
    check_folder(faults, store, "--store")
    check_workers(faults, cluster, executor)
    with faults.noted():
        table = read_data(data, progress, store).check()
    faults.tell()
    cache = FeatureStore(None if store is None else Path(store))
    with working(cluster, executor, jobs, progress) as workers:
        done = extract_missing(
            table,
            choice.extractors,
            choice.preparation,
            cache,
            jobs=jobs,
            executor=workers,
            progress=progress,
        )
    return Extracted(table, done, list(choice.extractors), choice.preparation, cache)
