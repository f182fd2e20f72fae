"""Clients that leave: what becomes of their command, and that nothing is left of their session."""

from contextlib import closing, suppress

import pytest

from tests.clients import http
from tests.clients.http import Refused
from tests.clients.remotecommand import (
    RemoteCommand,
    SpdyCommand,
    WebSocketCommand,
    read_until,
    vanish,
)
from tests.clients.spdy import SpdyClient
from tests.clients.websocket import WebSocketClient
from tests.integration.pods import Container
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch, comes_true

pytestmark = pytest.mark.engine

ClientClass = type[RemoteCommand]
MIB = 1024 * 1024


def test_a_terminal_whose_client_dies_is_hung_up(
    sessions: StreamingSessions, container: Container, wire: ClientClass
) -> None:
    session = sessions.open(wire, ["sh", "-c", "echo $$; sleep 77"], stdin=True, tty=True)
    read_until(session, lambda output: b"\n" in output.stdout)
    assert "sleep 77" in container.output("ps")
    vanish(session)

    assert comes_true(lambda: "sleep 77" not in container.output("ps"), within_s=20)


def test_a_command_without_a_terminal_survives_its_client(
    sessions: StreamingSessions, container: Container, wire: ClientClass
) -> None:
    command = [
        "sh",
        "-c",
        "echo started; sleep 1; dd if=/dev/zero bs=64k count=64; touch /tmp/done",
    ]
    session = sessions.open(wire, command)
    read_until(session, lambda output: b"started" in output.stdout)
    vanish(session)

    assert comes_true(lambda: "done" in container.output("ls", "/tmp"), within_s=30)
    container.output("rm", "/tmp/done")


def test_a_reader_of_input_ends_with_its_client(
    sessions: StreamingSessions, container: Container, wire: ClientClass
) -> None:
    session = sessions.open(wire, ["sh", "-c", "echo started; cat; touch /tmp/eof"], stdin=True)
    read_until(session, lambda output: b"started" in output.stdout)
    vanish(session)
    assert comes_true(lambda: "eof" in container.output("ls", "/tmp"), within_s=20)
    container.output("rm", "/tmp/eof")


def test_a_client_that_leaves_behind_blocked_input_is_noticed(
    sessions: StreamingSessions, container: Container, watched: ShimWatch
) -> None:
    before = watched.sockets
    session = sessions.open(SpdyCommand, ["sh", "-c", "echo started; exec sleep 66"], stdin=True)
    read_until(session, lambda output: b"started" in output.stdout)
    session.connection.settimeout(1)
    with suppress(TimeoutError):
        session.send("stdin", bytes(64 * MIB))
    vanish(session)
    assert comes_true(lambda: watched.sockets <= before + 4, within_s=30)
    container.execute(["killall", "sleep"])


def test_hundreds_of_sessions_leave_nothing(
    sessions: StreamingSessions, watched: ShimWatch
) -> None:
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
            vanish(session)
    assert watched.has_let_go()
