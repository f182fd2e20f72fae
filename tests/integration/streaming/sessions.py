"""Opens sessions: asks the shim for a URL and has a client use it."""

from collections.abc import Sequence
from typing import Any

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.clients.remotecommand import Output, RemoteCommand, read_to_end


class StreamingSessions:
    """Sessions with one container."""

    def __init__(self, client: CriClient, container_id: str) -> None:
        self.client = client
        self.container_id = container_id

    def exec_url(
        self, command: Sequence[str], *, stdin: bool = False, tty: bool = False, **streams: bool
    ) -> str:
        """Return the URL of a command, by default with its outputs and no input."""
        wanted = {"stdout": True, "stderr": not tty, **streams}
        request = cri.ExecRequest(
            container_id=self.container_id, cmd=command, stdin=stdin, tty=tty, **wanted
        )
        return self.client.call(request, cri.ExecResponse).url

    def open(
        self,
        wire: type[RemoteCommand],
        command: Sequence[str],
        *,
        stdin: bool = False,
        tty: bool = False,
        **options: Any,
    ) -> RemoteCommand:
        """Begin a command."""
        url = self.exec_url(command, stdin=stdin, tty=tty)
        return wire(url, _channels(stdin=stdin, tty=tty), **options)  # type: ignore[call-arg]

    def run(
        self, wire: type[RemoteCommand], command: Sequence[str], stdin: bytes | None = None
    ) -> Output:
        """Run a command to its end, with all of its input sent first."""
        session = self.open(wire, command, stdin=stdin is not None)
        if stdin is not None:
            session.send("stdin", stdin)
            session.finish("stdin")
        return read_to_end(session)

    def attach(
        self,
        wire: type[RemoteCommand],
        *,
        stdin: bool = False,
        tty: bool = False,
        container_id: str = "",
    ) -> RemoteCommand:
        """Join a container's streams."""
        request = cri.AttachRequest(
            container_id=container_id or self.container_id,
            stdin=stdin,
            stdout=True,
            stderr=not tty,
            tty=tty,
        )
        url = self.client.call(request, cri.AttachResponse).url
        return wire(url, _channels(stdin=stdin, tty=tty))  # type: ignore[call-arg]

    def port_forward_url(self, sandbox_id: str, *ports: int) -> str:
        """Return the URL of a port-forward."""
        request = cri.PortForwardRequest(pod_sandbox_id=sandbox_id, port=ports)
        return self.client.call(request, cri.PortForwardResponse).url


def _channels(*, stdin: bool, tty: bool) -> set[str]:
    last = {"resize"} if tty else {"stderr"}
    return {"stdout", *last, *(["stdin"] if stdin else [])}
