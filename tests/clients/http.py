"""The HTTP request in front of a stream, on a plain socket."""

import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

_TIMEOUT_S = 60.0


class Answer(NamedTuple):
    """The head of an answer, and what came behind it in the same breath."""

    status: int
    headers: list[tuple[str, str]]
    rest: bytes

    def values(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Refused(Exception):
    """The server did not upgrade."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.rest!r}")
        self.answer = answer


def connect(
    url: str, *, receive_buffer: int | None = None, trusted: ssl.SSLContext | None = None
) -> socket.socket:
    """Connect to the server of a URL, by TLS with what is `trusted`.

    `receive_buffer` bounds what the kernel takes for us.
    """
    target = urlsplit(url)
    assert target.hostname
    assert target.port
    link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer is not None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    link.settimeout(_TIMEOUT_S)
    link.connect((target.hostname, target.port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link if trusted is None else trusted.wrap_socket(link, server_hostname=target.hostname)


def head(url: str, method: str, headers: Sequence[tuple[str, str]] | Mapping[str, str]) -> bytes:
    """Return a request's bytes."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = [
        f"{method} {urlsplit(url).path} HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        *(f"{name}: {value}" for name, value in pairs),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def read_answer_head(link: socket.socket) -> Answer:
    """Return the answer's head."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = link.recv(65536)
        if not block:
            raise ConnectionError(f"closed within the head of the answer: {data!r}")
        data += block
    start, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = start.decode().split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return Answer(int(first.split()[1]), headers, rest)


def read_answer(link: socket.socket) -> Answer:
    """Return the answer; for a refusal `rest` is the whole body."""
    answer = read_answer_head(link)
    rest = answer.rest
    if answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
        while block := link.recv(65536):
            rest += block
    return answer._replace(rest=rest)


def upgrade(
    link: socket.socket,
    url: str,
    method: str,
    headers: Sequence[tuple[str, str]],
    *,
    behind: bytes = b"",
) -> Answer:
    """Upgrade the connection, with more `behind` the head; Refused when the server does not."""
    try:
        link.sendall(head(url, method, headers) + behind)
        answer = read_answer(link)
    except OSError:
        link.close()
        raise
    if answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
        link.close()
        raise Refused(answer)
    return answer


def wait_closed(link: socket.socket, *, timeout_s: float = 30.0) -> bool:
    """Read to the end of the connection and close ours; False when it does not end in time."""
    deadline = time.monotonic() + timeout_s
    with link:
        while (left_s := deadline - time.monotonic()) > 0:
            link.settimeout(left_s)
            try:
                if not link.recv(1 << 20):
                    return True
            except TimeoutError:
                return False
            except ConnectionError:
                return True
    return False
