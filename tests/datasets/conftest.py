from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Served:
    """What a path answers: `statuses` and `cuts` are used up, one a request."""

    body: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)
    # Bytes after which the connection is cut.
    cuts: list[int] = field(default_factory=list)
    location: str | None = None
    # What is said of the length; None: nothing.
    length: str | None = ""


@dataclass
class Server:
    url: str
    paths: dict[str, Served]
    # (path, Range, If-Range) of each request.
    requests: list[tuple[str, str | None, str | None]]

    def serve(self, path: str, body: bytes, **how: object) -> Served:
        self.paths[path] = Served(body, **how)  # type: ignore[arg-type]
        return self.paths[path]

    def asked(self, path: str) -> list[str | None]:
        return [r for p, r, _ in self.requests if p == path]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    paths: dict[str, Served] = {}
    requests: list[tuple[str, str | None, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            asked, condition = self.headers["Range"], self.headers["If-Range"]
            requests.append((self.path, asked, condition))
            served = paths.get(self.path)
            status = served.statuses.pop(0) if served and served.statuses else 200
            if served is None or status >= 400:
                self.send_error(404 if served is None else status)
                return
            if served.location is not None:
                self.send_response(302)
                self.send_header("Location", served.location)
                self.end_headers()
                return
            start = 0
            if asked and served.ranges and condition in (None, served.etag):
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                if start >= len(served.body):
                    self.send_error(416)
                    return
                self.send_response(206)
                last = len(served.body) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(served.body)}")
            else:
                self.send_response(200)
            if served.etag:
                self.send_header("ETag", served.etag)
            if served.length is not None:
                self.send_header("Content-Length", served.length or str(len(served.body) - start))
            self.end_headers()
            if self.command == "HEAD":
                return
            end = served.cuts.pop(0) if served.cuts else len(served.body)
            self.wfile.write(served.body[start:end])
            self.close_connection = True

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield Server(f"http://127.0.0.1:{http.server_port}", paths, requests)
    http.shutdown()
    http.server_close()
    thread.join()
