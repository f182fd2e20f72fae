"""Port-forward: a session between a client and ports of a pod.

- Each forwarded connection is a TCP connection in the pod's network namespace, to 127.0.0.1 or, if
  that fails, to ::1.
- Each direction ends separately, and the connection with the second one. A connection that fails
  does not affect the session or other connections.
"""

import asyncio
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.errors import ShimError, Unavailable
from pydockershim.host.netns import Sockets, sockets_of_container
from pydockershim.streaming.codec import Buffer, Codec, PeerLeft
from pydockershim.streaming.portforward.forward_codec import (
    ForwardCodec,
    ForwardData,
    ForwardEnded,
    ForwardOpened,
    ForwardReset,
)
from pydockershim.streaming.stream_requests import PortForwardRequest
from pydockershim.streaming.transport.blocking_calls import BlockingCalls
from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.transport.upstream import Upstream

# Sockets are created on the threads of all sessions: one client must not occupy all of them.
_MAX_CREATING_SOCKETS = 8


@dataclass(slots=True, eq=False, kw_only=True)
class _Forward:
    """One connection; removed when both directions have ended."""

    upstream: Upstream
    dial: asyncio.Task[None]
    client_eof: bool = False
    pod_eof: bool = False


class ForwardSession:
    """One port-forward, from the upgrade to the end of the session."""

    def __init__(
        self,
        *,
        downstream: Downstream,
        forwards: ForwardCodec,
        request: PortForwardRequest,
        blocking: BlockingCalls,
        limits: StreamingLimits,
    ) -> None:
        self._downstream = downstream
        self._forwards = forwards
        self._request = request
        self._blocking = blocking
        self._limits = limits
        self._live: dict[int, _Forward] = {}
        self._creating_sockets = asyncio.Semaphore(_MAX_CREATING_SOCKETS)
        self._is_over = asyncio.Event()

    @property
    def codec(self) -> Codec:
        """The codec that closes the session."""
        return self._forwards

    def data_received(self, data: Buffer) -> None:
        """Process bytes from the client; ProtocolError if they are invalid."""
        for event in self._forwards.feed(data):
            match event:
                case ForwardData(forward_id, pieces):
                    if forward := self._live.get(forward_id):
                        forward.upstream.write(pieces)
                case ForwardOpened(forward_id, port):
                    self._open(forward_id, port)
                case PeerLeft():
                    self._downstream.on_client_disconnected()
                case ForwardEnded(forward_id):
                    self._on_client_eof(forward_id)
                case ForwardReset(forward_id):
                    self._on_reset(forward_id)
        self._flush()

    async def run(self) -> None:
        """Serve until no connection can follow; cancelled when the client disconnects."""
        try:
            self.data_received(b"")
            while not self._is_over.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.stream_creation_s):
                        await self._is_over.wait()
                self._forwards.drop_stale()
                self._flush()
            self._forwards.close()
            self._flush()
        finally:
            for forward in tuple(self._live.values()):
                forward.dial.cancel()
                forward.upstream.abort()
            self._live.clear()

    def _open(self, forward_id: int, port: int) -> None:
        upstream = Upstream(
            downstream=self._downstream,
            on_output=partial(self._on_output, forward_id),
            on_eof=partial(self._on_pod_eof, forward_id),
            on_lost=partial(self._on_lost, forward_id),
            max_input_bytes=self._limits.input_bytes,
            max_drain_bytes=self._limits.drain_bytes,
        )
        dial = asyncio.create_task(self._connect(forward_id, upstream, port))
        self._live[forward_id] = _Forward(upstream=upstream, dial=dial)

    def _on_client_eof(self, forward_id: int) -> None:
        if forward := self._live.get(forward_id):
            forward.client_eof = True
            forward.upstream.write_eof()
            self._close_if_over(forward_id, forward)

    def _on_reset(self, forward_id: int) -> None:
        if forward := self._live.pop(forward_id, None):
            forward.dial.cancel()
            forward.upstream.abort(reset=True)

    async def _connect(self, forward_id: int, upstream: Upstream, port: int) -> None:
        try:
            sock = await self._dial(port)
        except ShimError as error:
            upstream.abort()
            if self._live.pop(forward_id, None):
                self._forwards.fail(forward_id, f"cannot forward to port {port}: {error}")
                self._flush()
        else:
            await upstream.connect(sock)

    async def _dial(self, port: int) -> socket.socket:
        """Connect to a port in the pod; a ShimError has the reasons if that fails."""
        async with self._creating_sockets:
            sockets = await self._blocking.acquire(
                sockets_of_container, Sockets.close, self._request.pid, self._request.sandbox_id
            )
        reasons = []
        try:
            for unconnected, host in ((sockets.ipv4, "127.0.0.1"), (sockets.ipv6, "::1")):
                if unconnected is not None:
                    try:
                        return await self._connect_socket(unconnected, host, port)
                    except OSError as error:
                        reasons.append(f"{host}: {_reason(error)}")
        finally:
            sockets.close()
        raise Unavailable(", ".join(reasons))

    async def _connect_socket(
        self, unconnected: socket.socket, host: str, port: int
    ) -> socket.socket:
        """Connect, and return the socket detached from its owner, who closes the others."""
        async with asyncio.timeout(self._limits.connect_s):
            await asyncio.get_running_loop().sock_connect(unconnected, (host, port))
        return socket.socket(fileno=unconnected.detach())

    def _on_output(self, forward_id: int, data: Buffer) -> None:
        self._forwards.send(forward_id, data)
        self._flush()

    def _on_pod_eof(self, forward_id: int) -> None:
        if forward := self._live.get(forward_id):
            forward.pod_eof = True
            self._forwards.finish(forward_id)
            self._flush()
            self._close_if_over(forward_id, forward)

    def _on_lost(self, forward_id: int, _error: Exception | None) -> None:
        if self._live.pop(forward_id, None):
            self._forwards.reset(forward_id)
            self._flush()

    def _close_if_over(self, forward_id: int, forward: _Forward) -> None:
        if forward.client_eof and forward.pod_eof:
            del self._live[forward_id]
            forward.upstream.close()

    def _flush(self) -> None:
        self._downstream.flush(self._forwards)
        if self._forwards.is_over:
            self._is_over.set()


def _reason(error: OSError) -> str:
    # asyncio replaces `strerror` with a text of its own.
    return os.strerror(error.errno) if error.errno else "connection timed out"
