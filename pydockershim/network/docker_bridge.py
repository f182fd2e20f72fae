"""Pods on Docker's own bridge: Docker assigns the address, publishes the ports, and cleans up.

Needs nothing but Docker. Other hosts cannot reach the pods' addresses, so this serves one node.
"""

from ipaddress import ip_address

from pydockershim.dockerapi import ContainerInspect
from pydockershim.errors import FailedPrecondition
from pydockershim.labels.record import SandboxRecord
from pydockershim.network.interface import Addresses, PodNetworkRequest


class DockerBridge:
    """The pod network that Docker itself provides."""

    kind = "docker"
    mode = "bridge"
    publishes_ports = True

    def attach(self, request: PodNetworkRequest) -> Addresses:
        """Return the addresses that Docker assigned at the start; FailedPrecondition without any.

        COMPAT(kubelet): a READY pod without an IP is killed and created again, in a loop.
        """
        found = docker_addresses(request.inspect)
        if not found:
            raise FailedPrecondition(
                f"Docker assigned no address on its bridge to sandbox {request.sandbox_id}; check "
                "the Docker daemon's log, and whether it runs with --bridge=none"
            )
        return found

    def addresses(self, inspect: ContainerInspect) -> Addresses:
        """Return the addresses that Docker reports."""
        return docker_addresses(inspect)

    def detach(self, sandbox_id: str, *, pid: int, record: SandboxRecord) -> None:
        """Do nothing: Docker releases address and ports when the pause container exits."""

    def unready_reason(self) -> str | None:
        """Return None: Docker's bridge exists whenever Docker runs."""
        return None


def docker_addresses(inspect: ContainerInspect) -> Addresses:
    """Return a container's addresses on Docker's networks, IPv4 before IPv6.

    COMPAT(dockerd >= 29): the fields beside `Networks` are gone, so they are not read.
    """
    networks = (inspect["NetworkSettings"].get("Networks") or {}).values()
    found = [
        network[key]
        for network in networks
        for key in ("IPAddress", "GlobalIPv6Address")
        if network.get(key)
    ]
    return tuple(sorted(found, key=lambda address: ip_address(address).version))
