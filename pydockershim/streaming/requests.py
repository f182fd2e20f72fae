"""What a URL stands for: the request behind a token, as plain data, and what it must satisfy."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydockershim.errors import InvalidArgument

_PORTS = range(1, 65536)
_MAX_PORTS = 127  # over WebSocket each has two channels, whose number is one byte


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Which channels the client is going to use."""

    tty: bool
    stdin: bool
    stdout: bool
    stderr: bool

    def __post_init__(self) -> None:
        """Check what the CRI asks of ExecRequest and AttachRequest."""
        if not (self.stdin or self.stdout or self.stderr):
            raise InvalidArgument("ask for at least one of stdin, stdout and stderr")
        if self.tty and self.stderr:
            raise InvalidArgument("a TTY has no stderr of its own: ask for tty or stderr, not both")


@dataclass(frozen=True, kw_only=True)
class ExecRequest:
    """Run a command in a container."""

    container_id: str
    command: Sequence[str]
    streams: Streams

    def __post_init__(self) -> None:
        """Check that there is a command."""
        if not self.command:
            raise InvalidArgument(f"no command to run in container {self.container_id}")


@dataclass(frozen=True, kw_only=True)
class AttachRequest:
    """Join the streams of a container's own process."""

    container_id: str
    streams: Streams


@dataclass(frozen=True, kw_only=True)
class PortForwardRequest:
    """Reach ports of a sandbox.

    `pid` is the sandbox's process on this host. `ports` matter only to a client that cannot name
    them itself (v4 over WebSocket).
    """

    sandbox_id: str
    pid: int
    ports: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Check the ports."""
        if len(self.ports) > _MAX_PORTS:
            raise InvalidArgument(f"{len(self.ports)} ports: ask for at most {_MAX_PORTS}")
        for port in self.ports:
            if port not in _PORTS:
                raise InvalidArgument(f"port {port}: use a number from 1 to 65535")


Request = ExecRequest | AttachRequest | PortForwardRequest
