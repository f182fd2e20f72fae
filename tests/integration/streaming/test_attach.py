"""Attach: joining a container's own process, and leaving it running."""

import pytest

from pydockershim.api import runtime_v1 as cri
from tests.clients.remotecommand import RemoteCommand, SpdyCommand, read_to_end, read_until
from tests.clients.websocket import WebSocketClient
from tests.integration.pods import Pods
from tests.integration.streaming.sessions import StreamingSessions

pytestmark = pytest.mark.engine

ClientClass = type[RemoteCommand]

_ECHO = ["sh", "-c", "while read line; do echo got $line; echo err $line >&2; done; exec sleep 99"]
# Says something all the time until it is told something, so that a client sees that it has joined.
_TICK = ["sh", "-c", "while ! read -t 1 line; do echo tick; done; echo got $line; exec sleep 99"]


def test_input_and_output_of_the_containers_own_process(
    sessions: StreamingSessions, pods: Pods, wire: ClientClass
) -> None:
    container = pods.run().start(_ECHO, stdin=True)
    session = sessions.attach(wire, stdin=True, container_id=container.id)

    session.send("stdin", b"one\ntwo\n")
    output = read_until(
        session, lambda output: b"two\n" in output.stdout and b"two\n" in output.stderr
    )

    assert (output.stdout, output.stderr) == (b"got one\ngot two\n", b"err one\nerr two\n")
    session.close()


def test_a_client_that_leaves_leaves_the_process(
    sessions: StreamingSessions, pods: Pods, wire: ClientClass
) -> None:
    container = pods.run().start(_ECHO, stdin=True)
    for line in (b"one", b"two"):
        session = sessions.attach(wire, stdin=True, container_id=container.id)
        session.send("stdin", line + b"\n")
        read_until(session, lambda output, line=line: b"got " + line in output.stdout)  # type: ignore[misc]
        session.close()
    assert container.status.finished_at == 0


def test_with_stdin_once_the_end_of_the_input_reaches_the_process(
    sessions: StreamingSessions, pods: Pods, wire: ClientClass
) -> None:
    container = pods.run().start(
        ["sh", "-c", "cat; echo the end; exit 3"], stdin=True, stdin_once=True
    )
    session = sessions.attach(wire, stdin=True, container_id=container.id)
    session.send("stdin", b"all\n")
    session.finish("stdin")

    output = read_to_end(session)

    assert output.stdout == b"all\nthe end\n"
    assert output.status["status"] == "Success"


def test_a_terminal_is_the_containers_and_follows_the_client(
    sessions: StreamingSessions, pods: Pods, wire: ClientClass
) -> None:
    container = pods.run().start(
        ["sh", "-c", "while :; do stty size; read -t 1 line && echo got $line; done"],
        stdin=True,
        tty=True,
    )
    session = sessions.attach(wire, stdin=True, tty=True, container_id=container.id)
    session.send("resize", b'{"Width":99,"Height":33}')
    read_until(session, lambda output: b"33 99" in output.stdout)

    session.send("stdin", b"word\n")
    read_until(session, lambda output: b"got word" in output.stdout)
    session.close()


def test_two_clients_see_the_same(sessions: StreamingSessions, pods: Pods) -> None:
    container = pods.run().start(_TICK, stdin=True)
    first = sessions.attach(SpdyCommand, stdin=True, container_id=container.id)
    second = sessions.attach(SpdyCommand, container_id=container.id)
    read_until(second, lambda output: b"tick" in output.stdout)
    first.send("stdin", b"all\n")
    for session in (first, second):
        read_until(session, lambda output: b"got all" in output.stdout)
        session.close()


def test_a_container_that_ends_ends_the_session(
    sessions: StreamingSessions, pods: Pods, wire: ClientClass
) -> None:
    container = pods.run().start(_TICK, stdin=True)
    session = sessions.attach(wire, container_id=container.id)
    read_until(session, lambda output: b"tick" in output.stdout)
    sessions.client.stop_container(container.id)
    assert read_to_end(session).status["status"] == "Success"


@pytest.mark.parametrize("wanted", ["stdout", "stderr"])
def test_only_what_was_asked_for_is_shown(
    sessions: StreamingSessions, pods: Pods, wanted: str
) -> None:
    container = pods.run().start(
        ["sh", "-c", "while :; do echo out; echo err >&2; sleep 0.1; done"]
    )
    request = cri.AttachRequest(container_id=container.id, **{wanted: True})
    url = sessions.client.call(request, cri.AttachResponse).url
    client = WebSocketClient(url, protocols=["v5.channel.k8s.io"])
    numbers = {message.payload[0] for _ in range(6) if (message := client.read())}
    client.close()
    assert numbers == {1 if wanted == "stdout" else 2}
