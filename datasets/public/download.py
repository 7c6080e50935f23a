"""Downloads over HTTPS that go on where they broke off, as a downloader for pooch."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from gliaboost.errors import DownloadError
from gliaboost.files import replacing, writing
from gliaboost.progress import SILENT, Progress

CHUNK = 2**18
TIMEOUT = 60.0
LONGEST_PAUSE = 60.0
# Everything else that is no success will be the same the next time.
PASSING = (408, 425, 429, 500, 502, 503, 504)
HERE = ("localhost", "127.0.0.1", "::1")
RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})$")
LARGEST_ANSWER = 16 * 2**20
# Several times the largest data set of the catalogue; a server that says no length, or a wrong one,
# would else fill the disk.
LARGEST_FILE = 32 * 2**30


class _BrokenError(Exception):
    """One attempt failed, the next may not."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Download:
    """Downloads a file; what a broken connection left is continued, now or another day.

    Called by pooch as ``downloader(url, output_file, pooch)``, which names the file, checks its
    digest and puts it in its place whole. pooch's own downloader begins again after each break,
    follows a redirect to plain HTTP, and does not show what the server answered, so it could not
    be asked for a rest. Here, until the file is whole, it grows at `part`, with the server's ETag
    (or date) beside it; the rest is asked for with ``Range`` and ``If-Range``, so that a file that
    has changed since is taken anew.

    Parameters
    ----------
    part : pathlib.Path
        Where the unfinished file grows, on the disk where the finished one goes.
    progress : Progress, optional
        Hears of the bytes, under the file's name.
    attempts : int
        The most failures in a row without a byte gained.
    pause : float
        Seconds before the second attempt; doubled after each failure, never above one minute.

    Examples
    --------
    >>> Download(Path("store/.slices.zip.part")).attempts
    5
    """

    part: Path
    progress: Progress = SILENT
    attempts: int = 5
    pause: float = 1.0

    def __call__(self, url: str, output_file: str | Path, pooch: Any = None) -> None:
        """Download `url` to `output_file`.

        Raises
        ------
        DownloadError
            If the address is no HTTPS, is refused by the server, or fails too often.
        """
        with writing(self.part, DownloadError):
            self._download(url, Path(output_file))

    def _download(self, url: str, output_file: Path) -> None:
        self.part.parent.mkdir(parents=True, exist_ok=True)
        most = self.part.stat().st_size if self.part.exists() else 0
        failures = 0
        while True:
            try:
                self._attempt(url)
                break
            except _BrokenError as error:
                size = self.part.stat().st_size if self.part.exists() else 0
                failures = 1 if size > most else failures + 1
                most = max(most, size)
                if failures >= self.attempts:
                    raise DownloadError(
                        f"{url}: {error}, after {failures} attempts without a byte gained; "
                        f"{size:,} bytes are kept, run the same command again to go on from there"
                    ) from error
                time.sleep(_pause(self.pause, failures, error.wait))
        with self.part.open("rb+") as f:
            os.fsync(f.fileno())
        self.part.replace(output_file)
        self._state.unlink(missing_ok=True)

    @property
    def _state(self) -> Path:
        return self.part.with_name(self.part.name + ".json")

    def _attempt(self, url: str) -> None:
        state = _State.read(self._state)
        have = self.part.stat().st_size if self.part.exists() else 0
        if state is None or state.url != url:
            have, state = 0, None
        headers = {}
        if have and state is not None:
            headers["Range"] = f"bytes={have}-"
            if state.validator:
                headers["If-Range"] = state.validator
        try:
            response = _open(url, headers)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and have:
                # Whole already, or another file by now: the server will not say which.
                self._forget()
                raise _BrokenError("the server has nothing after what is here") from error
            raise _refusal(url, error.code, error.headers) from error
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenError(_reason(error)) from error
        with contextlib.closing(response):
            start, total = _span(response, have)
            if start is None or (start and state and state.total not in (None, total)):
                self._forget()
                raise _BrokenError("the server sent another part than was asked for")
            if total is not None and total > LARGEST_FILE:
                raise DownloadError(_too_large(url, total))
            _check_disk(self.part.parent, url, start, total)
            kept = state.validator if start and state else None
            _State(url, _validator(response.headers) or kept, total).write(self._state)
            self._receive(response, url, start, total)

    def _receive(self, response: Any, url: str, start: int, total: int | None) -> None:
        name = self.part.name.removeprefix(".").removesuffix(".part")
        done = start
        with self.part.open("r+b" if self.part.exists() else "wb") as f:
            f.truncate(start)
            f.seek(start)
            while True:
                self.progress.step(name, done, total)
                try:
                    chunk = response.read(CHUNK)
                except http.client.IncompleteRead as error:
                    f.write(error.partial)
                    raise _BrokenError("the connection was cut") from error
                except (OSError, http.client.HTTPException) as error:
                    raise _BrokenError(_reason(error)) from error
                if not chunk:
                    break
                done += len(chunk)
                if total is not None and done > total:
                    break
                if done > LARGEST_FILE:
                    f.close()
                    self._forget()
                    raise DownloadError(_too_large(url, done))
                f.write(chunk)
        # http.client ends a cut body like a whole one.
        if total is not None and done < total:
            raise _BrokenError(f"the connection was cut at byte {done:,} of {total:,}")
        if total is not None and done > total:
            self._forget()
            raise _BrokenError(f"{done:,} bytes came where {total:,} were promised")

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)


@dataclass(frozen=True)
class _State:
    url: str
    validator: str | None
    total: int | None

    @classmethod
    def read(cls, path: Path) -> _State | None:
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(asdict(self)), "utf-8")


def read_json(url: str, attempts: int = 4, pause: float = 1.0) -> Any:
    """Return what an API answers, parsed.

    Raises
    ------
    DownloadError
        If it is refused, fails too often, or is no JSON.
    """
    for attempt in range(1, attempts + 1):
        try:
            with _open(url, {"Accept": "application/json"}) as response:
                text = response.read(LARGEST_ANSWER)
        except urllib.error.HTTPError as error:
            error.close()
            refused = _refusal(url, error.code, error.headers)
            if isinstance(refused, DownloadError):
                raise refused from error
            broken = refused
        except (OSError, http.client.HTTPException) as error:
            broken = _BrokenError(_reason(error))
        else:
            try:
                return json.loads(text)
            except (ValueError, RecursionError) as error:
                raise DownloadError(
                    f"{url} answered something that is no JSON; try again later"
                ) from error
        if attempt < attempts:
            time.sleep(_pause(pause, attempt, broken.wait))
    raise DownloadError(f"{url}: {broken}, {attempts} times; check the network and try again")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        _check_scheme(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str]) -> Any:
    _check_scheme(url)
    # Compressed in transit, a byte's number would mean another byte.
    own = {"User-Agent": "gliaboost", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, headers={**own, **headers})
    return urllib.request.build_opener(_SafeRedirects).open(request, timeout=TIMEOUT)


def _check_scheme(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise DownloadError(f"{url} is not https; what it brings could be anybody's")


def _refusal(url: str, code: int, headers: Message) -> DownloadError | _BrokenError:
    if code in PASSING:
        wait = headers.get("Retry-After", "")
        return _BrokenError(f"the server answered {code}", float(wait) if wait.isdecimal() else 0.0)
    meaning = {401: "log in first", 403: "not allowed", 404: "not there", 410: "gone"}.get(code, "")
    return DownloadError(
        f"{url}: the server answered {code}{f' ({meaning})' if meaning else ''}; the publisher may "
        "have moved it"
    )


def _span(response: Any, have: int) -> tuple[int | None, int | None]:
    """First byte of an answer and bytes of the whole file; no first byte: not what was asked."""
    if response.status == 206:
        match = RANGE.match(response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != have:
            return None, None
        return have, int(match[3])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None


def _validator(headers: Message) -> str | None:
    tag = headers.get("ETag")
    # A weak tag says that two files mean the same, not that their bytes are.
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified")


def _too_large(url: str, size: int) -> str:
    return (
        f"{url} sends {size:,} bytes or more, more than any data set here has "
        f"({LARGEST_FILE:,}); nothing of it was kept. Download it by hand if it is right"
    )


def _check_disk(folder: Path, url: str, start: int, total: int | None) -> None:
    free = shutil.disk_usage(folder).free
    if total is not None and total - start > free:
        raise DownloadError(
            f"{url} needs {total - start:,} bytes more, the disk of {folder} has {free:,} free"
        )


def _pause(first: float, failures: int, asked: float) -> float:
    return min(max(first * 2.0 ** (failures - 1), asked), LONGEST_PAUSE)


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return f"no connection ({reason})" if str(reason) else "the connection was cut"
