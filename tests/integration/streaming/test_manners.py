"""Clients that leave, stall, guess or break the rules: it is their own session that ends."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.clients import http, spdy, websocket
from tests.clients.http import Refused
from tests.clients.remotecommand import (
    RemoteCommand,
    SpdyCommand,
    WebSocketCommand,
    read_to_end,
    read_until,
)
from tests.clients.spdy import SpdyClient
from tests.clients.websocket import WebSocketClient
from tests.integration.pods import Container
from tests.integration.streaming.sessions import Sessions
from tests.integration.streaming.watching import ShimWatch, eventually

Wire = type[RemoteCommand]
MIB = 1024 * 1024


# Tokens and heads.


def test_a_url_serves_once(sessions: Sessions, wire: Wire) -> None:
    url = sessions.exec_url(["true"])
    read_to_end(wire(url, {"stdout", "stderr"}))  # type: ignore[call-arg]
    for client in (SpdyClient, WebSocketClient):
        with pytest.raises(Refused) as refused:
            client(url)
        assert refused.value.answer.status == 404


def test_a_guess_is_not_found(sessions: Sessions) -> None:
    base = sessions.exec_url(["true"]).rpartition("/")[0]
    for guess in ("A" * 22, "", "..", "%00"):
        with pytest.raises(Refused) as refused:
            SpdyClient(f"{base}/{guess}")
        assert refused.value.answer.status == 404


def test_a_token_of_another_kind_is_not_found(sessions: Sessions) -> None:
    url = sessions.exec_url(["true"])
    with pytest.raises(Refused) as refused:
        SpdyClient(url.replace("/exec/", "/portforward/"))
    assert refused.value.answer.status == 404
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"})).exit_code == 0


def test_a_refused_websocket_leaves_the_url_to_spdy(sessions: Sessions) -> None:
    url = sessions.exec_url(["true"])
    with pytest.raises(Refused) as refused:
        WebSocketClient(url, protocols=["v9.channel.k8s.io"])
    assert refused.value.answer.status == 403
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"})).exit_code == 0


def test_another_method_is_not_allowed(sessions: Sessions) -> None:
    with pytest.raises(Refused) as refused:
        SpdyClient(sessions.exec_url(["true"]), method="PUT")
    assert refused.value.answer.status == 405


def test_get_is_as_good_as_post_over_spdy(sessions: Sessions) -> None:
    url = sessions.exec_url(["true"])
    assert read_to_end(SpdyCommand(url, {"stdout", "stderr"}, method="GET")).exit_code == 0


def test_a_head_without_an_end_is_too_large(sessions: Sessions) -> None:
    url = sessions.exec_url(["true"])
    with closing(http.connect(url)) as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + 2000 * b"X-Padding: yes\r\n")
        assert http.read_answer(link).status == 431


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_pipelined_behind_the_head_counts(sessions: Sessions, size: int) -> None:
    url = sessions.exec_url(["cat"], stdin=True, stderr=False)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "SPDY/3.1",
        "X-Stream-Protocol-Version": "v4.channel.k8s.io",
    }
    blocks = spdy.HeaderBlocks()
    sent = http.head(url, "POST", headers)
    for number, name in ((1, "error"), (3, "stdin"), (5, "stdout")):
        sent += blocks.syn_stream(number, {"streamtype": name})
    sent += spdy.data(3, b"all at once", fin=True)

    with closing(http.connect(url)) as link:
        for at in range(0, len(sent), size):
            link.sendall(sent[at : at + size])
        received = b""
        while b'"Success"' not in received:
            block = link.recv(65536)
            assert block, received
            received += block
    assert spdy.data(5, b"all at once") in received


def test_nothing_comes_behind_the_head_before_the_client_speaks(sessions: Sessions) -> None:
    client = SpdyClient(sessions.exec_url(["true"]))
    assert isinstance(client.link, socket.socket)
    client.link.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.link.recv(1)
    assert client.answer.rest == b""
    client.close()


# Clients that leave.


def test_a_terminal_whose_client_dies_is_hung_up(
    sessions: Sessions, container: Container, wire: Wire, watched: ShimWatch
) -> None:
    session = sessions.open(wire, ["sh", "-c", "echo $$; sleep 77"], stdin=True, tty=True)
    read_until(session, lambda output: b"\n" in output.stdout)
    assert "sleep 77" in container.output("ps")
    _vanish(session)

    assert eventually(lambda: "sleep 77" not in container.output("ps"), within_s=5)
    assert watched.has_let_go()


def test_a_command_without_a_terminal_survives_its_client(
    sessions: Sessions, container: Container, wire: Wire, watched: ShimWatch
) -> None:
    command = [
        "sh",
        "-c",
        "echo started; sleep 1; dd if=/dev/zero bs=64k count=64; touch /tmp/done",
    ]
    session = sessions.open(wire, command)
    read_until(session, lambda output: b"started" in output.stdout)
    _vanish(session)

    assert eventually(lambda: "done" in container.output("ls", "/tmp"), within_s=10)
    container.output("rm", "/tmp/done")
    assert watched.has_let_go()


def test_a_reader_of_input_ends_with_its_client(
    sessions: Sessions, container: Container, wire: Wire
) -> None:
    session = sessions.open(wire, ["sh", "-c", "echo started; cat; touch /tmp/eof"], stdin=True)
    read_until(session, lambda output: b"started" in output.stdout)
    _vanish(session)
    assert eventually(lambda: "eof" in container.output("ls", "/tmp"), within_s=5)
    container.output("rm", "/tmp/eof")


def test_a_client_that_leaves_behind_blocked_input_is_noticed(
    sessions: Sessions, container: Container, watched: ShimWatch
) -> None:
    before = watched.sockets
    session = sessions.open(SpdyCommand, ["sh", "-c", "echo started; exec sleep 66"], stdin=True)
    read_until(session, lambda output: b"started" in output.stdout)
    assert isinstance(session, SpdyCommand)
    assert isinstance(session.client.link, socket.socket)
    session.client.link.settimeout(1)
    with suppress(TimeoutError):
        session.send("stdin", bytes(64 * MIB))
    _vanish(session)
    assert eventually(lambda: watched.sockets <= before + 4, within_s=15)
    container.execute(["killall", "sleep"])


def test_hundreds_of_sessions_leave_nothing(sessions: Sessions, watched: ShimWatch) -> None:
    for number in range(200):
        url = sessions.exec_url(["true"])
        if number % 4 == 0:
            with closing(http.connect(url)) as link:
                link.sendall(b"GET /exec/ HT")
        elif number % 4 == 1:
            with pytest.raises(Refused):
                WebSocketClient(url, protocols=["unknown"])
        elif number % 4 == 2:
            SpdyClient(url).close()
        else:
            session = WebSocketCommand(url, {"stdout", "stderr"})
            _vanish(session)
    assert watched.has_let_go()


# Clients that stall. These have a shim with bounds that can be waited for.


@pytest.fixture(scope="module")
def strict(dockerd: Dockerd, container: Container) -> Iterator[Sessions]:
    """Sessions of a second shim, which is impatient."""
    limits = {"head_s": 1, "stream_creation_s": 1, "idle_s": 3, "linger_s": 1, "pending_tokens": 5}
    flags = [f"--streaming-limit={name}={value}" for name, value in limits.items()]
    with (
        Shim(dockerd, namespaces.PRIVATE / "strict", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        yield Sessions(client, container.id)


def test_a_head_that_dribbles_is_cut_off(strict: Sessions) -> None:
    with closing(http.connect(strict.exec_url(["true"]))) as link:
        link.sendall(b"GET /exec/")
        assert http.wait_closed(link, timeout_s=5)


def test_streams_that_do_not_come_are_not_waited_for(strict: Sessions) -> None:
    client = SpdyClient(strict.exec_url(["true"]))
    client.open(streamtype="error")
    assert isinstance(client.link, socket.socket)
    assert http.wait_closed(client.link, timeout_s=5)


def test_a_connection_without_a_byte_is_closed(strict: Sessions, container: Container) -> None:
    session = strict.open(SpdyCommand, ["sleep", "55"])
    began_s = time.monotonic()
    assert not session.step()
    session.close()
    assert 2 < time.monotonic() - began_s < 15
    container.execute(["killall", "sleep"])


def test_pings_keep_a_connection(strict: Sessions) -> None:
    session = strict.open(SpdyCommand, ["sh", "-c", "sleep 9; echo done"])
    assert isinstance(session, SpdyCommand)
    for number in range(8):
        session.client.ping(2 * number + 1)
        time.sleep(1)
    assert session.client.read() is not None
    session.client.close()


def test_pings_are_no_payload(dockerd: Dockerd, container: Container) -> None:
    flags = ["--streaming-limit=data_idle_s=2"]
    with (
        Shim(dockerd, namespaces.PRIVATE / "payload", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        session = Sessions(client, container.id).open(SpdyCommand, ["sleep", "44"])
        assert isinstance(session, SpdyCommand)
        began_s = time.monotonic()
        ended = threading.Event()

        def ping() -> None:
            number = 1
            while not ended.wait(0.5):
                with suppress(OSError):
                    session.client.ping(number)
                number += 2

        pinging = threading.Thread(target=ping)
        pinging.start()
        while (frame := session.client.read()) is not None and frame.kind == spdy.PING:
            pass
        ended.set()
        pinging.join()
        session.close()
    assert 1.5 < time.monotonic() - began_s < 15
    container.execute(["killall", "sleep"])


# Clients that break the rules.

_OPENED = struct.pack(">LLH", 9, 0, 0)

_BROKEN_SPDY = {
    "version": struct.pack(">HHL", 0x8002, 1, 0),
    "announced": struct.pack(">HHL", 0x8003, 1, 0xFFFFFF),
    "zlib": spdy.control(spdy.SYN_STREAM, _OPENED + b"no zlib"),
    "pings": 5000 * spdy.control(spdy.PING, struct.pack(">L", 1)),
    "noise": bytes(range(128, 256)) * 100,
}
_BROKEN_WEBSOCKET = {
    "unmasked": b"\x82\x01x",
    "reserved": b"\xf2\x80" + bytes(4),
    "huge": struct.pack(">BBQ", 0x82, 0xFF, 1 << 40) + bytes(4),
    "long control": websocket.frame(websocket.PING, bytes(126)),
    "pings": 5000 * websocket.frame(websocket.PING, b""),
}


@pytest.fixture
def bystander(sessions: Sessions) -> Iterator[None]:
    """A session that must not notice anything."""
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    yield
    session.send("stdin", b"fine")
    session.finish("stdin")
    assert read_to_end(session).stdout == b"fine"


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("sent", _BROKEN_SPDY.values(), ids=_BROKEN_SPDY)
def test_broken_spdy_ends_its_connection(
    sessions: Sessions, watched: ShimWatch, sent: bytes
) -> None:
    before = watched.resident_mib
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    assert isinstance(session, SpdyCommand)
    assert isinstance(session.client.link, socket.socket)
    with suppress(ConnectionError):
        session.client.link.sendall(sent)
    assert http.wait_closed(session.client.link)
    assert watched.resident_mib < before + 16


@pytest.mark.usefixtures("bystander")
def test_a_bomb_in_a_header_ends_its_connection(sessions: Sessions, watched: ShimWatch) -> None:
    before = watched.resident_mib
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    assert isinstance(session, SpdyCommand)
    assert isinstance(session.client.link, socket.socket)
    bomb = session.client.blocks.deflated(bytes(50 * MIB))
    with suppress(ConnectionError):
        session.client.link.sendall(spdy.control(spdy.SYN_STREAM, _OPENED + bomb[:60000]))
    assert http.wait_closed(session.client.link)
    assert watched.resident_mib < before + 16


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("sent", _BROKEN_WEBSOCKET.values(), ids=_BROKEN_WEBSOCKET)
def test_a_broken_websocket_ends_its_connection(
    sessions: Sessions, watched: ShimWatch, sent: bytes
) -> None:
    before = watched.resident_mib
    session = sessions.open(WebSocketCommand, ["cat"], stdin=True)
    assert isinstance(session, WebSocketCommand)
    with suppress(ConnectionError):
        session.client.link.sendall(sent)
    assert http.wait_closed(session.client.link)
    assert watched.resident_mib < before + 16


@pytest.mark.usefixtures("bystander")
def test_one_stream_too_many_is_reset(sessions: Sessions) -> None:
    session = sessions.open(SpdyCommand, ["cat"], stdin=True)
    assert isinstance(session, SpdyCommand)
    stream = session.client.open_unanswered(streamtype="stdout")
    frame = session.client.read()
    assert frame is not None
    assert (frame.kind, frame.stream) == (spdy.RST_STREAM, stream)
    session.finish("stdin")
    assert read_to_end(session).exit_code == 0


def test_a_reader_that_stops_costs_little(
    sessions: Sessions, container: Container, watched: ShimWatch
) -> None:
    before = watched.resident_mib
    stalled = [
        sessions.open(SpdyCommand, ["cat", "/dev/zero"], receive_buffer=4096) for _ in range(20)
    ]
    time.sleep(3)
    assert watched.resident_mib < before + 20 * 0.5
    for session in stalled:
        _vanish(session)
    container.execute(["killall", "cat"])


def _vanish(session: RemoteCommand) -> None:
    """Close the connection as a process does that was killed."""
    assert isinstance(session, SpdyCommand | WebSocketCommand)
    session.client.link.close()
