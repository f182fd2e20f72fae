"""port-forward: connections into a pod, over SPDY, in the tunnel, and over WebSocket."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.clients.portforward import PortForward, SpdyOverWebSocket
from tests.clients.spdy import SpdyClient
from tests.clients.websocket import CLOSE, WebSocketClient
from tests.integration.pods import Pod, Pods
from tests.integration.streaming.servers import (
    DEAF,
    ECHO,
    HASTY,
    IPV6_ONLY,
    LATE,
    RUDE,
    SINK,
    SOURCE,
    SOURCE_BYTES,
    serving,
)
from tests.integration.streaming.sessions import StreamingSessions

pytestmark = pytest.mark.engine

MIB = 1024 * 1024
TRANSPORTS = {"spdy": SpdyClient, "tunnel": SpdyOverWebSocket}


@pytest.fixture(scope="module")
def server_pod(module_pods: Pods, dockerd: Dockerd) -> Iterator[Pod]:
    """A pod with servers on its loopback interface."""
    pod = module_pods.run()
    with serving(_pid(dockerd, pod)):
        yield pod


@pytest.fixture(params=TRANSPORTS)
def forward(
    request: pytest.FixtureRequest, sessions: StreamingSessions, server_pod: Pod
) -> Iterator[PortForward]:
    """A session with the pod."""
    url = sessions.port_forward_url(server_pod.id)
    with closing(PortForward(url, TRANSPORTS[request.param])) as forward:
        yield forward


def test_bytes_go_there_and_back(forward: PortForward) -> None:
    connection = forward.open(ECHO)
    sent = os.urandom(MIB // 4)
    forward.send(connection, sent)
    forward.finish(connection)

    assert forward.read_to_end(connection) == sent
    assert not connection.error


def test_a_reply_behind_the_clients_end_arrives_whole(forward: PortForward) -> None:
    connection = forward.open(LATE)
    forward.send(connection, b"question\n")
    forward.finish(connection)

    assert forward.read_to_end(connection) == b"question\nanswer\n"


def test_megabytes_come_out(forward: PortForward) -> None:
    assert len(forward.read_to_end(forward.open(SOURCE))) == SOURCE_BYTES


def test_megabytes_go_in(forward: PortForward) -> None:
    connection = forward.open(SINK)
    forward.send(connection, bytes(32 * MIB))
    forward.finish(connection)

    assert forward.read_to_end(connection).strip() == str(32 * MIB).encode()


def test_a_port_on_ipv6_only_is_found(forward: PortForward) -> None:
    connection = forward.open(IPV6_ONLY)
    forward.send(connection, b"six")
    forward.finish(connection)
    assert forward.read_to_end(connection) == b"six"


def test_a_refused_port_is_an_error_on_its_connection_only(forward: PortForward) -> None:
    good, bad = forward.open(ECHO), forward.open(9)
    forward.read_to_end(bad)

    assert b"port 9" in bad.error
    assert b"refused" in bad.error
    forward.send(good, b"still here")
    forward.finish(good)
    assert forward.read_to_end(good) == b"still here"


def test_many_connections_at_once(forward: PortForward) -> None:
    connections = [forward.open(ECHO) for _ in range(50)]
    for number, connection in enumerate(connections):
        forward.send(connection, bytes([number]) * 10000)
        forward.finish(connection)
    for number, connection in enumerate(connections):
        assert forward.read_to_end(connection) == bytes([number]) * 10000


def test_connections_that_the_client_resets_harm_no_other(forward: PortForward) -> None:
    for _ in range(20):
        broken = forward.open(SOURCE)
        forward.client.reset(broken.data_stream)
        forward.forget(broken)
    connection = forward.open(ECHO)
    forward.finish(connection)
    assert forward.read_to_end(connection) == b""


def test_a_connection_that_the_pod_resets_is_reset_without_a_word(forward: PortForward) -> None:
    # A word on the error stream makes kubectl end the whole session.
    hasty, other = forward.open(HASTY), forward.open(ECHO)
    forward.send(hasty, b"?")
    forward.read_to_end(hasty)

    assert hasty.reset
    assert not hasty.error
    forward.finish(other)
    assert forward.read_to_end(other) == b""


def test_an_answer_in_the_middle_of_the_question_arrives(forward: PortForward) -> None:
    for _ in range(20):
        connection = forward.open(RUDE)
        forward.send(connection, bytes(MIB))
        assert forward.read_to_end(connection) == b"too large"
        assert connection.reset


def test_input_that_waits_for_a_refused_port_holds_up_no_other(forward: PortForward) -> None:
    bad = forward.open(9, behind=bytes(MIB))
    forward.read_to_end(bad)
    assert b"refused" in bad.error

    good = forward.open(ECHO)
    forward.finish(good)
    assert forward.read_to_end(good) == b""


def test_a_port_that_reads_nothing_is_waited_for(forward: PortForward) -> None:
    deaf = forward.open(DEAF)
    forward.send(deaf, bytes(MIB))
    other = forward.open(ECHO)
    forward.finish(other)
    assert forward.read_to_end(other) == b""


def test_no_program_of_the_node_is_needed(
    dockerd: Dockerd, server_pod: Pod, tmp_path: Path
) -> None:
    with (
        Shim(dockerd, tmp_path, env={"PATH": str(tmp_path)}) as shim,
        CriClient(shim.url) as client,
        closing(
            PortForward(StreamingSessions(client, "").port_forward_url(server_pod.id))
        ) as forward,
    ):
        connection = forward.open(ECHO)
        forward.send(connection, b"alone")
        forward.finish(connection)
        assert forward.read_to_end(connection) == b"alone"


def test_a_pod_on_the_hosts_network(
    sessions: StreamingSessions, pods: Pods, dockerd: Dockerd
) -> None:
    node = cri.NamespaceOption(network="NODE")
    security = cri.LinuxSandboxSecurityContext(namespace_options=node)
    pod = pods.run(linux=cri.LinuxPodSandboxConfig(security_context=security), hostname="")
    with (
        serving(_pid(dockerd, pod)),
        closing(PortForward(sessions.port_forward_url(pod.id))) as forward,
    ):
        connection = forward.open(ECHO)
        forward.send(connection, b"host")
        forward.finish(connection)
        assert forward.read_to_end(connection) == b"host"


def test_a_pod_that_ended_meanwhile_is_an_error_on_the_connection(
    sessions: StreamingSessions, pods: Pods
) -> None:
    pod = pods.run()
    with closing(PortForward(sessions.port_forward_url(pod.id))) as forward:
        sessions.client.stop_pod_sandbox(pod.id)
        connection = forward.open(80)
        forward.read_to_end(connection)
        assert b"is no longer running" in connection.error


def test_over_websocket_each_port_has_its_channels(
    sessions: StreamingSessions, server_pod: Pod
) -> None:
    url = sessions.port_forward_url(server_pod.id, SOURCE, 9)
    client = WebSocketClient(url, protocols=["v4.channel.k8s.io"])
    received = {channel: bytearray() for channel in range(4)}
    while (message := client.read()) is not None and message.opcode != CLOSE:
        received[message.payload[0]] += message.payload[1:]
    client.close()

    assert [received[channel][:2] for channel in range(4)] == [
        port.to_bytes(2, "little") for port in (SOURCE, SOURCE, 9, 9)
    ]
    assert len(received[0]) == 2 + SOURCE_BYTES
    assert received[1][2:] == b""
    assert b"refused" in received[3]
    assert message is not None, "the end is told"


def _pid(dockerd: Dockerd, pod: Pod) -> int:
    pid: int = dockerd.api.inspect_container(pod.id)["State"]["Pid"]
    return pid
