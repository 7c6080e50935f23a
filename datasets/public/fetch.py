"""Fetching a public data set: downloaded, checked, unpacked, with its licence beside it."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gliaboost.datasets.public.archives import extract, is_archive, stem
from gliaboost.datasets.public.catalogue import (
    FigshareArticle,
    KaggleDataset,
    PublicDataset,
    RemoteFile,
    describe,
)
from gliaboost.datasets.public.download import Download, read_json
from gliaboost.errors import DamagedFileError, DownloadError, GliaboostError, UsageError
from gliaboost.files import replacing_folder, sha256_file
from gliaboost.json_file import read_json_text, write_json
from gliaboost.progress import SILENT, Progress

RECORD = "gliaboost-fetch.json"
CHECKSUMS = "checksums.json"
DOWNLOADS = "downloads"


def fetch(
    name: str, folder: Path, *, archive: Path | None = None, progress: Progress = SILENT
) -> Path:
    """Bring a public data set into a folder.

    A broken download is continued by the next call. Each file is checked against the publisher's
    checksum or, where there is none, against our own of the first download
    (``downloads/NAME/checksums.json``). What is there already is not fetched again.

    Parameters
    ----------
    name : str
        Its name in the catalogue.
    folder : pathlib.Path
        Gets the data set as ``folder/NAME``, and downloads as ``folder/downloads/NAME``.
    archive : pathlib.Path, optional
        An archive that was downloaded by hand, to unpack in place of a download.
    progress : Progress, optional
        Hears of the bytes, under each file's name.

    Returns
    -------
    pathlib.Path
        ``folder/NAME``; ``gliaboost-fetch.json`` in it has title, page, licence, citation and the
        SHA-256 of all that was unpacked.

    Raises
    ------
    UsageError
        If the name is not known, the archive is none, ``folder/NAME`` is there and was not
        fetched, or Kaggle is needed and not set up; says which page to visit and how to go on.
    GliaboostError
        If the download fails, its checksum is wrong, or its archive is not safe to unpack.
    """
    return fetch_dataset(describe(name), folder, archive=archive, progress=progress)


def fetch_dataset(
    dataset: PublicDataset,
    folder: Path,
    *,
    archive: Path | None = None,
    progress: Progress = SILENT,
) -> Path:
    """Do what `fetch` does, for a data set that need not be in the catalogue."""
    folder = Path(folder)
    target = folder / dataset.name
    if archive is not None and not (archive.is_file() and is_archive(archive)):
        raise UsageError(
            f"{archive} is no zip or tar archive; an archive from {dataset.page} was expected"
        )
    if _is_there(target, archive):
        return target
    downloads = folder / DOWNLOADS / dataset.name
    if archive is not None:
        _install(dataset, target, [archive])
    elif isinstance(dataset.origin, KaggleDataset):
        _from_kaggle(dataset, dataset.origin.slug, target, downloads)
    else:
        try:
            files = [
                _download(dataset, f, downloads, progress) for f in _remote_files(dataset.origin)
            ]
        except DownloadError as error:
            raise DownloadError(f"{error}\n{_by_hand(dataset)}") from error
        _install(dataset, target, files)
    return target


def figshare_files(article: FigshareArticle) -> tuple[RemoteFile, ...]:
    """Ask figshare's API for the files of an article, with their MD5.

    Raises
    ------
    DownloadError
        If the API does not answer, or not with a list of files.
    """
    url = f"{article.api}/articles/{article.number}"
    answer = read_json(url)
    listed = answer.get("files") if isinstance(answer, dict) else None
    if not isinstance(listed, list) or not listed:
        raise DownloadError(f"{url} lists no files; its publisher may have withdrawn them")
    try:
        return tuple(
            RemoteFile(_bare(str(f["name"])), str(f["download_url"]), _md5(f)) for f in listed
        )
    except (KeyError, TypeError) as error:
        raise DownloadError(
            f"{url}: a file without name or download_url; the API may have changed"
        ) from error


def _md5(file: Mapping[str, Any]) -> str | None:
    # What figshare computed from the bytes it serves, before what the author claimed of them.
    digest = file.get("computed_md5") or file.get("supplied_md5")
    return f"md5:{digest}" if digest else None


def _bare(name: str) -> str:
    if not name or name.startswith(".") or set(name) & set('/\\:\0"<>|?*'):
        raise DownloadError(f"the publisher lists a file named {name!r}, which is no file name")
    return name


def _remote_files(origin: Any) -> tuple[RemoteFile, ...]:
    if isinstance(origin, FigshareArticle):
        return figshare_files(origin)
    return tuple(origin.files)


def _download(dataset: PublicDataset, file: RemoteFile, folder: Path, progress: Progress) -> Path:
    import pooch  # type: ignore[import-untyped]

    own = _read(folder / CHECKSUMS)
    # pooch tells at INFO, on the screen, what the caller's progress shows.
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        pooch.retrieve(
            file.url,
            file.checksum or own.get(file.name),
            fname=file.name,
            path=folder,
            downloader=Download(folder / f".{file.name}.part", progress),
        )
    except ValueError as error:
        whose = (
            "its publisher's checksum"
            if file.checksum
            else f"what came the first time ({folder / CHECKSUMS})"
        )
        raise DownloadError(
            f"{file.url}: {file.name} is not what {whose} says ({error}) Nothing of it was kept. "
            "Try again; if it stays so, the file has been changed where it is published"
            + ("" if file.checksum else f": to accept it, remove {file.name} from {CHECKSUMS}")
        ) from error
    finally:
        logger.setLevel(level)
    path = folder / file.name
    if not file.checksum and file.name not in own:
        _write(folder / CHECKSUMS, {**own, file.name: f"sha256:{sha256_file(path)}"})
    return path


def _install(dataset: PublicDataset, target: Path, files: Sequence[Path]) -> None:
    with replacing_folder(target) as temporary:
        for file in files:
            if not is_archive(file):
                shutil.copyfile(file, temporary / file.name)
                continue
            inner = temporary if len(files) == 1 else temporary / stem(file)
            inner.mkdir(exist_ok=True)
            extract(file, inner)
        _compare_with_seen(dataset, temporary)
        _write_record(dataset, temporary, {f.name: sha256_file(f) for f in files})


def _from_kaggle(dataset: PublicDataset, slug: str, target: Path, downloads: Path) -> None:
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError as error:
        raise UsageError(
            f"{dataset.name} lies on Kaggle, and kagglehub is not installed: "
            f"pip install 'gliaboost[kaggle]'.\n{_by_hand(dataset)}"
        ) from error
    try:
        folder = Path(kagglehub.dataset_download(slug))
    # Whatever kagglehub or its requests raise: no account, no consent, no network.
    except Exception as error:
        raise UsageError(
            f"kagglehub did not bring {slug} ({type(error).__name__}: {error}). Where it asks for "
            "an account: make a token at https://www.kaggle.com/settings and keep it as "
            f"~/.kaggle/kaggle.json.\n{_by_hand(dataset)}"
        ) from error
    digest = _tree_digest(folder)
    own = _read(downloads / CHECKSUMS)
    if own.get(slug, digest) != digest:
        raise GliaboostError(
            f"{slug} is not what came the first time: its files have {digest}, "
            f"{downloads / CHECKSUMS} says {own[slug]}. To accept the new ones, remove that file"
        )
    with replacing_folder(target) as temporary:
        for file in _files(folder):
            copy = temporary / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        _compare_with_seen(dataset, temporary)
        _write_record(dataset, temporary, {slug: digest.removeprefix("sha256:")})
    _write(downloads / CHECKSUMS, {**own, slug: digest})


def _compare_with_seen(dataset: PublicDataset, folder: Path) -> None:
    """Tell a version other than the one that was measured; what is second-hand refuses nothing."""
    seen = dataset.origin.seen if isinstance(dataset.origin, KaggleDataset) else None
    if seen is not None and _tree_digest(folder) != seen:
        warnings.warn(
            f"{dataset.name} is another version than the one that we have measured (its files have "
            "another SHA-256; the publisher gives none): compare its numbers with ours with care",
            stacklevel=2,
        )


def _files(folder: Path) -> Iterator[Path]:
    yield from (f for f in sorted(folder.rglob("*")) if f.is_file() and not f.is_symlink())


def _tree_digest(folder: Path) -> str:
    """SHA-256 of the lines ``digest  path`` of all files, in the order of their paths."""
    lines = (f"{sha256_file(f)}  {f.relative_to(folder).as_posix()}\n" for f in _files(folder))
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def _by_hand(dataset: PublicDataset) -> str:
    return (
        f"Or by hand: download the archive at {dataset.page} and give it with: "
        f"gliaboost fetch {dataset.name} --archive FILE"
    )


def _is_there(target: Path, archive: Path | None) -> bool:
    if not target.exists():
        return False
    if target.is_dir() and not any(target.iterdir()):
        return False
    record = _read(target / RECORD)
    if not record:
        raise UsageError(
            f"{target} is there and was not fetched; name another folder, or move it away"
        )
    return archive is None or sha256_file(archive) in record.get("sha256", {}).values()


def _write_record(dataset: PublicDataset, folder: Path, digests: Mapping[str, str]) -> None:
    known = {
        k: getattr(dataset, k) for k in ("name", "title", "source", "page", "licence", "citation")
    }
    _write(folder / RECORD, {**known, "sha256": dict(digests)})


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(read_json_text(path))
    except DamagedFileError as error:
        raise DamagedFileError(path, error.reason, "remove it to begin anew") from error
    except ValueError as error:
        raise GliaboostError(f"{path} is no JSON ({error}); remove it to begin anew") from error
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_json(json.dumps(content, indent=2, ensure_ascii=False), path)
