"""An engine that goes under sessions: those that need it end at once, with an error."""

import itertools
import signal
from contextlib import closing

import pytest

from tests.bed.dockerd import Dockerd
from tests.clients.portforward import PortForward
from tests.clients.remotecommand import SpdyCommand, read_to_end, read_until
from tests.integration.pods import Container, Pod
from tests.integration.streaming.conftest import WIRES
from tests.integration.streaming.servers import ECHO, serving
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch
from tests.waiting import eventually

pytestmark = pytest.mark.engine

_STARTED = ["sh", "-c", "echo started; exec sleep 55"]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
def test_commands_end_and_new_ones_begin(
    sessions: StreamingSessions,
    container: Container,
    dockerd: Dockerd,
    watched: ShimWatch,
    signal_number: int,
) -> None:
    begun = [
        sessions.open(wire, _STARTED, tty=tty)
        for wire, tty in itertools.product(WIRES.values(), (False, True))
    ]
    for session in begun:
        read_until(session, lambda output: b"started" in output.stdout)

    with dockerd.down(signal_number):
        statuses = [read_to_end(session).status for session in begun]

    assert [status["status"] for status in statuses] == len(begun) * ["Failure"]
    eventually(lambda: sessions.run(SpdyCommand, ["echo", "again"]).stdout == b"again\n")
    assert watched.has_let_go(spare=len(begun))
    container.execute(["killall", "sleep"])


def test_connections_into_a_pod_go_on(
    sessions: StreamingSessions, pod: Pod, dockerd: Dockerd
) -> None:
    pid = dockerd.api.inspect_container(pod.id)["State"]["Pid"]
    with (
        serving(pid),
        closing(PortForward(sessions.port_forward_url(pod.id))) as forward,
    ):
        connection = forward.open(ECHO)
        with dockerd.down(signal.SIGKILL):
            forward.send(connection, b"still here")
            forward.finish(connection)

            assert forward.read_to_end(connection) == b"still here"
    eventually(lambda: sessions.port_forward_url(pod.id))
