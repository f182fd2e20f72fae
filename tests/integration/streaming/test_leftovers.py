"""However a session ends, nothing of it is left: no task, no connection, no descriptor.

The server runs in the test's own process, where all of that can be counted.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.engine import Engine
from pydockershim.streaming.stream_requests import StdStreams
from pydockershim.streaming.streaming_server import StreamingServer
from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.transport.upstream import Upstream
from tests.bed.dockerd import Dockerd
from tests.clients import http, spdy
from tests.clients.http import Refused
from tests.clients.portforward import PortForward
from tests.clients.remotecommand import (
    RemoteCommand,
    SpdyCommand,
    read_to_end,
    read_until,
    vanish,
)
from tests.clients.spdy import SpdyClient
from tests.clients.websocket import CLOSE, WebSocketClient
from tests.integration.pods import Container, Pod
from tests.integration.streaming.watching import comes_true

ClientClass = type[RemoteCommand]

_OUTPUTS = {"stdout", "stderr"}


class InsideServer:
    """A server whose inside is visible, and the URLs that it gives for one pod."""

    def __init__(self, engine: Engine, container_id: str, sandbox_id: str) -> None:
        # A URL is refused thousands of times before it is used.
        self.server = StreamingServer(
            engine=engine,
            bind=("127.0.0.1", 0),
            certificate=None,
            limits=StreamingLimits(token_s=600),
        )
        self.engine = engine
        self.container_id = container_id
        self.sandbox_id = sandbox_id
        self.pid = engine.containers.inspect(sandbox_id)["State"]["Pid"]

    def exec_url(self, *command: str, container_id: str = "", tty: bool = False) -> str:
        """Return the URL of a command with all its streams."""
        streams = StdStreams(tty=tty, stdin=True, stdout=True, stderr=not tty)
        return self.server.exec_url(
            container_id=container_id or self.container_id, command=command, streams=streams
        )

    def attach_url(self) -> str:
        """Return the URL of the container's own process, which says nothing."""
        streams = StdStreams(tty=False, stdin=False, stdout=True, stderr=True)
        return self.server.attach_url(container_id=self.container_id, streams=streams)

    def port_forward_url(self) -> str:
        """Return a URL that reaches the pod's ports."""
        return self.server.port_forward_url(sandbox_id=self.sandbox_id, pid=self.pid, ports=[9])

    @property
    def held(self) -> tuple[int, int, int]:
        """Count its tasks, its connections, and all descriptors of the process."""
        self.engine.close()  # only what is idle: how many calls were made at once does not matter
        gc.collect()
        ends = [each for each in gc.get_objects() if issubclass(type(each), Downstream | Upstream)]
        tasks = asyncio.all_tasks(self.server._loop)
        return len(tasks), len(ends), len([*Path("/proc/self/fd").iterdir()])


@pytest.fixture(scope="module")
def inside(dockerd: Dockerd, pod: Pod, container: Container) -> Iterator[InsideServer]:
    """A server of the test's own."""
    with closing(Engine(str(dockerd.socket))) as engine:
        inside = InsideServer(engine, container.id, pod.id)
        inside.server.start()
        yield inside
        inside.server.stop()


def _runs_to_its_end(inside: InsideServer, wire: ClientClass) -> None:
    read_to_end(_begin(wire, inside.exec_url("true")))


def _is_killed_before_its_streams(inside: InsideServer, _wire: ClientClass) -> None:
    client = SpdyClient(inside.exec_url("true"))
    client.open(streamtype="error")
    client.connection.close()


def _is_killed_within_the_head(inside: InsideServer, _wire: ClientClass) -> None:
    with closing(http.connect(inside.exec_url("true"))) as link:
        link.sendall(b"POST /exec/")


def _is_killed_at_the_start(inside: InsideServer, wire: ClientClass) -> None:
    vanish(_begin(wire, inside.exec_url("sleep", "1")))


def _is_killed_in_a_terminal(inside: InsideServer, wire: ClientClass) -> None:
    channels = {"stdin", "stdout", "resize"}
    session = wire(inside.exec_url("sh", tty=True), channels)  # type: ignore[call-arg]
    read_until(session, lambda output: b"#" in output.stdout)
    vanish(session)


def _is_killed_while_nothing_is_read(inside: InsideServer, wire: ClientClass) -> None:
    session = _begin(wire, inside.exec_url("sleep", "3"))
    session.connection.settimeout(0.2)
    with suppress(TimeoutError):
        session.send("stdin", bytes(1 << 25))
    vanish(session)


def _is_killed_in_a_silent_attach(inside: InsideServer, wire: ClientClass) -> None:
    vanish(wire(inside.attach_url(), _OUTPUTS))  # type: ignore[call-arg]


def _breaks_the_rules(inside: InsideServer, wire: ClientClass) -> None:
    session = _begin(wire, inside.exec_url("cat"))
    session.connection.sendall(bytes(range(128, 256)) * 10)
    http.wait_closed(session.connection)


def _is_refused(inside: InsideServer, _wire: ClientClass) -> None:
    for client in (SpdyClient, WebSocketClient):
        with suppress(Refused):
            client(inside.exec_url("true"), protocols=["unknown"])


def _asks_for_what_cannot_start(inside: InsideServer, wire: ClientClass) -> None:
    read_to_end(_begin(wire, inside.exec_url("true", container_id="nosuch")))
    read_to_end(_begin(wire, inside.exec_url("nosuch")))


def _is_killed_with_connections(inside: InsideServer, _wire: ClientClass) -> None:
    forward = PortForward(inside.port_forward_url())
    forward.read_to_end(forward.open(9))
    forward.client.open(streamtype="error", port="9", requestid="half")
    common = {"port": "9", "requestid": "late"}
    for kind in ("error", "data"):
        forward.client.open_unanswered(streamtype=kind, **common)
    forward.client.connection.close()


def _is_killed_in_a_tunnel(inside: InsideServer, _wire: ClientClass) -> None:
    protocols = ["SPDY/3.1+portforward.k8s.io"]
    WebSocketClient(inside.port_forward_url(), protocols=protocols).link.close()


def _ends_all_its_ports(inside: InsideServer, _wire: ClientClass) -> None:
    client = WebSocketClient(inside.port_forward_url(), protocols=["v4.channel.k8s.io"])
    while (message := client.read()) is not None and message.opcode != CLOSE:
        pass
    client.close()


_ENDS: dict[str, Callable[[InsideServer, ClientClass], None]] = {
    function.__name__.strip("_"): function
    for function in (
        _runs_to_its_end,
        _is_killed_before_its_streams,
        _is_killed_within_the_head,
        _is_killed_at_the_start,
        _is_killed_in_a_terminal,
        _is_killed_while_nothing_is_read,
        _is_killed_in_a_silent_attach,
        _breaks_the_rules,
        _is_refused,
        _asks_for_what_cannot_start,
        _is_killed_with_connections,
        _is_killed_in_a_tunnel,
        _ends_all_its_ports,
    )
}


@pytest.mark.parametrize("end", _ENDS.values(), ids=_ENDS)
def test_nothing_is_left_of_a_client_that(
    inside: InsideServer, wire: ClientClass, end: Callable[[InsideServer, ClientClass], None]
) -> None:
    _runs_to_its_end(inside, wire)
    assert comes_true(lambda: inside.held[:2] == (2, 0), within_s=30)
    before = inside.held

    end(inside, wire)
    end(inside, wire)

    # The two tasks are the server's own.
    assert comes_true(lambda: inside.held[:2] == (2, 0), within_s=30), inside.held
    assert comes_true(lambda: inside.held[2] <= before[2], within_s=15), (before, inside.held)


@pytest.mark.parametrize(
    "count",
    [300, pytest.param(10_000, marks=[pytest.mark.endurance, pytest.mark.timeout(600)])],
)
def test_nothing_is_left_of_refused_upgrades(inside: InsideServer, count: int) -> None:
    url = inside.exec_url("true")
    for _ in range(count):
        with pytest.raises(Refused):
            WebSocketClient(url, protocols=["unknown"])
    assert comes_true(lambda: inside.held[:2] == (2, 0), within_s=30), inside.held
    session = SpdyCommand(url, {"stdin", *_OUTPUTS}, protocols=spdy.REMOTE_COMMAND)
    assert read_to_end(session).exit_code == 0


def _begin(wire: ClientClass, url: str) -> RemoteCommand:
    return wire(url, {"stdin", *_OUTPUTS})  # type: ignore[call-arg]
