"""A container that ends ends the commands in it, whatever becomes of their streams."""

import itertools
import time

import pytest

from pydockershim.api import runtime_v1 as cri
from tests.clients.remotecommand import read_to_end, read_until
from tests.integration.pods import Container, Pods
from tests.integration.streaming.conftest import WIRES
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

pytestmark = pytest.mark.engine

_SHARED = cri.NamespaceOption(pid="POD")
_COMMANDS = {
    "its output is open": "echo started; exec sleep 333",
    "its output has ended": "echo started; sleep 1; exec sleep 333 >&- 2>&-",
}


@pytest.fixture
def container(pods: Pods) -> Container:
    """A container that sees the processes of its pod: its own first process is not the first."""
    pod_context = cri.LinuxSandboxSecurityContext(namespace_options=_SHARED)
    pod = pods.run(linux=cri.LinuxPodSandboxConfig(security_context=pod_context))
    context = cri.LinuxContainerSecurityContext(namespace_options=_SHARED)
    return pod.start(linux=cri.LinuxContainerConfig(security_context=context))


def test_commands_end_with_their_container(container: Container, watched: ShimWatch) -> None:
    sessions = [
        StreamingSessions(container.client, container.id).open(wire, ["sh", "-c", command], tty=tty)
        for wire, command, tty in itertools.product(
            WIRES.values(), _COMMANDS.values(), (False, True)
        )
    ]
    for session in sessions:
        read_until(session, lambda output: b"started" in output.stdout)
    time.sleep(2)
    container.client.stop_container(container.id)

    statuses = [read_to_end(session).status["status"] for session in sessions]

    assert statuses == len(sessions) * ["Failure"]
    # As many calls to the engine at once leave idle connections; a session has two sockets.
    assert watched.has_let_go(spare=len(sessions))
