"""Clients that do not keep up: they get everything in the end, cost little, and are never reset."""

import socket
import time

import pytest

from tests.clients import http
from tests.clients.capture import FIN, Ends
from tests.clients.remotecommand import (
    RemoteCommand,
    SpdyCommand,
    WebSocketCommand,
    read_to_end,
    read_until,
    vanish,
)
from tests.integration.pods import Container
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

pytestmark = pytest.mark.engine

ClientClass = type[RemoteCommand]
KIB, MIB = 1024, 1024 * 1024


@pytest.mark.parametrize(
    "rate",
    [
        1000 * KIB,
        pytest.param(100 * KIB, marks=[pytest.mark.endurance, pytest.mark.timeout(300)]),
    ],
)
def test_a_slow_client_gets_everything_of_a_fast_command(
    sessions: StreamingSessions, wire: ClientClass, rate: int
) -> None:
    size = 8 * MIB
    command = ["sh", "-c", f"seq 1000000 2999999 | head -c {size}; exit 7"]
    with Ends() as ends:
        session = sessions.open(wire, command, receive_buffer=64 * KIB)
        ours, theirs = session.connection.getsockname()[1], session.connection.getpeername()[1]
        began_s = time.monotonic()
        _read_at(session, rate)
        _leave(session)
        assert ends.sent(source=theirs, destination=ours) == {FIN}

    lines = b"".join(b"%d\n" % number for number in range(1000000, 2100000))
    assert session.output.stdout == lines[:size]
    assert session.output.exit_code == 7
    assert time.monotonic() - began_s > 0.9 * size / rate


def test_input_that_nobody_read_does_not_reset_the_connection(
    sessions: StreamingSessions, container: Container, wire: ClientClass
) -> None:
    script = "until rm /tmp/go 2>/dev/null; do sleep 0.1; done; echo done"
    with Ends() as ends:
        session = sessions.open(wire, ["sh", "-c", script], stdin=True)
        ours, theirs = session.connection.getsockname()[1], session.connection.getpeername()[1]
        session.connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            session.send("stdin", bytes(64 * MIB))
        session.connection.settimeout(30)
        container.output("touch", "/tmp/go")
        while session.step():
            pass
        _leave(session)
        assert ends.sent(source=theirs, destination=ours) == {FIN}
    assert (session.output.stdout, session.output.exit_code) == (b"done\n", 0)


def test_a_late_client_gets_what_fits_in_dockers_buffers(
    sessions: StreamingSessions, wire: ClientClass
) -> None:
    # From experience: what Docker loses when nobody reads in the two seconds behind the end.
    for size in (1_300_000, 4_000_000):
        session = sessions.open(wire, ["head", "-c", str(size), "/dev/zero"], receive_buffer=4096)
        time.sleep(3.5)
        assert len(read_to_end(session).stdout) == size


def test_a_reader_that_stops_costs_little(
    sessions: StreamingSessions, container: Container, watched: ShimWatch
) -> None:
    before = watched.resident_mib
    stalled = [
        sessions.open(SpdyCommand, ["cat", "/dev/zero"], receive_buffer=4096) for _ in range(20)
    ]
    time.sleep(3)
    assert watched.resident_mib < before + 20 * 0.5
    for session in stalled:
        vanish(session)
    container.execute(["killall", "cat"])


def test_a_client_is_waited_for_while_it_takes_something(strict: StreamingSessions) -> None:
    # A fast beginning makes the kernel's buffer grow. Later on the client takes less in a second,
    # which is all that this shim waits, than makes the kernel take more.
    command = ["head", "-c", str(16 * MIB), "/dev/zero"]
    session = strict.open(WebSocketCommand, command)
    read_until(session, lambda output: len(output.of["stdout"]) > 9 * MIB)
    _read_at(session, 450 * KIB)
    _leave(session)
    assert session.output.stdout == bytes(16 * MIB)
    assert session.output.exit_code == 0


def _read_at(session: RemoteCommand, rate: int) -> None:
    """Read to the end, so many bytes in a second."""
    began_s, had = time.monotonic(), len(session.output.of["stdout"])
    while session.step():
        taken = len(session.output.of["stdout"]) - had
        time.sleep(max(0, taken / rate - (time.monotonic() - began_s)))


def _leave(session: RemoteCommand) -> None:
    """End our side as a program does that takes all that is still to come."""
    session.connection.shutdown(socket.SHUT_WR)
    assert http.wait_closed(session.connection)
