"""What a procedure needs of a pod network, whichever kind it is."""

from typing import Protocol

from pydockershim.dockerapi import ContainerInspect


class PodNetwork(Protocol):
    """One kind of pod network.

    `kind` is what a sandbox's record remembers, `mode` the Docker network mode of a pause container
    that is not on the host's network, `publishes_ports` whether Docker binds its host ports.
    """

    kind: str
    mode: str
    publishes_ports: bool

    def attach(self, inspect: ContainerInspect) -> None:
        """Give the started pause container its network; an error leaves nothing behind."""

    def detach(self, sandbox_id: str) -> None:
        """Take the network away; safe to repeat, also when the pause container has died."""

    def unready_reason(self) -> str | None:
        """Return why no pod could get a network now, or None."""
