"""What a command session needs of a process: that of an exec, or a container's main process."""

from typing import NamedTuple, Protocol

from pydockershim.engine.hijack import Hijacked
from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.remotecommand.resize import TerminalSize


class ProcessResult(NamedTuple):
    """Output that was held back from the client, and the content of the error channel."""

    held_output: bytes
    status: bytes


class RemoteProcess(Protocol):
    """The process of an exec or attach session.

    `eof_keys`, if any, are typed instead of closing stdin.
    """

    container_id: str
    has_tty: bool
    eof_keys: bytes

    async def start(self, size: TerminalSize | None) -> Hijacked:
        """Start or attach, and return the connection: multiplexed unless it `has_tty`."""

    async def resize(self, size: TerminalSize) -> None:
        """Set the terminal size."""

    def visible_output(self, output: Buffer) -> Buffer:
        """Return the part of the raw output that the client may see now."""

    async def wait_exit(self) -> None:
        """Return when the process has exited or may have; more output may follow."""

    async def wait_container_exit(self) -> None:
        """Return when the container has exited, and every process in it."""

    async def result(self, *, as_json: bool) -> ProcessResult:
        """Return the result; called after the end of the output."""

    async def client_disconnected(self) -> None:
        """Leave or hang up the process of a client that has disconnected."""
