"""A session between a client and ports of a pod: port-forward.

- Each connection of the client is one in the pod's network namespace, to 127.0.0.1 or else ::1.
- Each direction ends on its own, and a connection with both. What fails is that connection's own
  matter: the session and the others go on.
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
from pydockershim.streaming.blocking import Blocking
from pydockershim.streaming.far_end import FarEnd
from pydockershim.streaming.link import Link
from pydockershim.streaming.portforward.forwards import Ended, Forwards, Opened, Received, Reset
from pydockershim.streaming.requests import PortForwardRequest
from pydockershim.streaming.wire import Buffer, Codec, PeerLeft

# Sockets are made by the threads that all sessions share: one client must not keep them all busy.
_ENTERING_AT_ONCE = 8


@dataclass(slots=True, eq=False)
class _Forward:
    """One connection; forgotten when both of its directions are over."""

    pod: FarEnd
    dial: asyncio.Task[None]
    client_is_done: bool = False
    pod_is_done: bool = False


class ForwardSession:
    """One port-forward, from the upgrade to the end."""

    def __init__(
        self,
        link: Link,
        forwards: Forwards,
        request: PortForwardRequest,
        blocking: Blocking,
        limits: StreamingLimits,
    ) -> None:
        self._link = link
        self._forwards = forwards
        self._request = request
        self._blocking = blocking
        self._limits = limits
        self._live: dict[int, _Forward] = {}
        self._entering = asyncio.Semaphore(_ENTERING_AT_ONCE)
        self._over = asyncio.Event()

    @property
    def codec(self) -> Codec:
        """What says good-bye in the client's protocol."""
        return self._forwards

    def received(self, data: Buffer) -> None:
        """Take bytes of the client; WireError when it breaks the protocol."""
        for event in self._forwards.feed(data):
            match event:
                case Received(forward_id, pieces):
                    if forward := self._live.get(forward_id):
                        forward.pod.write(pieces)
                case Opened(forward_id, port):
                    self._open(forward_id, port)
                case PeerLeft():
                    self._link.client_left()
                case Ended(forward_id):
                    self._on_client_done(forward_id)
                case Reset(forward_id):
                    self._on_reset(forward_id)
        self._flush()

    async def run(self) -> None:
        """Serve until there is nothing more to serve; cancelled when the client has gone."""
        try:
            self.received(b"")
            while not self._over.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._limits.stream_creation_s):
                        await self._over.wait()
                self._forwards.drop_stale()
                self._flush()
            self._forwards.close()
            self._flush()
        finally:
            for forward in tuple(self._live.values()):
                forward.dial.cancel()
                forward.pod.abort()
            self._live.clear()

    def _open(self, forward_id: int, port: int) -> None:
        pod = FarEnd(
            self._link,
            on_output=partial(self._on_output, forward_id),
            on_ended=partial(self._on_pod_done, forward_id),
            on_lost=partial(self._on_lost, forward_id),
            max_input_bytes=self._limits.input_bytes,
            max_drain_bytes=self._limits.drain_bytes,
        )
        dial = asyncio.create_task(self._connect(forward_id, pod, port))
        self._live[forward_id] = _Forward(pod, dial)

    def _on_client_done(self, forward_id: int) -> None:
        if forward := self._live.get(forward_id):
            forward.client_is_done = True
            forward.pod.write_eof()
            self._close_if_over(forward_id, forward)

    def _on_reset(self, forward_id: int) -> None:
        if forward := self._live.pop(forward_id, None):
            forward.dial.cancel()
            forward.pod.abort(reset=True)

    async def _connect(self, forward_id: int, pod: FarEnd, port: int) -> None:
        try:
            connection = await self._dial(port)
        except ShimError as error:
            pod.abort()
            if self._live.pop(forward_id, None):
                self._forwards.fail(forward_id, f"cannot forward to port {port}: {error}")
                self._flush()
        else:
            await pod.connect(connection)

    async def _dial(self, port: int) -> socket.socket:
        """Return a connection to a port in the pod; a ShimError says why there is none."""
        async with self._entering:
            sockets = await self._blocking.acquire(
                sockets_of_container, Sockets.close, self._request.pid, self._request.sandbox_id
            )
        reasons = []
        try:
            for unconnected, host in ((sockets.ipv4, "127.0.0.1"), (sockets.ipv6, "::1")):
                if unconnected is not None:
                    try:
                        return await self._connected(unconnected, host, port)
                    except OSError as error:
                        reasons.append(f"{host}: {_words(error)}")
        finally:
            sockets.close()
        raise Unavailable(", ".join(reasons))

    async def _connected(self, unconnected: socket.socket, host: str, port: int) -> socket.socket:
        """Connect, and return the socket as one of the caller's own."""
        async with asyncio.timeout(self._limits.connect_s):
            await asyncio.get_running_loop().sock_connect(unconnected, (host, port))
        return socket.socket(fileno=unconnected.detach())

    def _on_output(self, forward_id: int, data: Buffer) -> None:
        self._forwards.send(forward_id, data)
        self._flush()

    def _on_pod_done(self, forward_id: int) -> None:
        if forward := self._live.get(forward_id):
            forward.pod_is_done = True
            self._forwards.finish(forward_id)
            self._flush()
            self._close_if_over(forward_id, forward)

    def _on_lost(self, forward_id: int, _error: Exception | None) -> None:
        if self._live.pop(forward_id, None):
            self._forwards.reset(forward_id)
            self._flush()

    def _close_if_over(self, forward_id: int, forward: _Forward) -> None:
        if forward.client_is_done and forward.pod_is_done:
            del self._live[forward_id]
            forward.pod.close()

    def _flush(self) -> None:
        self._link.flush(self._forwards)
        if self._forwards.is_over:
            self._over.set()


def _words(error: OSError) -> str:
    # asyncio puts words of its own into `strerror`.
    return os.strerror(error.errno) if error.errno else "no answer"
