"""Answers for the public registries, on loopback, to an engine that names it as its HTTP proxy.

The pull half of the OCI distribution API over one image layout. A client that is told
`HTTP_PROXY=http://127.0.0.1:PORT` asks here for `http://registry.k8s.io/v2/...`, so that no name of
the machine's has to be redirected; CONNECT, the way to anything over TLS, is refused at once.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.layout import MANIFEST_TYPE, Layout

HOSTS = ("registry.k8s.io", "k8s.gcr.io", "gcr.io")

# What the suites expect to be refused to a client without credentials.
_PRIVATE = "gcr.io/k8s-authenticated-test/"


@contextmanager
def serve(layout: Layout) -> Iterator[str]:
    """Serve a layout; gives the URL to be named as the proxy."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, layout)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    """One connection: GET and HEAD of manifests and blobs."""

    protocol_version = "HTTP/1.1"

    def __init__(self, layout: Layout, *connection: Any) -> None:
        self._layout = layout
        self._images = layout.names()
        super().__init__(*connection)

    def do_HEAD(self) -> None:
        """Answer like GET, without the content."""
        self.do_GET()

    def do_GET(self) -> None:
        """Answer `/v2/`, `/v2/<name>/manifests/<tag or digest>` and `/v2/<name>/blobs/<digest>`."""
        url = urlsplit(self.path)
        if url.path == "/v2/":
            self._answer(HTTPStatus.OK)
            return
        repository, _, reference = url.path.removeprefix("/v2/").rpartition("/")
        name, _, kind = repository.rpartition("/")
        name = f"{url.netloc or self.headers['Host']}/{name}"
        if name.startswith(_PRIVATE):
            self._answer(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="private"'})
        elif kind == "manifests":
            self._answer_blob(self._images.get(f"{name}:{reference}", reference), MANIFEST_TYPE)
        else:
            self._answer_blob(reference, "application/octet-stream")

    def do_CONNECT(self) -> None:
        """Refuse: there is nothing behind this proxy."""
        self._answer(HTTPStatus.FORBIDDEN)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the engine's log tells of every pull that failed."""

    def _answer_blob(self, digest: str, media_type: str) -> None:
        blob = self._layout.blob(digest)
        if digest.startswith("sha256:") and blob.is_file():
            self._answer(
                HTTPStatus.OK, {"Content-Type": media_type, "Docker-Content-Digest": digest}, blob
            )
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _answer(
        self, status: HTTPStatus, headers: dict[str, str] | None = None, content: Path | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(content.stat().st_size if content else 0))
        self.end_headers()
        if content and self.command == "GET":
            with content.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)
