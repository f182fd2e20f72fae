"""The request behind a URL, as validated plain data."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydockershim.errors import InvalidArgument

_PORTS = range(1, 65536)
_MAX_PORTS = 127  # over WebSocket each port has two channels, numbered with one byte


@dataclass(frozen=True, kw_only=True)
class StdStreams:
    """The standard streams that the client attaches to."""

    tty: bool
    stdin: bool
    stdout: bool
    stderr: bool

    def __post_init__(self) -> None:
        """Check the rules of the CRI for ExecRequest and AttachRequest."""
        if not (self.stdin or self.stdout or self.stderr):
            raise InvalidArgument("at least one of stdin, stdout and stderr is required")
        if self.tty and self.stderr:
            raise InvalidArgument("tty and stderr exclude each other: a TTY has no separate stderr")


@dataclass(frozen=True, kw_only=True)
class ExecRequest:
    """Run a command in a container."""

    container_id: str
    command: Sequence[str]
    streams: StdStreams

    def __post_init__(self) -> None:
        """Check that there is a command."""
        if not self.command:
            raise InvalidArgument(f"exec in container {self.container_id}: the command is empty")


@dataclass(frozen=True, kw_only=True)
class AttachRequest:
    """Attach to the main process of a container."""

    container_id: str
    streams: StdStreams


@dataclass(frozen=True, kw_only=True)
class PortForwardRequest:
    """Forward connections to ports of a sandbox.

    `pid` is the sandbox's process on this host. `ports` matter only for clients that cannot name
    them in the protocol (v4 over WebSocket).
    """

    sandbox_id: str
    pid: int
    ports: Sequence[int] = ()

    def __post_init__(self) -> None:
        """Check the ports."""
        if len(self.ports) > _MAX_PORTS:
            raise InvalidArgument(
                f"port-forward to sandbox {self.sandbox_id}: {len(self.ports)} ports; "
                f"use at most {_MAX_PORTS}"
            )
        for port in self.ports:
            if port not in _PORTS:
                raise InvalidArgument(f"port {port}: use a number from 1 to 65535")


StreamRequest = ExecRequest | AttachRequest | PortForwardRequest
