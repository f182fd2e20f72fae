"""What the procedures and the view need of a pod network of any kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from pydockershim.dockerapi import ContainerInspect
from pydockershim.labels.record import SandboxRecord

Addresses = tuple[str, ...]
"""A pod's IP addresses; the first one is the pod's primary address."""


@dataclass(frozen=True, kw_only=True)
class PortMapping:
    """A host port that leads to a port of the pod.

    `protocol` is `tcp`, `udp` or `sctp`; a `host_port` of 0 means none; an empty `host_ip`
    means all addresses of the host.
    """

    protocol: str
    container_port: int
    host_port: int
    host_ip: str


@dataclass(frozen=True, kw_only=True)
class DnsConfig:
    """The content of the pod's resolv.conf; all empty for the node's own."""

    servers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PodNetworkRequest:
    """A pod to attach to its network; its pause container has just been started.

    `inspect` is Docker's description of that container. `annotations` are the pod's own, such as
    bandwidth limits. `cgroup_parent` is the pod's cgroup as the kubelet sent it, a path in cgroupfs
    style.
    """

    inspect: ContainerInspect
    pod: str
    namespace: str
    uid: str
    annotations: Mapping[str, str]
    port_mappings: tuple[PortMapping, ...]
    dns: DnsConfig
    cgroup_parent: str

    @property
    def sandbox_id(self) -> str:
        """Return the id of the pause container."""
        return self.inspect["Id"]

    @property
    def pid(self) -> int:
        """Return the pid, on this host, of the process that owns the network namespace."""
        return self.inspect["State"]["Pid"]


class AttachedNetwork(Protocol):
    """The network of a pod that has one, whether this version can set up its kind or not."""

    def addresses(self, inspect: ContainerInspect) -> Addresses:
        """Return the pod's addresses, none if it has lost them; reads nothing but local state."""

    def detach(self, sandbox_id: str, *, pid: int, record: SandboxRecord) -> None:
        """Detach the pod; safe to repeat. `pid` is 0 when the pause container has exited."""


class PodNetwork(AttachedNetwork, Protocol):
    """A kind of pod network that this version can set up.

    `kind` is stored in a sandbox's record, `mode` the Docker network mode of a pause container
    that is not on the host's network, `publishes_ports` whether Docker binds its host ports.
    """

    kind: str
    mode: str
    publishes_ports: bool

    def attach(self, request: PodNetworkRequest) -> Addresses:
        """Attach the pod and return its addresses; an error leaves nothing behind."""

    def unready_reason(self) -> str | None:
        """Return why no pod can get a network now, or None."""
