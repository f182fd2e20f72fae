"""A second kind of pod network, which only takes notes."""

from typing import ClassVar

from pydockershim.dockerapi import ContainerInspect
from pydockershim.labels.record import SandboxRecord
from pydockershim.network.interface import Addresses, PodNetworkRequest


class OtherNetwork:
    """Remembers which sandboxes were detached, and with which pid."""

    ADDRESSES: ClassVar[Addresses] = ("10.99.0.1",)
    kind = "other"
    mode = "none"
    publishes_ports = False

    def __init__(self) -> None:
        self.detached: list[tuple[str, int, str]] = []

    def attach(self, request: PodNetworkRequest) -> Addresses:  # noqa: ARG002
        """Return the addresses."""
        return self.ADDRESSES

    def addresses(self, inspect: ContainerInspect) -> Addresses:  # noqa: ARG002
        """Return the addresses."""
        return self.ADDRESSES

    def detach(self, sandbox_id: str, *, pid: int, record: SandboxRecord) -> None:
        """Note it."""
        self.detached.append((sandbox_id, pid, record.name))

    def unready_reason(self) -> str | None:
        """Always ready."""
        return None
