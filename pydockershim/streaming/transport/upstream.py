"""The connection to a process (hijacked from Docker) or to a pod's port, on the event loop."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import cast

from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.transport.socket_writer import SocketWriter

_SO_SNDBUFFORCE = 32  # asm-generic/socket.h; for root, beyond net.core.wmem_max
_SEND_BUFFER_BYTES = 1024 * 1024
# Size of one read; that much may have to be buffered for a slow client.
_OUTPUT_BYTES = 256 * 1024
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, for 0 s


class Upstream(asyncio.BufferedProtocol):
    """Takes the client's input and delivers output; both directions have backpressure.

    `on_output` gets the output; `on_eof` is called at its end, when input may still be written;
    `on_lost` is called when the connection is closed, with the error if it broke. Input that is
    written before `connect` is buffered until then.
    """

    def __init__(
        self,
        *,
        downstream: Downstream,
        on_output: Callable[[Buffer], None],
        on_eof: Callable[[], None],
        on_lost: Callable[[Exception | None], None],
        max_input_bytes: int,
        max_drain_bytes: int,
    ) -> None:
        self.was_paused = asyncio.Event()
        self._downstream = downstream
        self._on_output = on_output
        self._on_eof = on_eof
        self._on_lost = on_lost
        self._max_input_bytes = max_input_bytes
        self._max_drain_bytes = max_drain_bytes
        self._transport: asyncio.Transport | None = None
        self._writer: SocketWriter
        self._is_draining = False
        self._is_aborted = False
        self._early: list[Buffer] = []
        self._early_bytes = 0
        self._early_eof = False
        self._leftover = b""

    async def connect(self, sock: socket.socket, leftover: bytes = b"") -> None:
        """Use a connected socket; `leftover` are bytes that were read from it before."""
        sock.settimeout(0)
        if sock.family == socket.AF_UNIX:
            _grow_send_buffer(sock)
        self._leftover = leftover
        await asyncio.get_running_loop().create_connection(lambda: self, sock=sock)

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Write the input that arrived early, and start to deliver output."""
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(high=self._max_input_bytes)
        self._writer = SocketWriter(transport)
        self._downstream.release(self)
        if self._early:
            self.write(self._early)
            self._early.clear()
        if self._early_eof:
            self.write_eof()
        self._downstream.add_source(self)
        if self._leftover:
            self._receive(self._leftover)
            self._leftover = b""

    def get_buffer(self, _size: int) -> memoryview:
        """Return the buffer for the next read."""
        return self._downstream.buffer[:_OUTPUT_BYTES]

    def buffer_updated(self, size: int) -> None:
        """Pass what was read to `on_output`."""
        self._receive(self._downstream.buffer[:size])

    def _receive(self, data: Buffer) -> None:
        self._downstream.note_payload(self)
        self._on_output(data)
        if self._is_draining and self._downstream.unsent_bytes > self._max_drain_bytes:
            self._connected.pause_reading()

    def eof_received(self) -> bool:
        """Keep the connection open for input."""
        self._on_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Deliver the output that arrived before a failure, and report the end."""
        if error is not None and not self._is_aborted:
            self._receive_rest()
        self._downstream.remove_source(self)
        self._downstream.release(self)
        self._on_lost(error)

    def _receive_rest(self) -> None:
        """Read what has arrived: after a failed write asyncio closes the connection unread."""
        descriptor = self._connected.get_extra_info("socket").fileno()
        with suppress(OSError):
            while self._downstream.unsent_bytes <= self._max_drain_bytes and (
                size := os.readv(descriptor, [self.get_buffer(-1)])
            ):
                self.buffer_updated(size)

    def pause_writing(self) -> None:
        """Pause reading from the client: its input is not consumed."""
        self._downstream.hold(self)

    def resume_writing(self) -> None:
        """Resume reading from the client."""
        self._downstream.release(self)

    # Called by the downstream.

    def pause_reading(self) -> None:
        """Stop reading output, because the client does not keep up."""
        self.was_paused.set()
        if not self._is_draining:
            self._connected.pause_reading()

    def resume_reading(self) -> None:
        """Continue to read output."""
        self._connected.resume_reading()

    # Called by the session.

    def write(self, pieces: Sequence[Buffer]) -> None:
        """Send input in pieces; the caller may reuse them. Dropped after `abort`."""
        if self._is_aborted:
            return
        self._downstream.note_payload(self)
        if self._transport is None:
            self._early += map(bytes, pieces)
            self._early_bytes += sum(map(len, pieces))
            if self._early_bytes > self._max_input_bytes:
                self._downstream.hold(self)
        else:
            self._writer.write(pieces)

    def write_eof(self) -> None:
        """End the input after everything that is buffered."""
        if self._transport is None:
            self._early_eof = True
        elif not self._transport.is_closing():
            with suppress(OSError):  # reset by the peer; the event loop is about to report it
                self._transport.write_eof()

    def drain(self) -> None:
        """Read the rest of the output now, no matter how slow the client is."""
        self._is_draining = True
        self._connected.resume_reading()

    def close(self) -> None:
        """Close the connection after everything that is buffered."""
        if self._transport is not None:
            self._transport.close()

    def abort(self, *, reset: bool = False) -> None:
        """Close the connection immediately; with `reset` the peer sees an error, not an EOF.

        Before `connect`, this drops the buffered input.
        """
        self._is_aborted = True
        if self._transport is None:
            self._early.clear()
            self._downstream.release(self)
            return
        if reset:
            sock: socket.socket = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
        self._transport.abort()

    @property
    def _connected(self) -> asyncio.Transport:
        assert self._transport is not None  # noqa: S101 -- the caller is connected
        return self._transport


def _grow_send_buffer(sock: socket.socket) -> None:
    """Let the kernel accept a full read of input at once; TCP does that by itself."""
    with suppress(PermissionError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _SEND_BUFFER_BYTES)
