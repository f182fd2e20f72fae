"""Which network a pod has: the one chosen by flag for a new pod, later the one in its record."""

import logging

from pydockershim.dockerapi import ContainerInspect
from pydockershim.labels.record import SandboxRecord
from pydockershim.network.docker_bridge import docker_addresses
from pydockershim.network.interface import Addresses, AttachedNetwork, PodNetwork

logger = logging.getLogger(__name__)


class Networks:
    """Every kind of pod network that this version can set up; new pods get the `chosen` one."""

    def __init__(self, chosen: PodNetwork, *others: PodNetwork) -> None:
        self.chosen = chosen
        self._by_kind: dict[str, PodNetwork] = {each.kind: each for each in (chosen, *others)}

    def of(self, record: SandboxRecord) -> AttachedNetwork:
        """Return the network of an existing pod."""
        return self._by_kind.get(record.network) or _UnknownNetwork()

    def addresses_of(self, inspect: ContainerInspect, record: SandboxRecord) -> Addresses:
        """Return the addresses of an existing pod."""
        return self.of(record).addresses(inspect)


class _UnknownNetwork:
    """The network of a pod whose record names no kind, or one that this version does not have.

    COMPAT(cri-dockerd): its pods have no record; most of them are on Docker's bridge.
    """

    def addresses(self, inspect: ContainerInspect) -> Addresses:
        """Return the addresses that Docker reports."""
        return docker_addresses(inspect)

    def detach(self, sandbox_id: str, *, pid: int, record: SandboxRecord) -> None:
        """Only log what Docker cleans up: a pod of an unknown kind must still be removable.

        Warn once, when the pod is stopped; the kubelet repeats StopPodSandbox.
        """
        kind = f"kind {record.network!r}" if record.network else "no recorded kind"
        logger.log(
            logging.WARNING if pid else logging.DEBUG,
            "sandbox %s has a pod network of %s: Docker removes what Docker set up; "
            "what a network plugin set up must be removed by the runtime that created the pod",
            sandbox_id,
            kind,
        )
