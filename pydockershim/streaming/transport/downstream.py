"""The client's connection on the event loop: reading, writing, backpressure and graceful close.

- When the socket does not accept everything, all sources of output are paused until it has. The
  package's docstring draws this.
- The connection is never closed with unread input in it: the kernel would send a reset, and the
  client might lose output that it has not read yet.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Hashable
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Protocol, cast

from pydockershim.streaming.codec import Buffer, Codec, ProtocolError
from pydockershim.streaming.transport.socket_writer import SocketWriter
from pydockershim.streaming.websocket.tunnel import Tunnel

_TCP_CLOSED = {7, 8}  # TCP_CLOSE and TCP_CLOSE_WAIT in the kernel's tcp_states.h
_MAX_CLOSE_S = 15 * 60.0
_INT = struct.Struct("i")


class PausableSource(Protocol):
    """A connection whose output goes to the client."""

    def pause_reading(self) -> None:
        """Stop reading output."""

    def resume_reading(self) -> None:
        """Continue to read output."""


class Downstream(asyncio.BufferedProtocol):
    """One client.

    All connections of the event loop read into the same `buffer`: a receiver copies what it keeps.
    The owner sets `receiver`, which gets the client's bytes, and `on_end`, which is called once:
    when the client has disconnected, or when the server ends the session for `end_reason`.
    """

    def __init__(
        self,
        *,
        buffer: memoryview,
        max_unsent_bytes: int,
        on_connected: Callable[["Downstream"], None],
    ) -> None:
        self.buffer = buffer
        self.receiver: Callable[[Buffer], None] = _drop
        self.on_end: Callable[[], object] = _nothing
        self.end_reason = ""
        self.last_received_s = self.last_payload_s = asyncio.get_running_loop().time()
        self._sources: dict[PausableSource, None] = {}
        self._loop = asyncio.get_running_loop()
        self._max_unsent_bytes = max_unsent_bytes
        self._on_connected = on_connected
        self._client_left = asyncio.Event()
        self._connection_lost = asyncio.Event()
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._holders: set[Hashable] = set()
        self._tunnel: Tunnel | None = None
        self._transport: asyncio.Transport
        self._writer: SocketWriter

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set up the connection."""
        self._transport = cast("asyncio.Transport", transport)
        # Not 0: with TLS, asyncio would then pause the sources even if the client keeps up.
        self._transport.set_write_buffer_limits(high=1)
        self._writer = SocketWriter(self._transport)
        _tune(transport.get_extra_info("socket"))
        self._on_connected(self)

    def get_buffer(self, _size: int) -> memoryview:
        """Return the buffer for the next read."""
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        """Pass what was read to the receiver."""
        self._receive(self.buffer[:size])

    def _receive(self, data: Buffer) -> None:
        self.last_received_s = self._loop.time()
        try:
            if self._tunnel is None:
                self.receiver(data)
            else:
                self.receiver(self._tunnel.unwrap(data))
                self.write([])
                if self._tunnel.peer_left:
                    self.on_client_disconnected()
        except ProtocolError as error:
            self.end_reason = str(error)
            self.receiver = _drop
            self.on_client_disconnected()

    def eof_received(self) -> bool:
        """COMPAT(kubelet): its proxy closes both directions together, so the client is gone."""
        self.on_client_disconnected()
        return self._transport.can_write_eof()

    def connection_lost(self, _error: Exception | None) -> None:
        """Report that the client is gone."""
        self._connection_lost.set()
        self._flushed.set()
        self.on_client_disconnected()

    def pause_writing(self) -> None:
        """Pause all sources: the client does not keep up."""
        self._flushed.clear()
        for source in self._sources:
            source.pause_reading()

    def resume_writing(self) -> None:
        """Resume all sources."""
        self._flushed.set()
        for source in self._sources:
            source.resume_reading()

    # Called by the owner, the session and its upstreams.

    @property
    def unsent_bytes(self) -> int:
        """What is buffered because the socket did not accept it."""
        return self._transport.get_write_buffer_size()

    def use_tunnel(self, tunnel: Tunnel) -> None:
        """Tunnel everything that is sent and received from now on."""
        self._tunnel = tunnel

    def write(self, pieces: list[Buffer]) -> None:
        """Send pieces; the caller may reuse them. Dropped if the connection is closing."""
        if self._tunnel is not None:
            pieces = self._tunnel.wrap(pieces)
        if not pieces or self._transport.is_closing():
            return
        self._writer.write(pieces)
        if self.unsent_bytes > self._max_unsent_bytes:
            self.end_reason = "the client does not read the replies that it requests"
            self._transport.abort()

    def flush(self, codec: Codec) -> None:
        """Send and clear the outgoing bytes of a codec."""
        if codec.outgoing:
            self.write(codec.outgoing)
            codec.outgoing.clear()

    def hold(self, holder: Hashable) -> None:
        """Pause reading from the client until every holder has called `release`."""
        self._holders.add(holder)
        self._transport.pause_reading()

    def release(self, holder: Hashable) -> None:
        """Remove a hold; without any other, resume reading from the client."""
        self._holders.discard(holder)
        if not self._holders:
            self._transport.resume_reading()

    def add_source(self, source: PausableSource) -> None:
        """Pause and resume this source with the client from now on."""
        self._sources[source] = None
        if not self._flushed.is_set():
            source.pause_reading()

    def remove_source(self, source: PausableSource) -> None:
        """Remove a source, if it is one."""
        self._sources.pop(source, None)

    def note_payload(self, source: PausableSource) -> None:
        """Record payload of a source. It moves to the end of the order in which sources resume."""
        self.last_payload_s = self._loop.time()
        if source in self._sources:
            self._sources[source] = self._sources.pop(source)

    def on_client_disconnected(self) -> None:
        """Notify the owner; anything that the client still sends is not waited for."""
        self._client_left.set()
        self._notify_owner()

    def end_session(self, reason: str) -> None:
        """Notify the owner that the session must end; it may report the reason to the client."""
        self.end_reason = reason
        self._notify_owner()

    def start_receiving(self, receiver: Callable[[Buffer], None], leftover: bytes) -> None:
        """Pass all further bytes to a receiver, starting with `leftover`, which was read before."""
        self.receiver = receiver
        self._holders.clear()
        self._transport.resume_reading()
        if leftover:
            self._receive(leftover)

    def check_alive(self, *, idle_s: float, data_idle_s: float | None) -> None:
        """End the session of a client that is idle, or that disconnected while it is held."""
        now_s = self._loop.time()
        is_idle = now_s - max(self.last_received_s, self.last_payload_s) > idle_s
        if data_idle_s is not None and now_s - self.last_payload_s > data_idle_s:
            is_idle = True
        if self._holders and not self._connection_lost.is_set() and self._is_closed_by_peer():
            self.on_client_disconnected()
        elif is_idle:
            self.end_session("the connection was idle for too long")

    async def close_gracefully(self, codec: Codec | None, *, linger_s: float) -> None:
        """Send everything that is buffered, close the session and then the connection.

        Give up when the client makes no progress for `linger_s`.
        """
        self.on_end = _nothing
        self._holders.clear()
        self._transport.resume_reading()
        if (
            await self._wait_while_progressing(self._flushed, linger_s)
            and not self._connection_lost.is_set()
        ):
            if codec is not None:
                await self._wait_while_progressing(self._client_left, linger_s)
                self._close_session(codec)
            if self._transport.can_write_eof() and not self._transport.is_closing():
                with suppress(OSError):  # the client has reset the connection
                    self._transport.write_eof()
                await self._wait_while_progressing(self._client_left, linger_s)
            self._transport.close()
            await _is_set_within(linger_s, self._connection_lost)
        self._transport.abort()

    def abort(self) -> None:
        """Close immediately."""
        self._transport.abort()

    def _notify_owner(self) -> None:
        on_end, self.on_end = self.on_end, _nothing
        on_end()

    def _close_session(self, codec: Codec) -> None:
        codec.close()
        self.flush(codec)
        if self._tunnel is not None and not self._transport.is_closing():
            self._writer.write(self._tunnel.close())
        # Nothing may be written after this: anything that still arrives gets no reply.
        self.receiver, self._tunnel = _drop, None

    async def _wait_while_progressing(self, event: asyncio.Event, linger_s: float) -> bool:
        """Wait for an event while the client acknowledges data; False if it stops doing so."""
        deadline_s = self._loop.time() + _MAX_CLOSE_S
        unacknowledged = self._unacknowledged_bytes
        while not await _is_set_within(linger_s, event):
            if self._unacknowledged_bytes >= unacknowledged or self._loop.time() > deadline_s:
                return False
            unacknowledged = self._unacknowledged_bytes
        return True

    @property
    def _unacknowledged_bytes(self) -> int:
        """What the client's host has not acknowledged, including the kernel's send buffer.

        That holds megabytes and accepts more only when a third is free, so `unsent_bytes` alone may
        not change for a long time.
        """
        if self._connection_lost.is_set():
            return 0
        sock: socket.socket = self._transport.get_extra_info("socket")
        queued: int = _INT.unpack(ioctl(sock, TIOCOUTQ, bytes(_INT.size)))[0]
        return self.unsent_bytes + queued

    def _is_closed_by_peer(self) -> bool:
        sock: socket.socket = self._transport.get_extra_info("socket")
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _TCP_CLOSED


async def _is_set_within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _tune(sock: socket.socket) -> None:
    """Send small frames without delay, and detect a dead client host within a minute."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _drop(_data: Buffer) -> None:
    pass


def _nothing() -> None:
    pass
