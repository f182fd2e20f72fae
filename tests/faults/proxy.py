"""A unix socket in front of dockerd's that passes everything on, until it is told to misbehave.

    with Proxy(dockerd.socket, directory / "proxy.sock") as proxy:
        with proxy.fault("GET .*/events", dropped):
            ...

A fault holds inside its block and for what is under way as well. Each exchange has a connection of
its own (the proxy asks dockerd to close it), so the bytes of an answer need not be understood.
"""

import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_PIECE_BYTES = 1 << 16


class Cut(Exception):
    """Close the connection after these last bytes."""

    def __init__(self, last: bytes = b"") -> None:
        super().__init__()
        self.last = last


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an answer, the number of those before, and what is set when the fault ends."""

    data: bytes
    offset: int
    over: threading.Event


def _unchanged(piece: Piece) -> bytes:
    return piece.data


@dataclass(frozen=True)
class Fault:
    """What happens to the first bytes of a request, and to an answer piece by piece."""

    request: Callable[[bytes], bytes] = bytes
    answer: Callable[[Piece], bytes] = _unchanged


def _late(piece: Piece) -> bytes:
    piece.over.wait()
    return piece.data


def _cut(after_bytes: int) -> Callable[[Piece], bytes]:
    def cut(piece: Piece) -> bytes:
        if piece.offset + len(piece.data) <= after_bytes:
            return piece.data
        raise Cut(piece.data[: max(0, after_bytes - piece.offset)])

    return cut


dropped = Fault(answer=lambda _: b"")
"""Nothing arrives. Of events each is lost as a whole: dockerd writes one at a time."""

hanging = Fault(answer=_late)
"""Nothing arrives before the end of the fault, then all of it."""

shortened = Fault(request=lambda head: head.replace(b"?", b"?limit=1&", 1))
"""A list has one entry, whatever there is."""


def cut(*, after_bytes: int) -> Fault:
    """The connection breaks in the middle of an answer."""
    return Fault(answer=_cut(after_bytes))


@dataclass(frozen=True, eq=False)
class _Active:
    target: re.Pattern[str]
    fault: Fault
    over: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Serves inside its `with` block; `path` is its socket, `upstream` dockerd's."""

    def __init__(self, upstream: Path, path: Path) -> None:
        self.path = path
        self.asked: list[str] = []  # the `METHOD /path?query` of each exchange
        self._upstream = upstream
        self._active: list[_Active] = []
        self._open: set[socket.socket] = set()
        self._listener: socket.socket

    @property
    def endpoint_flag(self) -> str:
        """The shim's flag that leads it here."""
        return f"--docker-endpoint=unix://{self.path}"

    def count(self, target: str) -> int:
        """Say how many exchanges there were whose `METHOD /path?query` begins like this."""
        return sum(bool(re.match(target, each)) for each in tuple(self.asked))

    @contextmanager
    def fault(self, target: str, fault: Fault) -> Iterator[None]:
        """Misbehave in exchanges whose `METHOD /path?query` begins like this regular expression."""
        active = _Active(re.compile(target), fault)
        self._active.append(active)
        try:
            yield
        finally:
            self._active.remove(active)
            active.over.set()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be a daemon that has died: no socket, and all connections are broken."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def start(self) -> None:
        """Listen."""
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more, and break what is under way."""
        self.path.unlink()
        for each in (self._listener, *tuple(self._open)):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client = listener.accept()[0]
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Carry one exchange to its end, or one hijacked connection."""
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with closing(client), closing(server), suppress(OSError):
            request = client.recv(_PIECE_BYTES)
            target = request.split(b" HTTP/", 1)[0].decode()
            self.asked.append(target)
            for each in self._faults(target):
                request = each.fault.request(request)
            server.connect(str(self._upstream))
            server.sendall(_closing(request))
            self._pump(target, client, server)
        self._open.discard(client)

    def _pump(self, target: str, client: socket.socket, server: socket.socket) -> None:
        offset, sources = 0, [client, server]
        while server in sources:
            for source in select.select(sources, [], [])[0]:
                data = source.recv(_PIECE_BYTES)
                if not data:
                    sources.remove(source)
                if source is client:
                    _pass_on(data, server)
                    continue
                try:
                    client.sendall(self._suffer(target, data, offset))
                except Cut as end:
                    client.sendall(end.last)
                    return
                offset += len(data)

    def _suffer(self, target: str, data: bytes, offset: int) -> bytes:
        for each in self._faults(target):
            data = each.fault.answer(Piece(data, offset, each.over))
        return data

    def _faults(self, target: str) -> list[_Active]:
        return [each for each in tuple(self._active) if each.target.match(target)]


def _closing(request: bytes) -> bytes:
    """Ask for one answer and the end of the connection, unless it is to be hijacked."""
    head, separator, body = request.partition(b"\r\n\r\n")
    if b"\r\nupgrade:" in head.lower():
        return request
    return head + b"\r\nConnection: close" + separator + body


def _pass_on(data: bytes, server: socket.socket) -> None:
    if data:
        server.sendall(data)
    else:
        server.shutdown(socket.SHUT_WR)
