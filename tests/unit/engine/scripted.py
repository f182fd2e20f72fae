"""A unix-socket server that answers as the test says, down to the single segment.

For what no real engine does on demand: connections that break, answers that hang, heads that come
in pieces.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

Handler = Callable[[socket.socket], None]


class Request(NamedTuple):
    """A request: its first line without the protocol, its headers in lower case, its body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.line.partition("?")[0].rpartition("/")[2]


class Server:
    """Runs `handler` for every connection, on a thread of its own."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self.path = str(path)
        self.connections: list[socket.socket] = []
        self._handler = handler
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(512)
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        """Hang up on everybody, and wait for every handler to end."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=[connection])
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that does not wait any longer may hang up before it is answered.
        with connection, suppress(ConnectionError):
            self._handler(connection)


@contextmanager
def serving(directory: Path, handler: Handler) -> Iterator[Server]:
    """Serve at `directory`/docker.sock inside the block."""
    server = Server(directory / "docker.sock", handler)
    try:
        yield server
    finally:
        server.close()


def requests(connection: socket.socket) -> Iterator[Request]:
    """Yield the requests on a connection until the client hangs up."""
    data = b""
    while True:
        while b"\r\n\r\n" not in data:
            block = _receive(connection)
            if not block:
                return
            data += block
        head, _, data = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        length = int(headers.get("content-length", 0))
        while len(data) < length:
            data += _receive(connection)
        body, data = data[:length], data[length:]
        yield Request(first.rsplit(" ", 1)[0], headers, body)


def answer(status: int, body: object = b"", **headers: str) -> bytes:
    """Return a whole answer; a body that is not bytes becomes JSON."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(payload)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + payload


def chunked_head(status: int = 200) -> bytes:
    """Return the head of an answer whose length is not known."""
    return f"HTTP/1.1 {status} Whatever\r\nTransfer-Encoding: chunked\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    """Return a chunk of such an answer; the empty one ends it."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class FakeEngine:
    """Answers by the last part of the path: `/version`, `/info` and `/_ping` itself.

    After the answer named `cut` it hangs up.
    """

    def __init__(self, answers: Mapping[str, bytes] | None = None, *, cut: str = "") -> None:
        canned = json.loads((Path(__file__).parent / "info/docker-28.5.json").read_text())
        self.version, self.info = canned["version"], canned["info"]
        self.server = "Docker/28.5.2 (linux)"
        self.seen: list[Request] = []
        self._answers = answers or {}
        self._cut = cut

    def __call__(self, connection: socket.socket) -> None:
        """Serve one connection."""
        for request in requests(connection):
            self.seen.append(request)
            connection.sendall(self.answer(request))
            if request.name == self._cut:
                return

    def answer(self, request: Request) -> bytes:
        """Return the answer to a request."""
        name = request.name
        if name == "version":
            return answer(200, self.version)
        if name == "_ping":
            return answer(200, b"OK", Server=self.server)
        if f"/v{self.version['ApiVersion']}/" not in request.line:
            return answer(400, b"client version is too old, or too new")
        if name == "info":
            return answer(200, self.info)
        return self._answers.get(name, answer(404, {"message": f"No such thing: {name}"}))


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except ConnectionError:
        return b""
