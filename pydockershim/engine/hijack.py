"""Connections that dockerd hands over to a process: exec and attach, by an HTTP upgrade.

The bytes after the head of the answer belong to the process. The docker SDK loses what it has read
ahead; here it is kept. Nothing may be sent before the head of the answer has arrived: dockerd drops
it.
"""

import contextlib
import http.client
import io
import json
import select
import socket
from collections.abc import Mapping

from pydockershim.dockerapi import Json
from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.errors import Unavailable

_READ_SIZE = 64 * 1024
_MAX_HEAD = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"

# Docker's own ctrl-p,ctrl-q would swallow keys that a shell needs. A key that may begin the
# sequence is held back until the next one; a NUL (set mark) is not missed meanwhile.
DETACH_KEYS = "ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_"

_UPGRADED = {http.client.SWITCHING_PROTOCOLS, http.client.OK}


class Hijacked:
    """A bidirectional connection to a process in a container.

    To only read, use `recv`; to write as well, use `take_socket`.
    """

    def __init__(self, sock: socket.socket, leftover: bytes) -> None:
        sock.settimeout(None)
        self._sock = sock
        self._leftover = leftover

    def take_socket(self) -> tuple[socket.socket, bytes]:
        """Return the socket, for the caller to use, and the bytes that arrived with the head."""
        return self._sock, self._leftover

    def recv(self, timeout_s: float | None = None) -> bytes | None:
        """Return the next bytes, `b""` at the end, None at the timeout.

        Unavailable when the connection breaks. After an `abort` the stream is at its end.
        """
        if self._leftover:
            leftover, self._leftover = self._leftover, b""
            return leftover
        try:
            if timeout_s is not None and not self._is_readable(timeout_s):
                return None
            return self._sock.recv(_READ_SIZE)
        except OSError as error:
            raise Unavailable(f"the stream of the process broke: {error}") from error

    def abort(self) -> None:
        """End both directions, from any thread; the owner must still `close`.

        `close` from another thread could have a concurrent `recv` read from a new connection that
        got the same descriptor.
        """
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the process is left alone."""
        self._sock.close()

    def _is_readable(self, timeout_s: float) -> bool:
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(max(0, timeout_s) * 1000))


def hijack(path: str, target: str, body: Json | None, *, timeout_s: float) -> Hijacked:
    """POST to `target` on the unix socket at `path` and take over the connection.

    ErrorResponse when dockerd does not upgrade, OSError when the socket fails or the head takes
    longer than `timeout_s`.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.connect(path)
        sock.sendall(_request(target, body))
        leftover = _read_answer(sock)
    except BaseException:
        sock.close()
        raise
    return Hijacked(sock, leftover)


def _read_answer(sock: socket.socket) -> bytes:
    """Return what followed the head of the answer; ErrorResponse when it is not an upgrade."""
    head, leftover = _read_head(sock)
    status = _parse(head).status
    if status not in _UPGRADED:
        raise ErrorResponse(status, _read_error(sock, head + leftover))
    return leftover


def _request(target: str, body: Json | None) -> bytes:
    payload = b"" if body is None else json.dumps(body).encode()
    headers = {
        "Host": "docker",
        "Content-Type": "application/json",
        "Content-Length": str(len(payload)),
        "Connection": "Upgrade",
        "Upgrade": "tcp",
    }
    return _head(f"POST {target} HTTP/1.1", headers) + payload


def _head(first_line: str, headers: Mapping[str, str]) -> bytes:
    lines = [first_line, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + _END_OF_HEAD


def _read_head(sock: socket.socket) -> tuple[bytes, bytes]:
    """Return the answer's head and what followed it."""
    data = b""
    while _END_OF_HEAD not in data:
        block = sock.recv(_READ_SIZE)
        if not block or len(data) > _MAX_HEAD:
            raise http.client.IncompleteRead(data)
        data += block
    head, separator, leftover = data.partition(_END_OF_HEAD)
    return head + separator, leftover


def _read_error(sock: socket.socket, data: bytes) -> bytes:
    # dockerd closes its side after the error, once ours is closed.
    sock.shutdown(socket.SHUT_WR)
    while block := sock.recv(_READ_SIZE):
        data += block
    return _parse(data).read()


def _parse(data: bytes) -> http.client.HTTPResponse:
    answer = http.client.HTTPResponse(_Recorded(data), method="POST")  # type: ignore[arg-type]
    answer.begin()
    return answer


class _Recorded:
    """What http.client needs of a socket: a file of the bytes received so far."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
