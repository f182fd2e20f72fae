"""Pods on Docker's own bridge: Docker gives the address, publishes the ports, and cleans up.

Needs nothing but Docker. Other hosts do not reach the pods' addresses, so this serves one node.
"""

from pydockershim.dockerapi import ContainerInspect
from pydockershim.errors import FailedPrecondition
from pydockershim.translate.addresses import addresses

KIND = "docker"


class DockerBridge:
    """The pod network that Docker itself provides."""

    kind = KIND
    mode = "bridge"
    publishes_ports = True

    def attach(self, inspect: ContainerInspect) -> None:
        """Make sure that the started pause container has its address; FailedPrecondition if not.

        COMPAT(kubelet): a READY pod without an IP is killed and made anew, over and over.
        """
        if not addresses(inspect):
            raise FailedPrecondition(
                f"Docker gave sandbox {inspect['Id']} no address on its bridge; look at the "
                "daemon's log, and for --bridge=none among its options"
            )

    def detach(self, sandbox_id: str) -> None:
        """Give back what `attach` took: nothing, for Docker does it when the container ends."""

    def unready_reason(self) -> str | None:
        """Return why no pod could get a network now; Docker's bridge is there when Docker is."""
        return None
