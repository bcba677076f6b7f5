"""Stand-ins for a file server: one in memory, one over real HTTP on loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from app.core.errors import KnownError
from app.gguf.remote import RangeReply, RemoteFile


@dataclass
class MemoryServer:
    """Serves the files of a folder by name, and keeps account of what was asked."""

    folder: Path
    commit: str | None = None
    with_etags: bool = True
    requests: list[tuple[str, int, int]] = field(default_factory=list)

    def fetch(self, url: str, start: int, length: int) -> RangeReply:
        path = self.folder / RemoteFile(url).name
        self.requests.append((path.name, start, length))
        if not path.is_file():
            raise KnownError(f"{url} is not here.")
        if start >= path.stat().st_size:
            raise KnownError("HTTP status 416, nothing begins there.")
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(length)
        status = path.stat()
        etag = f"{path.name}-{status.st_size}-{status.st_mtime_ns}" if self.with_etags else None
        return RangeReply(data, status.st_size, etag, self.commit)

    @property
    def bytes_served(self) -> int:
        sizes = {path.name: path.stat().st_size for path in self.folder.iterdir()}
        return sum(max(min(n, sizes[name] - start), 0) for name, start, n in self.requests)


@dataclass
class Answer:
    """What the HTTP server does for a path: status, headers, and a body sent as it is."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ranges: bool = False
    release: threading.Event | None = None


Seen = list[tuple[str, dict[str, str]]]


@contextmanager
def http_server(answers: dict[str, Answer]) -> Iterator[tuple[str, Seen]]:
    """Gives the base URL and the list of (path, headers) that came in."""
    seen: Seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, dict(self.headers.items())))
            _serve(self, answers.get(self.path, Answer(404)))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        for answer in answers.values():
            if answer.release:
                answer.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _serve(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body, status, headers = answer.body, answer.status, dict(answer.headers)
    wanted = handler.headers.get("Range")
    if answer.ranges and wanted:
        first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
        body = answer.body[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{len(answer.body)}"
        status = 206
    headers.setdefault("Content-Length", str(len(body)))
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if answer.release:
        handler.wfile.write(body[: len(body) // 2])
        handler.wfile.flush()
        answer.release.wait(30)
    else:
        handler.wfile.write(body)
