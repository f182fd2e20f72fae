"""Taking over a connection: the head in any pieces, and no byte behind it lost."""

import array
import fcntl
import socket
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pydockershim.engine.error_wall import ErrorResponse
from pydockershim.engine.hijack import Hijacked, hijack
from pydockershim.errors import Unavailable
from tests.unit.engine.scripted import answer, chunk, chunked_head, requests, serving

UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"


def segments(*parts: bytes) -> Callable[[socket.socket], None]:
    """Answer with these bytes, each sent only once the client has read the one before."""

    def handler(connection: socket.socket) -> None:
        next(requests(connection))
        for part in parts:
            connection.sendall(part)
            wait_until_read(connection)

    return handler


def wait_until_read(connection: socket.socket) -> None:
    """Wait until nothing that was sent is left in the socket (SIOCOUTQ)."""
    unread = array.array("i", [1])
    while unread[0]:
        fcntl.ioctl(connection, termios.TIOCOUTQ, unread)


def read_all(stream: Hijacked) -> bytes:
    received = b""
    while block := stream.recv(timeout_s=30):
        received += block
    return received


@pytest.mark.parametrize(
    "parts",
    [
        (UPGRADED + b"early", b" late"),
        (UPGRADED, b"early", b" late"),
        (UPGRADED[:10], UPGRADED[10:-2], UPGRADED[-2:] + b"early late"),
        (b"HTTP/1.1 200 OK\r\n\r\nearly late",),
    ],
    ids=["with the head", "after the head", "head in pieces", "not called an upgrade"],
)
def test_no_byte_behind_the_head_is_lost(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    with serving(tmp_path, segments(*parts)) as server:
        stream = hijack(server.path, "/v1.51/exec/x/start", {}, timeout_s=30)

        assert read_all(stream) == b"early late"
        stream.close()


def test_the_request_is_an_upgrade_with_its_body(tmp_path: Path) -> None:
    seen = []

    def handler(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(UPGRADED)

    with serving(tmp_path, handler) as server:
        hijack(server.path, "/v1.51/exec/x/start", {"Tty": False}, timeout_s=30).close()

    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1.51/exec/x/start HTTP/1.1\r\n")
    assert b"Upgrade: tcp" in head
    assert b"Connection: Upgrade" in head
    assert body == b'{"Tty": false}'


@pytest.mark.parametrize(
    "error",
    [
        answer(409, {"message": "is not running"}),
        chunked_head(409) + chunk(b'{"message": "is not') + chunk(b' running"}') + chunk(b""),
    ],
    ids=["with length", "chunked"],
)
def test_a_refusal_keeps_its_status_and_sentence(tmp_path: Path, error: bytes) -> None:
    def handler(connection: socket.socket) -> None:
        for _ in requests(connection):
            connection.sendall(error)

    with serving(tmp_path, handler) as server, pytest.raises(ErrorResponse) as caught:
        hijack(server.path, "/v1.51/exec/x/start", {}, timeout_s=30)

    assert caught.value.status == 409
    assert caught.value.message == "is not running"


def test_an_engine_that_does_not_answer_times_out(tmp_path: Path) -> None:
    def handler(connection: socket.socket) -> None:
        for _ in requests(connection):
            pass

    with serving(tmp_path, handler) as server, pytest.raises(TimeoutError):
        hijack(server.path, "/v1.51/exec/x/start", {}, timeout_s=0.02)


def test_input_and_output_go_on_after_the_half_close(tmp_path: Path) -> None:
    def echo_backwards(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(UPGRADED)
        received = b""
        while block := connection.recv(65536):
            received += block
        connection.sendall(received[::-1])

    with serving(tmp_path, echo_backwards) as server:
        stream = hijack(server.path, "/v1.51/exec/x/start", {}, timeout_s=30)
        link, _ = stream.take_socket()
        link.sendall(b"abcdef")
        link.shutdown(socket.SHUT_WR)

        assert read_all(stream) == b"fedcba"
        stream.close()


@pytest.fixture
def pair() -> Iterator[tuple[Hijacked, socket.socket]]:
    ours, theirs = socket.socketpair()
    with closing(Hijacked(ours, b"early")) as stream, theirs:
        assert stream.recv() == b"early"
        yield stream, theirs


def test_nothing_in_time_is_none(pair: tuple[Hijacked, socket.socket]) -> None:
    stream, theirs = pair

    assert stream.recv(timeout_s=0) is None
    theirs.sendall(b"x")
    assert stream.recv(timeout_s=0) == b"x"


def test_socket_is_handed_over_with_what_came_with_the_head() -> None:
    ours, theirs = socket.socketpair()
    with closing(Hijacked(ours, b"early")) as stream, theirs:
        assert stream.take_socket() == (ours, b"early")


@pytest.mark.parametrize("timeout_s", [None, 60])
def test_abort_ends_a_read_on_another_thread(
    pair: tuple[Hijacked, socket.socket], timeout_s: float | None
) -> None:
    stream, _ = pair
    received: list[bytes | None] = []
    reader = threading.Thread(target=lambda: received.append(stream.recv(timeout_s)))
    reader.start()
    stream.abort()
    reader.join(30)

    assert received == [b""]


@pytest.mark.parametrize("timeout_s", [None, 60])
def test_abort_keeps_the_descriptor_from_others_until_it_is_closed(
    pair: tuple[Hijacked, socket.socket], timeout_s: float | None
) -> None:
    """A reader may be on its way into the kernel with the descriptor's number."""
    stream, _ = pair
    descriptor = stream.take_socket()[0].fileno()

    stream.abort()
    with socket.socket() as other:
        assert other.fileno() != descriptor
        assert stream.recv(timeout_s) == b""


def test_a_broken_connection_is_not_an_end(pair: tuple[Hijacked, socket.socket]) -> None:
    stream, theirs = pair
    stream.take_socket()[0].sendall(b"never read")
    theirs.close()

    with pytest.raises(Unavailable, match="broke"):
        stream.recv()
