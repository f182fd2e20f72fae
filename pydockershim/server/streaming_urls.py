"""Exec, Attach and PortForward: checked against the view, answered with a single-use URL."""

from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.containers.preconditions import require_ready, require_running
from pydockershim.streaming.stream_requests import StdStreams
from pydockershim.streaming.streaming_server import StreamingServer
from pydockershim.view.view import View


@dataclass(frozen=True)
class StreamingUrls:
    """Turns the three requests into what the streaming server takes: plain data."""

    view: View
    server: StreamingServer

    def exec(self, request: cri.ExecRequest) -> cri.ExecResponse:
        """Return where to run a command in a running container."""
        container = require_running(self.view, request.container_id)
        url = self.server.exec_url(
            container_id=container.id, command=list(request.cmd), streams=_streams(request)
        )
        return cri.ExecResponse(url=url)

    def attach(self, request: cri.AttachRequest) -> cri.AttachResponse:
        """Return where to join the streams of a running container."""
        container = require_running(self.view, request.container_id)
        url = self.server.attach_url(container_id=container.id, streams=_streams(request))
        return cri.AttachResponse(url=url)

    def port_forward(self, request: cri.PortForwardRequest) -> cri.PortForwardResponse:
        """Return where to reach the ports of a READY sandbox."""
        sandbox = self.view.sandbox(request.pod_sandbox_id)
        require_ready(sandbox)
        url = self.server.port_forward_url(
            sandbox_id=sandbox.id, pid=sandbox.pid, ports=list(request.port)
        )
        return cri.PortForwardResponse(url=url)


def _streams(request: cri.ExecRequest | cri.AttachRequest) -> StdStreams:
    return StdStreams(
        tty=request.tty, stdin=request.stdin, stdout=request.stdout, stderr=request.stderr
    )
