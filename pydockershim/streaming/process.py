"""What a session needs of a process in a container, be it an exec or the container's own."""

from typing import NamedTuple, Protocol

from pydockershim.engine.hijack import Hijacked
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.wire import Buffer


class End(NamedTuple):
    """How it ended: output that the client has not been shown, and what the error channel says."""

    held_output: bytes
    status: bytes


class Process(Protocol):
    """The other end of an exec or attach session.

    `eof_keys` are sent in place of the end of the input, if there are any.
    """

    container_id: str
    has_tty: bool
    eof_keys: bytes

    async def start(self, size: TerminalSize | None) -> Hijacked:
        """Begin, and return its streams: multiplexed unless it `has_tty`."""

    async def resize(self, size: TerminalSize) -> None:
        """Set its terminal's size."""

    def shown(self, output: Buffer) -> Buffer:
        """Return what the client may see of the raw output, now."""

    async def ended(self) -> None:
        """Return when the process has ended or may have; its output may still be on its way."""

    async def container_ended(self) -> None:
        """Return when the container has ended, and nothing in it can go on."""

    async def end(self, *, as_json: bool) -> End:
        """Return how it ended, once its output has."""

    async def abandon(self) -> None:
        """Do what is due to a process whose client has gone."""
