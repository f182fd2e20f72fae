"""The streaming server: hands out URLs, and serves each of them once, on a thread of its own.

The facade is for any thread and takes plain data only. Everything else happens on the event loop.
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
from pydockershim.streaming.address import BindAddress
from pydockershim.streaming.blocking import Blocking
from pydockershim.streaming.connections import Connections
from pydockershim.streaming.requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    Request,
    Streams,
)
from pydockershim.streaming.sessions import Sessions
from pydockershim.streaming.tokens import Tokens

_BACKLOG = 1024
_STOP_S = 10.0


class StreamingServer:
    """Serves exec, attach and port-forward.

    Args:
        engine: the engine in which the containers are.
        bind: the IP address and port to listen on; port 0: the kernel chooses.
        certificate: the files of a certificate chain and of its key: then URLs are https.
        limits: the bounds; see there.
    """

    def __init__(
        self,
        engine: Engine,
        *,
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
        self._blocking = Blocking(self._limits.engine_calls)
        self._sessions = Sessions(engine, self._blocking, self._limits)
        self._base_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="streaming", daemon=True)
        self._listening: socket.socket
        self._told_to_stop = asyncio.Event()

    def start(self) -> None:
        """Listen; FailedPrecondition when the address cannot be had."""
        host, port = self._address.host, self._address.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self._listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise FailedPrecondition(
                f"{flag('streaming_address')} {host}:{port}: {error.strerror}"
            ) from error
        scheme = "https" if self._tls else "http"
        self._base_url = self._address.base_url(scheme, self._listening.getsockname()[1])
        self._thread.start()

    def stop(self) -> None:
        """End all sessions, in order but within seconds, and return."""
        self._loop.call_soon_threadsafe(self._told_to_stop.set)
        self._thread.join(_STOP_S)
        self._blocking.close()

    def exec_url(self, *, container_id: str, command: Sequence[str], streams: Streams) -> str:
        """Return a URL that runs a command. InvalidArgument, ResourceExhausted (too many wait)."""
        return self._url(
            "exec", ExecRequest(container_id=container_id, command=command, streams=streams)
        )

    def attach_url(self, *, container_id: str, streams: Streams) -> str:
        """Return a URL that joins a container's streams. ResourceExhausted (too many wait)."""
        return self._url("attach", AttachRequest(container_id=container_id, streams=streams))

    def port_forward_url(self, *, sandbox_id: str, pid: int, ports: Sequence[int]) -> str:
        """Return a URL that reaches ports of a sandbox whose process is `pid` on this host.

        InvalidArgument (a port that is none), ResourceExhausted (too many wait).
        """
        return self._url(
            "portforward", PortForwardRequest(sandbox_id=sandbox_id, pid=pid, ports=ports)
        )

    def _url(self, path: str, request: Request) -> str:
        return f"{self._base_url}/{path}/{self._tokens.issue(request)}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        connections = Connections(self._sessions, self._tokens, self._limits)
        server = await self._loop.create_server(
            connections.accept,
            sock=self._listening,
            ssl=self._tls,
            ssl_handshake_timeout=self._limits.head_s if self._tls else None,
        )
        watch = asyncio.create_task(connections.watch())
        await self._told_to_stop.wait()
        watch.cancel()
        server.close()
        await connections.close()


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InvalidArgument(
            f"the streaming server's certificate {certificate} and key {key}: {error}"
        ) from error
    return context
