"""One port-forward that serves for long: it survives what its connections do, and does not grow."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.bed.dockerd import Dockerd
from tests.clients.portforward import PortForward
from tests.integration.pods import Pod, Pods
from tests.integration.streaming.servers import ECHO, serving
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

_PAYLOAD = bytes(range(256)) * 100
_SHORT = [pytest.mark.timeout(300)]
_LONG = [pytest.mark.endurance, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def server_pod(module_pods: Pods, dockerd: Dockerd) -> Iterator[Pod]:
    """A pod with servers on its loopback interface."""
    pod = module_pods.run()
    with serving(dockerd.api.inspect_container(pod.id)["State"]["Pid"]):
        yield pod


@pytest.mark.parametrize(
    ("sequential", "parallel"),
    [pytest.param(3000, 50, marks=_SHORT), pytest.param(50_000, 200, marks=_LONG)],
)
def test_one_session_serves_thousands(
    sessions: StreamingSessions, server_pod: Pod, watched: ShimWatch, sequential: int, parallel: int
) -> None:
    with closing(PortForward(sessions.port_forward_url(server_pod.id))) as forward:
        _echo_at_once(forward, parallel)
        _echo_one_by_one(forward, sequential // 10)
        at_first_mib = watched.resident_mib

        _echo_one_by_one(forward, sequential)
        _echo_at_once(forward, parallel)

        assert watched.resident_mib < 1.05 * at_first_mib
    assert watched.has_let_go(spare=4)


def _echo_one_by_one(forward: PortForward, count: int) -> None:
    for number in range(count):
        connection = forward.open(ECHO)
        forward.send(connection, b"%d" % number)
        forward.finish(connection)
        assert forward.read_to_end(connection) == b"%d" % number


def _echo_at_once(forward: PortForward, count: int) -> None:
    """Use connections at the same time; every other one is reset in the middle."""
    connections = [forward.open(ECHO) for _ in range(count)]
    for connection in connections:
        forward.send(connection, _PAYLOAD)
    for connection in connections[::2]:
        while not connection.received:
            forward.step()
        forward.client.reset(connection.data_stream)
        forward.forget(connection)
    for connection in connections[1::2]:
        forward.finish(connection)
        assert forward.read_to_end(connection) == _PAYLOAD
