"""The other end of a stream on the event loop: a process's hijacked connection, or a pod's port."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from pydockershim.streaming.link import Link
from pydockershim.streaming.outlet import Outlet
from pydockershim.streaming.wire import Buffer

_SO_SNDBUFFORCE = 32  # asm-generic/socket.h; for root, beyond net.core.wmem_max
_SEND_BUFFER_BYTES = 1024 * 1024
# What is read at once, and may have to wait for a client that does not take it.
_OUTPUT_BYTES = 256 * 1024
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for 0 s


class FarEnd(asyncio.BufferedProtocol):
    """Where a client's input goes and its output comes from; each keeps the pace of the other.

    `on_output` gets the output; `on_ended` is called when no more will come, while input may still
    be written; `on_lost` when the connection is over, with what broke it. What is written before
    there is a connection waits for it.
    """

    def __init__(
        self,
        link: Link,
        *,
        on_output: Callable[[Buffer], None],
        on_ended: Callable[[], None],
        on_lost: Callable[[Exception | None], None],
        max_input_bytes: int,
        max_drain_bytes: int,
    ) -> None:
        self.throttled = asyncio.Event()
        self._link = link
        self._on_output = on_output
        self._on_ended = on_ended
        self._on_lost = on_lost
        self._max_input_bytes = max_input_bytes
        self._max_drain_bytes = max_drain_bytes
        self._transport: asyncio.Transport | None = None
        self._outlet: Outlet
        self._is_draining = False
        self._is_aborted = False
        self._early: list[Buffer] = []
        self._early_bytes = 0
        self._early_eof = False
        self._leftover = b""

    async def connect(self, connection: socket.socket, leftover: bytes = b"") -> None:
        """Use a connected socket, of which some bytes have been read already."""
        connection.settimeout(0)
        if connection.family == socket.AF_UNIX:
            _widen(connection)
        self._leftover = leftover
        await asyncio.get_running_loop().create_connection(lambda: self, sock=connection)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, with the input that has come before."""
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(high=self._max_input_bytes)
        self._outlet = Outlet(transport)
        self._link.release(self)
        if self._early:
            self.write(self._early)
            self._early.clear()
        if self._early_eof:
            self.write_eof()
        self._link.add_source(self)
        if self._leftover:
            self._receive(self._leftover)
            self._leftover = b""

    def get_buffer(self, _size: int) -> memoryview:
        """Return where to put the output."""
        return self._link.buffer[:_OUTPUT_BYTES]

    def buffer_updated(self, size: int) -> None:
        """Pass output on."""
        self._receive(self._link.buffer[:size])

    def _receive(self, data: Buffer) -> None:
        self._link.moved(self)
        self._on_output(data)
        if self._is_draining and self._link.unsent_bytes > self._max_drain_bytes:
            self._connected.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection for input."""
        self._on_ended()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """End, with the output that came before it broke."""
        if error is not None and not self._is_aborted:
            self._receive_rest()
        self._link.remove_source(self)
        self._link.release(self)
        self._on_lost(error)

    def _receive_rest(self) -> None:
        """Read what has come already: a write that fails ends the connection, read or not."""
        descriptor = self._connected.get_extra_info("socket").fileno()
        with suppress(OSError):
            while self._link.unsent_bytes <= self._max_drain_bytes and (
                size := os.readv(descriptor, [self.get_buffer(-1)])
            ):
                self.buffer_updated(size)

    def pause_writing(self) -> None:
        """Take no more from the client, because its input is not read."""
        self._link.hold(self)

    def resume_writing(self) -> None:
        """Take more from the client."""
        self._link.release(self)

    # What the client's link calls.

    def pause(self) -> None:
        """Read no more output, because the client does not."""
        self.throttled.set()
        if not self._is_draining:
            self._connected.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._connected.resume_reading()

    # What the session calls.

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Pass input on, in pieces that may change afterwards; dropped when nobody reads it."""
        if self._is_aborted:
            return
        self._link.moved(self)
        if self._transport is None:
            self._early += map(bytes, pieces)
            self._early_bytes += sum(map(len, pieces))
            if self._early_bytes > self._max_input_bytes:
                self._link.hold(self)
        else:
            self._outlet.write(pieces)

    def write_eof(self) -> None:
        """End the input, behind what is still to be written."""
        if self._transport is None:
            self._early_eof = True
        elif not self._transport.is_closing():
            with suppress(OSError):  # it has been reset, which the event loop is about to tell
                self._transport.write_eof()

    def drain(self) -> None:
        """Read what is left of the output now, however slow the client is."""
        self._is_draining = True
        self._connected.resume_reading()

    def close(self) -> None:
        """End the connection behind what is still to be written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self, *, reset: bool = False) -> None:
        """End the connection now; with `reset` the other side sees that it was not the plan.

        If there is none yet, none is waited for any more.
        """
        self._is_aborted = True
        if self._transport is None:
            self._early.clear()
            self._link.release(self)
            return
        if reset:
            link: socket.socket = self._transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._transport.abort()

    @property
    def _connected(self) -> asyncio.Transport:
        assert self._transport is not None  # noqa: S101 -- whoever is a source is connected
        return self._transport


def _widen(connection: socket.socket) -> None:
    """Have the kernel take a whole read's worth of input at once; TCP does so by itself."""
    with suppress(PermissionError):
        connection.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER_BYTES)
