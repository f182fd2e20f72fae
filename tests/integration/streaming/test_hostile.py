"""Clients that break the rules: it is their own session that ends, cheaply, and nobody notices."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from tests.bed.shim import Shim
from tests.clients import http, spdy, websocket
from tests.clients.portforward import PortForward
from tests.clients.remotecommand import SpdyCommand, WebSocketCommand, read_to_end
from tests.clients.spdy import PING, RST_STREAM, HeaderBlocks, SpdyClient, control
from tests.clients.websocket import BINARY, WebSocketClient, frame
from tests.integration.pods import Container, Pod
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch, comes_true

KIB, MIB = 1024, 1024 * 1024
_MOST_MIB = 16

Hostility = Callable[[HeaderBlocks], bytes]


@pytest.fixture(autouse=True)
def _nobody_notices(
    request: pytest.FixtureRequest, sessions: StreamingSessions, shim: Shim, watched: ShimWatch
) -> Iterator[None]:
    """Have a neighbour that is served as ever; no surprise in the log, and little memory."""
    most_mib = getattr(request, "param", _MOST_MIB)
    logged = len(shim.program.logged().encode())
    neighbour = sessions.open(SpdyCommand, ["cat"], stdin=True)
    yield
    neighbour.send("stdin", b"fine")
    neighbour.finish("stdin")
    assert read_to_end(neighbour).stdout == b"fine"
    assert "Traceback" not in shim.program.logged(since=logged)
    assert watched.growth_mib < most_mib


def _syn(stream: int) -> bytes:
    return struct.pack(">LLH", stream, 0, 0)


# Behind the streams 1, 3, 5 and 7 of an exec.
_BROKEN_SPDY: dict[str, Hostility] = {
    "another version": lambda _: struct.pack(">HHL", 0x8002, 1, 0),
    "an endless control frame": lambda _: (
        struct.pack(">HHL", 0x8003, 1, 0xFFFFFF) + bytes(16 * MIB)
    ),
    "no zlib": lambda _: control(spdy.SYN_STREAM, _syn(9) + b"no zlib"),
    "a bomb": lambda blocks: control(
        spdy.SYN_STREAM, _syn(9) + blocks.deflated(bytes(50 * MIB))[:60000]
    ),
    "many headers": lambda blocks: blocks.syn_stream(9, {str(each): "" for each in range(65)}),
    "a stream's id again": lambda blocks: blocks.syn_stream(7, {"streamtype": "stdin"}),
    "an even id": lambda blocks: blocks.syn_stream(10, {"streamtype": "stdin"}),
    "pings": lambda _: 5000 * control(PING, struct.pack(">L", 1)),
    "streams": lambda blocks: b"".join(
        blocks.syn_stream(stream, {"streamtype": "stdin"}) for stream in range(9, 9999, 2)
    ),
    "noise": lambda _: bytes(range(128, 256)) * 100,
}
_BROKEN_WEBSOCKET = {
    "no mask": b"\x82\x01x",
    "a reserved bit": b"\xf2\x80" + bytes(4),
    "an endless message": struct.pack(">BBQ", 0x82, 0xFF, 1 << 40) + bytes(4 + 16 * MIB),
    "endless fragments": frame(BINARY, b"", fin=False) + 40 * frame(0, bytes(MIB), fin=False),
    "fragments of nothing": frame(BINARY, b"", fin=False) + 100_000 * frame(0, b"", fin=False),
    "a long control frame": frame(websocket.PING, bytes(126)),
    "pings": 5000 * frame(websocket.PING, b""),
}


@pytest.mark.parametrize("hostility", _BROKEN_SPDY.values(), ids=_BROKEN_SPDY)
def test_broken_spdy_ends_its_connection(sessions: StreamingSessions, hostility: Hostility) -> None:
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    assert isinstance(session, SpdyCommand)
    _throw(session.connection, hostility(session.client.blocks))
    assert http.wait_closed(session.connection)


@pytest.mark.parametrize("sent", _BROKEN_WEBSOCKET.values(), ids=_BROKEN_WEBSOCKET)
def test_a_broken_websocket_ends_its_connection(sessions: StreamingSessions, sent: bytes) -> None:
    session = sessions.open(WebSocketCommand, ["cat"], stdin=True)
    _throw(session.connection, sent)
    assert http.wait_closed(session.connection)


def test_base64_that_is_none_ends_its_connection(sessions: StreamingSessions) -> None:
    session = sessions.open(
        WebSocketCommand, ["cat"], stdin=True, protocol="v4.base64.channel.k8s.io"
    )
    _throw(session.connection, frame(websocket.TEXT, b"0!!"))
    assert http.wait_closed(session.connection)


def test_a_head_without_an_end_is_too_large_however_long_it_goes_on(
    sessions: StreamingSessions,
) -> None:
    with closing(http.connect(sessions.exec_url(["true"]))) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + 2000 * b"X-Padding: yes\r\n")
        assert http.read_answer_head(link).status == 431
        _throw(link, 200_000 * b"X-Padding: yes\r\n")
        assert http.wait_closed(link)


def test_heads_that_dribble_are_cut_off(strict: StreamingSessions) -> None:
    url = strict.exec_url(["true"])
    links = [http.connect(url) for _ in range(100)]
    for link in links:
        link.sendall(b"GET /exec/")
    assert all(http.wait_closed(link, timeout_s=8) for link in links)


def test_resets_of_nothing_are_not_answered(sessions: StreamingSessions) -> None:
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    resets = b"".join(
        control(RST_STREAM, struct.pack(">LL", stream, 5)) for stream in range(9, 200_009, 2)
    )
    session.connection.sendall(resets)
    session.finish("stdin")
    assert read_to_end(session).exit_code == 0


def test_a_frame_that_nobody_reads_is_not_kept(
    sessions: StreamingSessions, container: Container
) -> None:
    session = sessions.open(SpdyCommand, ["sleep", "22"], stdin=True)
    assert isinstance(session, SpdyCommand)
    session.connection.settimeout(1)
    with pytest.raises(TimeoutError):
        session.client.send(session.streams["stdin"], bytes(16 * MIB - 1))
    container.execute(["killall", "sleep"])
    session.close()


def test_one_stream_too_many_is_reset(sessions: StreamingSessions) -> None:
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    assert isinstance(session, SpdyCommand)
    stream = session.client.open_unanswered(streamtype="stdout")
    frame = session.client.read()
    assert frame is not None
    assert (frame.kind, frame.stream) == (RST_STREAM, stream)
    session.finish("stdin")
    assert read_to_end(session).exit_code == 0


# Port-forward.


def test_half_a_connection_is_given_up(strict: StreamingSessions, pod: Pod) -> None:
    with closing(PortForward(strict.port_forward_url(pod.id))) as forward:
        error = forward.client.open_unanswered(streamtype="error", port="80", requestid="1")
        data = forward.client.open_unanswered(streamtype="data", port="80", requestid="2")
        frames = [forward.step() for _ in range(5)]  # two replies, the words, and both ends
    words = b"".join(each.payload for each in frames if (each.kind, each.stream) == (0, error))
    assert b"the data stream of request 1 was not opened" in words
    assert any((each.kind, each.stream) == (RST_STREAM, data) for each in frames)


@pytest.mark.parametrize("port", ["http", "0", "65536", "", "-1", "0x50"])
def test_a_port_that_is_none_resets_its_stream_only(
    sessions: StreamingSessions, pod: Pod, port: str
) -> None:
    with closing(PortForward(sessions.port_forward_url(pod.id))) as forward:
        stream = forward.client.open_unanswered(streamtype="error", port=port, requestid="x")
        while (frame := forward.step()).stream != stream:
            pass
        assert frame.kind == RST_STREAM
        refused = forward.open(9)
        forward.read_to_end(refused)
        assert b"refused" in refused.error


# A shim that falls behind reads thousands of them at once, and has as many tasks for a moment.
@pytest.mark.parametrize("_nobody_notices", [2 * _MOST_MIB], indirect=True)
def test_connections_that_are_opened_and_reset_at_once_pile_up_nowhere(
    sessions: StreamingSessions, pod: Pod, watched: ShimWatch
) -> None:
    client = SpdyClient(sessions.port_forward_url(pod.id), protocols=spdy.PORT_FORWARD)
    threads = watched.threads
    reader = threading.Thread(
        target=http.wait_closed, args=(client.connection,), kwargs={"timeout_s": 100}
    )
    reader.start()
    for request in range(20_000):
        common = {"port": "9", "requestid": str(request)}
        error = 4 * request + 1
        client.connection.sendall(
            client.blocks.syn_stream(error, {"streamtype": "error", **common}, fin=True)
            + client.blocks.syn_stream(error + 2, {"streamtype": "data", **common})
            + control(RST_STREAM, struct.pack(">LL", error + 2, 5))
        )
    client.connection.shutdown(socket.SHUT_WR)
    reader.join()
    assert comes_true(lambda: watched.threads <= threads + 32, within_s=15)
    assert watched.has_let_go(spare=4)


def test_data_that_comes_before_its_connection_resets_it(
    sessions: StreamingSessions, pod: Pod
) -> None:
    with closing(PortForward(sessions.port_forward_url(pod.id))) as forward:
        stream = forward.client.open(streamtype="data", port="80", requestid="1")
        forward.client.send(stream, bytes(32 * KIB))
        assert (reset := forward.step()).kind == RST_STREAM
        assert reset.stream == stream


def test_a_tunnel_that_breaks_ends_its_connection(sessions: StreamingSessions, pod: Pod) -> None:
    client = WebSocketClient(
        sessions.port_forward_url(pod.id), protocols=["SPDY/3.1+portforward.k8s.io"]
    )
    _throw(client.link, frame(BINARY, bytes(range(128, 256)) * 100))
    assert http.wait_closed(client.link)


def _throw(link: socket.socket, sent: bytes) -> None:
    """Send all that the server takes."""
    with suppress(OSError):
        link.sendall(sent)
