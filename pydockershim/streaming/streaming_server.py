"""The streaming server: hands out URLs, and serves each once, on its own thread.

The facade is thread-safe and takes plain data only. Everything else runs on the event loop.
"""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pydockershim.config.config import flag
from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.engine import Engine
from pydockershim.errors import FailedPrecondition, InvalidArgument
from pydockershim.streaming.connections import Connections
from pydockershim.streaming.http.bind_address import BindAddress
from pydockershim.streaming.sessions.factory import SessionFactory
from pydockershim.streaming.stream_requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    StdStreams,
    StreamRequest,
)
from pydockershim.streaming.tokens import Tokens
from pydockershim.streaming.transport.blocking_calls import BlockingCalls

_BACKLOG = 1024
_STOP_S = 10.0


class StreamingServer:
    """Serves exec, attach and port-forward.

    Args:
        engine: runs the containers.
        bind: the IP address and port to listen on; port 0: the kernel chooses.
        certificate: files with the certificate chain and its key; with them URLs are https.
        limits: see `StreamingLimits`.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        bind: tuple[str, int],
        certificate: tuple[Path, Path] | None,
        limits: StreamingLimits,
    ) -> None:
        self._limits = limits
        self._address = BindAddress(*bind)
        self._tls = _tls(*certificate) if certificate else None
        self._tokens = Tokens(
            capacity=self._limits.pending_tokens,
            ttl_s=self._limits.token_s,
            clock=time.monotonic,
        )
        self._blocking = BlockingCalls(self._limits.engine_calls)
        self._session_factory = SessionFactory(
            engine=engine, blocking=self._blocking, limits=self._limits
        )
        self._base_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="streaming", daemon=True)
        self._listener: socket.socket
        self._stop_requested = asyncio.Event()

    def start(self) -> None:
        """Listen; FailedPrecondition if the address is not available."""
        host, port = self._address.host, self._address.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise FailedPrecondition(
                f"{flag('streaming_address')} {host}:{port}: cannot listen: {error.strerror}"
            ) from error
        scheme = "https" if self._tls else "http"
        self._base_url = self._address.base_url(scheme, self._listener.getsockname()[1])
        self._thread.start()

    def stop(self) -> None:
        """End all sessions gracefully, within seconds."""
        self._loop.call_soon_threadsafe(self._stop_requested.set)
        self._thread.join(_STOP_S)
        self._blocking.close()

    def exec_url(self, *, container_id: str, command: Sequence[str], streams: StdStreams) -> str:
        """Return a URL that runs a command. InvalidArgument, ResourceExhausted (unused URLs)."""
        return self._url(
            "exec", ExecRequest(container_id=container_id, command=command, streams=streams)
        )

    def attach_url(self, *, container_id: str, streams: StdStreams) -> str:
        """Return a URL that attaches to a container. ResourceExhausted (unused URLs)."""
        return self._url("attach", AttachRequest(container_id=container_id, streams=streams))

    def port_forward_url(self, *, sandbox_id: str, pid: int, ports: Sequence[int]) -> str:
        """Return a URL that forwards to ports of the sandbox whose process is `pid` on this host.

        InvalidArgument (invalid port), ResourceExhausted (unused URLs).
        """
        return self._url(
            "portforward", PortForwardRequest(sandbox_id=sandbox_id, pid=pid, ports=ports)
        )

    def _url(self, path: str, request: StreamRequest) -> str:
        return f"{self._base_url}/{path}/{self._tokens.issue(request)}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        connections = Connections(
            session_factory=self._session_factory, tokens=self._tokens, limits=self._limits
        )
        server = await self._loop.create_server(
            connections.accept,
            sock=self._listener,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.head_s if self._tls else None,
        )
        watch = asyncio.create_task(connections.watch())
        await self._stop_requested.wait()
        watch.cancel()
        server.close()
        await connections.close()


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidArgument(
            f"cannot load the streaming certificate {certificate} with key {key}: {error}"
        ) from error
    return context
