"""A client's connection on the event loop: its bytes in and out, its pace, and an orderly end.

- What the client does not take is not read from the other end either: with the first byte that the
  socket refuses, all sources are paused, until everything has gone.
- A connection is never closed with unread input in it, because the kernel would answer with a reset
  and the client might lose what it has not read yet.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Hashable
from contextlib import suppress
from fcntl import ioctl
from termios import TIOCOUTQ
from typing import Protocol, cast

from pydockershim.streaming.outlet import Outlet
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.wire import Buffer, Codec, WireError

_TCP_ENDED = {7, 8}  # TCP_CLOSE and TCP_CLOSE_WAIT of the kernel's tcp_states.h
_LONGEST_FINISH_S = 15 * 60.0
_INT = struct.Struct("i")


class Source(Protocol):
    """Where output for the client comes from."""

    def pause(self) -> None:
        """Read no more."""

    def resume(self) -> None:
        """Read on."""


class Link(asyncio.BufferedProtocol):
    """One client.

    `buffer` takes the bytes of all connections of the event loop in turn: whoever is given them
    copies what is to last. The owner sets `receiver`, which gets the client's bytes, and `on_end`,
    which is called once when the client has gone, or when we give it up for some `reason`.
    """

    def __init__(
        self, *, buffer: memoryview, max_unsent_bytes: int, on_made: Callable[["Link"], None]
    ) -> None:
        self.buffer = buffer
        self.receiver: Callable[[Buffer], None] = _drop
        self.on_end: Callable[[], object] = _nothing
        self.reason = ""
        self.heard_s = self.moved_s = asyncio.get_running_loop().time()
        self._sources: dict[Source, None] = {}
        self._loop = asyncio.get_running_loop()
        self._max_unsent_bytes = max_unsent_bytes
        self._on_made = on_made
        self._left = asyncio.Event()
        self._lost = asyncio.Event()
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._holders: set[Hashable] = set()
        self._tunnel: Tunnel | None = None
        self._transport: asyncio.Transport
        self._outlet: Outlet

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        # Not 0: the event loop's TLS would pause the sources of a client that takes everything.
        self._transport.set_write_buffer_limits(high=1)
        self._outlet = Outlet(self._transport)
        _tune(transport.get_extra_info("socket"))
        self._on_made(self)

    def get_buffer(self, _size: int) -> memoryview:
        """Return where to put the client's bytes."""
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        """Pass the client's bytes on."""
        self._receive(self.buffer[:size])

    def _receive(self, data: Buffer) -> None:
        self.heard_s = self._loop.time()
        try:
            if self._tunnel is None:
                self.receiver(data)
            else:
                self.receiver(self._tunnel.unwrap(data))
                self.write([])
                if self._tunnel.peer_left:
                    self.client_left()
        except WireError as error:
            self.reason = str(error)
            self.receiver = _drop
            self.client_left()

    def eof_received(self) -> bool:
        """COMPAT(kubelet): its proxy ends both directions with either, so the client has gone."""
        self.client_left()
        return self._transport.can_write_eof()

    def connection_lost(self, _error: Exception | None) -> None:
        """End."""
        self._lost.set()
        self._flushed.set()
        self.client_left()

    def pause_writing(self) -> None:
        """Stop the sources, because the client does not keep up."""
        self._flushed.clear()
        for source in self._sources:
            source.pause()

    def resume_writing(self) -> None:
        """Let the sources go on."""
        self._flushed.set()
        for source in self._sources:
            source.resume()

    # What the session calls.

    @property
    def unsent_bytes(self) -> int:
        """What the socket has not taken yet."""
        return self._transport.get_write_buffer_size()

    def use_tunnel(self, tunnel: Tunnel) -> None:
        """Put another protocol around all that is sent and received from now on."""
        self._tunnel = tunnel

    def write(self, pieces: list[Buffer]) -> None:
        """Send pieces, which may change afterwards; dropped when the client has gone."""
        if self._tunnel is not None:
            pieces = self._tunnel.wrap(pieces)
        if not pieces or self._transport.is_closing():
            return
        self._outlet.write(pieces)
        if self.unsent_bytes > self._max_unsent_bytes:
            self.reason = "the client asks for answers and does not read them"
            self._transport.abort()

    def flush(self, codec: Codec) -> None:
        """Send what a codec has to say."""
        if codec.outgoing:
            self.write(codec.outgoing)
            codec.outgoing.clear()

    def hold(self, holder: Hashable) -> None:
        """Read nothing from the client until every holder has released it."""
        self._holders.add(holder)
        self._transport.pause_reading()

    def release(self, holder: Hashable) -> None:
        """Take one holder's hold away."""
        self._holders.discard(holder)
        if not self._holders:
            self._transport.resume_reading()

    def add_source(self, source: Source) -> None:
        """Make a source keep the client's pace."""
        self._sources[source] = None
        if not self._flushed.is_set():
            source.pause()

    def remove_source(self, source: Source) -> None:
        """Forget a source; fine if it is none."""
        self._sources.pop(source, None)

    def moved(self, source: Source) -> None:
        """Note payload of a source. It is now the last in turn to be read after a pause."""
        self.moved_s = self._loop.time()
        if source in self._sources:
            self._sources[source] = self._sources.pop(source)

    def client_left(self) -> None:
        """Tell the owner; what the client still sends is not waited for."""
        self._left.set()
        self._tell_owner()

    def give_up(self, reason: str) -> None:
        """Tell the owner that the session is to end, which its client may be told."""
        self.reason = reason
        self._tell_owner()

    def begin(self, receiver: Callable[[Buffer], None], leftover: bytes) -> None:
        """Pass all further bytes to a receiver, beginning with some that were read already."""
        self.receiver = receiver
        self._holders.clear()
        self._transport.resume_reading()
        if leftover:
            self._receive(leftover)

    def check(self, *, idle_s: float, data_idle_s: float | None) -> None:
        """Give up a client that does nothing, or that has gone while nothing is read from it."""
        now_s = self._loop.time()
        is_idle = now_s - max(self.heard_s, self.moved_s) > idle_s
        if data_idle_s is not None and now_s - self.moved_s > data_idle_s:
            is_idle = True
        if self._holders and not self._lost.is_set() and self._has_ended():
            self.client_left()
        elif is_idle:
            self.give_up("nothing happened for too long")

    async def finish(self, codec: Codec | None, *, linger_s: float) -> None:
        """Let the client have everything, say good-bye, and close without a reset.

        The client is waited for as long as it takes something every `linger_s`.
        """
        self.on_end = _nothing
        self._holders.clear()
        self._transport.resume_reading()
        if await self._patiently(self._flushed, linger_s) and not self._lost.is_set():
            if codec is not None:
                await self._patiently(self._left, linger_s)
                self._say_goodbye(codec)
            if self._transport.can_write_eof() and not self._transport.is_closing():
                with suppress(OSError):  # the client has reset it
                    self._transport.write_eof()
                await self._patiently(self._left, linger_s)
            self._transport.close()
            await _within(linger_s, self._lost)
        self._transport.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _tell_owner(self) -> None:
        on_end, self.on_end = self.on_end, _nothing
        on_end()

    def _say_goodbye(self, codec: Codec) -> None:
        codec.close()
        self.flush(codec)
        if self._tunnel is not None and not self._transport.is_closing():
            self._outlet.write(self._tunnel.close())
        # Nothing may be written behind the end of our side: what still comes is not answered.
        self.receiver, self._tunnel = _drop, None

    async def _patiently(self, event: asyncio.Event, patience_s: float) -> bool:
        """Wait for an event while the client takes something now and then; False: it came not."""
        end_s = self._loop.time() + _LONGEST_FINISH_S
        undelivered = self._undelivered_bytes
        while not await _within(patience_s, event):
            if self._undelivered_bytes >= undelivered or self._loop.time() > end_s:
                return False
            undelivered = self._undelivered_bytes
        return True

    @property
    def _undelivered_bytes(self) -> int:
        """What the client's host has not confirmed yet.

        The kernel's part counts: it has megabytes of room, and takes more when a third is free.
        """
        if self._lost.is_set():
            return 0
        link: socket.socket = self._transport.get_extra_info("socket")
        queued: int = _INT.unpack(ioctl(link, TIOCOUTQ, bytes(_INT.size)))[0]
        return self.unsent_bytes + queued

    def _has_ended(self) -> bool:
        link: socket.socket = self._transport.get_extra_info("socket")
        return link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _TCP_ENDED


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


def _tune(link: socket.socket) -> None:
    """Send small frames at once, and find out within a minute that a client's host has gone."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def _drop(_data: Buffer) -> None:
    pass


def _nothing() -> None:
    pass
