"""A pod's network on Docker's bridge: address, host ports, DNS, hostname, and the host's own."""

import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.bed.dockerd import Dockerd
from tests.integration.pods import Container, Pods

pytestmark = pytest.mark.engine

TCP_ECHO = ("sh", "-c", "while :; do echo hello | nc -l -p 80; done")
HOST_NETWORK = cri.LinuxPodSandboxConfig(
    security_context=cri.LinuxSandboxSecurityContext(
        namespace_options=cri.NamespaceOption(network=cri.NODE)
    )
)


def resolv_conf(container: Container) -> dict[str, list[str]]:
    lines = [line.split() for line in container.output("cat", "/etc/resolv.conf").splitlines()]
    keywords = ("nameserver", "search", "options")
    return {
        keyword: [word for line in lines if line[:1] == [keyword] for word in line[1:]]
        for keyword in keywords
    }


def fetch(host: str, port: int) -> str:
    """Return what a server in a pod says, once it is there."""
    deadline_s = time.monotonic() + 30
    while True:
        with socket.socket() as link:
            link.settimeout(2)
            try:
                link.connect((host, port))
                if answer := link.recv(100):
                    return answer.decode().strip()
            except OSError:
                pass
        assert time.monotonic() < deadline_s, f"{host}:{port} says nothing"
        time.sleep(0.05)


def test_pod_is_reached_by_its_address(pods: Pods) -> None:
    pod = pods.run()
    pod.start(TCP_ECHO)

    assert fetch(pod.status.network.ip, 80) == "hello"


def test_several_host_ports_lead_to_one_container_port(pods: Pods) -> None:
    pod = pods.run(
        port_mappings=[
            cri.PortMapping(container_port=80, host_port=18081),
            cri.PortMapping(container_port=80, host_port=18082, host_ip="127.0.0.1"),
            cri.PortMapping(container_port=80, host_port=0),
        ]
    )
    pod.start(TCP_ECHO)

    assert fetch("127.0.0.1", 18081) == fetch("127.0.0.1", 18082) == "hello"


def test_host_ip_bounds_a_host_port(pods: Pods, dockerd: Dockerd) -> None:
    mapping = cri.PortMapping(container_port=80, host_port=18083, host_ip="127.0.0.1")

    pod = pods.run(port_mappings=[mapping])

    ports = dockerd.api.inspect_container(pod.id)["NetworkSettings"]["Ports"]
    assert ports == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18083"}]}


def test_udp_host_port(pods: Pods) -> None:
    mapping = cri.PortMapping(protocol=cri.UDP, container_port=53, host_port=18084)
    container = pods.run(port_mappings=[mapping]).start()

    deadline_s = time.monotonic() + 30
    while not datagrams_that_arrived(container):
        assert time.monotonic() < deadline_s
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.sendto(b"hello", ("127.0.0.1", 18084))


def datagrams_that_arrived(container: Container) -> int:
    """Return how many have come; nobody listens, so the kernel counts them as without a port."""
    lines = container.output("cat", "/proc/net/snmp").splitlines()
    names, counts = (line.split() for line in lines if line.startswith("Udp:"))
    return int(dict(zip(names, counts, strict=True))["NoPorts"])


def test_host_port_is_free_again_when_the_pod_has_stopped(pods: Pods) -> None:
    mapping = cri.PortMapping(container_port=80, host_port=18085)
    first = pods.run(port_mappings=[mapping])
    pods.client.stop_pod_sandbox(first.id)

    assert pods.run(port_mappings=[mapping]).status.state == cri.SANDBOX_READY


@pytest.mark.parametrize(
    ("servers", "searches", "options"),
    [
        (["10.0.0.10"], ["default.svc.cluster.local", "svc.cluster.local"], ["ndots:5"]),
        (["10.0.0.10", "fd00::10"], [], []),
        (["10.0.0.10"], [], ["edns0", "timeout:2"]),
        ([], ["only.search"], []),
        ([], [], ["ndots:7"]),
    ],
)
def test_dns_config_is_exactly_what_was_asked_for(
    pods: Pods, servers: Sequence[str], searches: Sequence[str], options: Sequence[str]
) -> None:
    dns = cri.DNSConfig(servers=servers, searches=searches, options=options)

    container = pods.run(dns_config=dns).start()

    said = resolv_conf(container)
    assert said == {"nameserver": servers, "search": searches, "options": options}


def test_pod_on_the_host_network(pods: Pods) -> None:
    dns = cri.DNSConfig(servers=["10.0.0.10"], searches=["a.b"], options=["ndots:2"])
    pod = pods.run(hostname="", linux=HOST_NETWORK, dns_config=dns)
    context = cri.LinuxContainerSecurityContext(
        namespace_options=cri.NamespaceOption(network=cri.NODE, pid=cri.CONTAINER)
    )
    container = pod.start(linux=cri.LinuxContainerConfig(security_context=context))

    assert container.output("readlink", "/proc/self/ns/net") == str(
        Path("/proc/self/ns/net").readlink()
    )
    assert container.output("hostname") == socket.gethostname()
    assert resolv_conf(container)["nameserver"] == ["10.0.0.10"]
    status = pod.status
    assert status.network.ip == ""
    assert status.linux.namespaces.options.network == cri.NODE


def test_hostname_is_the_pods_in_every_container(pods: Pods) -> None:
    pod = pods.run(hostname="chosen")

    assert [pod.start(name=name).output("hostname") for name in "ab"] == ["chosen", "chosen"]


@pytest.mark.parametrize(
    "fields",
    [
        {"dns_config": cri.DNSConfig(servers=["10.0.0.1\noptions x"])},
        {"dns_config": cri.DNSConfig(servers=["1.2.3.4"], searches=["a\nnameserver 6.6.6.6"])},
        {"port_mappings": [cri.PortMapping(container_port=80, host_port=1, host_ip="bad")]},
        {"port_mappings": [cri.PortMapping(container_port=80, host_port=99999)]},
        {"hostname": "x" * 65},
    ],
)
def test_bad_network_is_refused_before_anything_is_made(
    pods: Pods, dockerd: Dockerd, fields: dict[str, Any]
) -> None:
    with pytest.raises(CriError) as refused:
        pods.run(**fields)

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert not dockerd.leftovers()
