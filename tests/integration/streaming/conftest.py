"""One pod for all of these tests, and sessions with it over both wires."""

from collections.abc import Iterator

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.shim import Shim
from tests.clients.remotecommand import RemoteCommand, SpdyCommand, WebSocketCommand
from tests.integration.pods import Container, Pod, Pods
from tests.integration.streaming.sessions import StreamingSessions
from tests.integration.streaming.watching import ShimWatch

# Bounds that can be waited for, and that a machine which stands still for a second keeps, too.
STRICT = {
    "pending_tokens": 5,
    "token_s": 4,
    "head_s": 2,
    "stream_creation_s": 2,
    "linger_s": 1,
}
WIRES = {"spdy": SpdyCommand, "websocket": WebSocketCommand}


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> type[RemoteCommand]:
    """The client of one wire."""
    return WIRES[request.param]


@pytest.fixture(scope="module")
def module_pods(client: CriClient) -> Iterator[Pods]:
    """Pods that are removed with the module."""
    pods = Pods(client)
    yield pods
    pods.close()


@pytest.fixture(scope="module")
def pod(module_pods: Pods) -> Pod:
    """A pod that the module's tests share."""
    return module_pods.run()


@pytest.fixture(scope="module")
def container(pod: Pod) -> Container:
    """A container that does nothing by itself; orphans find a parent in its first process."""
    return pod.start(["sh", "-c", "while :; do sleep 3600 & wait; done"])


@pytest.fixture(scope="module")
def sessions(client: CriClient, container: Container) -> StreamingSessions:
    """Opens sessions with the container."""
    return StreamingSessions(client, container.id)


@pytest.fixture(scope="module")
def strict(dockerd: Dockerd, container: Container) -> Iterator[StreamingSessions]:
    """Sessions of a second shim, with the bounds of `STRICT`."""
    flags = [f"--streaming-limit={name}={value}" for name, value in STRICT.items()]
    with (
        Shim(dockerd, namespaces.PRIVATE / "strict", flags=flags) as shim,
        CriClient(shim.url) as client,
    ):
        yield StreamingSessions(client, container.id)


@pytest.fixture
def watched(shim: Shim) -> ShimWatch:
    """What the shim holds now, to be compared with later."""
    return ShimWatch(shim.program.pid)


@pytest.fixture
def pod_of_its_own(pods: Pods) -> Container:
    """A container that a test may end."""
    return pods.run().start()


@pytest.fixture(scope="session")
def sized_after(engine: Engine) -> str:
    """How long a terminal may take to have its size: none at all from Docker 23 on; in s."""
    return "0" if int(engine.version.split(".")[0]) >= 23 else "1"
