"""Exec and attach: a session between a client and a process in a container.

- The process starts when the client has opened all channels. Earlier input is buffered.
- The session ends when the process has exited and its output has ended. The client then receives,
  in this order: EOF of stdout, stderr and stdin, the status, EOF of the error channel.
- A slow client slows down the process. Docker keeps the output of an exited process for two seconds
  only, so from then on it is read no matter how slow the client is.
- The session also ends three seconds after the container exits: Docker may never end the stream.
- When the client disconnects, the stream is closed; `RemoteProcess.client_disconnected` does the
  rest.
"""

import asyncio
from contextlib import suppress
from functools import partial

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine import exec_facts
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from pydockershim.errors import ShimError, Unavailable
from pydockershim.streaming.codec import Buffer, Codec, PeerLeft, ProtocolError
from pydockershim.streaming.http.negotiation import Framing, Subprotocol
from pydockershim.streaming.remotecommand import exit_status
from pydockershim.streaming.remotecommand.channel_codec import (
    Channel,
    ChannelCodec,
    ChannelData,
    ChannelEnded,
    ChannelEvent,
)
from pydockershim.streaming.remotecommand.resize import ResizeDecoder, TerminalSize
from pydockershim.streaming.sessions.remote_process import ProcessResult, RemoteProcess
from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.transport.upstream import Upstream

# The terminal size follows right after its channel is opened; the process starts without it then.
_FIRST_SIZE_S = 0.05

_CHANNELS = {
    StreamName.STDIN: Channel.STDOUT,
    StreamName.STDOUT: Channel.STDOUT,
    StreamName.STDERR: Channel.STDERR,
}


class CommandSession:
    """One exec or attach, from the upgrade to the end of the session."""

    def __init__(
        self,
        *,
        downstream: Downstream,
        channels: ChannelCodec,
        process: RemoteProcess,
        subprotocol: Subprotocol,
        limits: StreamingLimits,
    ) -> None:
        self._downstream = downstream
        self._channels = channels
        self._process = process
        self._subprotocol = subprotocol
        self._limits = limits
        self._channels_open = asyncio.Event()
        self._demultiplexer = Demultiplexer()
        self._resizes = ResizeDecoder()
        self._size: TerminalSize | None = None
        self._resized = asyncio.Event()
        self._output_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # COMPAT(client-go): over WebSocket it closes the session when its pings get no reply, so
        # reading continues for longer when the process does not read its input.
        is_websocket = subprotocol.framing is Framing.WEBSOCKET
        self._upstream = Upstream(
            downstream=downstream,
            on_output=self._on_output,
            on_eof=partial(self._on_output_ended, None),
            on_lost=self._on_output_ended,
            max_input_bytes=limits.inbox_bytes if is_websocket else limits.input_bytes,
            max_drain_bytes=limits.drain_bytes,
        )

    @property
    def codec(self) -> Codec:
        """The codec that closes the session."""
        return self._channels

    def data_received(self, data: Buffer) -> None:
        """Process bytes from the client; ProtocolError if they are invalid."""
        stdin: list[Buffer] = []
        others: list[ChannelEvent] = []
        for event in self._channels.feed(data):
            if isinstance(event, ChannelData) and event.channel is Channel.STDIN:
                stdin += event.pieces
            else:
                others.append(event)
        if stdin:
            self._upstream.write(stdin)
        for event in others:
            self._on_event(event)
        self._downstream.flush(self._channels)
        if self._channels.is_complete:
            self._channels_open.set()

    async def run(self) -> None:
        """Serve until the end; TimeoutError if the client does not open its channels.

        Cancelled when the client disconnects, or when the server ends the session.
        """
        self.data_received(b"")
        async with asyncio.timeout(self._limits.stream_creation_s):
            await self._channels_open.wait()
        try:
            result = await self._run_process()
        except ShimError as error:
            result = self._failure(str(error))
        except asyncio.CancelledError:
            if self._downstream.end_reason:  # clients take a missing status for success
                self._send_result(
                    self._failure(f"the session ended: {self._downstream.end_reason}")
                )
            with suppress(ShimError):
                await self._process.client_disconnected()
            raise
        finally:
            self._upstream.abort()
        self._send_result(result)

    async def _run_process(self) -> ProcessResult:
        """Start the process and wait for its result."""
        await self._wait_first_size()
        hijacked = await self._process.start(self._size)
        sock, leftover = hijacked.take_socket()
        await self._upstream.connect(sock, leftover)
        exit_timeout = asyncio.timeout(None)
        watchers = [
            asyncio.create_task(self._apply_resizes()),
            asyncio.create_task(self._drain_after_exit()),
            asyncio.create_task(self._end_with_container(exit_timeout)),
        ]
        try:
            async with exit_timeout:
                await self._output_ended
                return await self._process.result(as_json=self._subprotocol.json_status)
        except TimeoutError as error:
            raise exec_facts.container_exited(self._process.container_id) from error
        finally:
            for watcher in watchers:
                watcher.cancel()

    async def _wait_first_size(self) -> None:
        """Wait briefly for the terminal size, so that the first prompt is drawn with it."""
        if self._process.has_tty and self._subprotocol.resize:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_SIZE_S):
                    await self._resized.wait()

    async def _apply_resizes(self) -> None:
        """Set the latest size, one call to the engine at a time."""
        while True:
            await self._resized.wait()
            self._resized.clear()
            if self._size is not None:
                with suppress(ShimError):  # the process has exited
                    await self._process.resize(self._size)

    async def _drain_after_exit(self) -> None:
        await self._upstream.was_paused.wait()
        await self._process.wait_exit()
        self._upstream.drain()

    async def _end_with_container(self, exit_timeout: asyncio.Timeout) -> None:
        """Start the timeout of the session when the container exits; see `DRAINED_S`."""
        await asyncio.sleep(exec_facts.DRAINED_S)  # most sessions are shorter and need no inspect
        await self._process.wait_container_exit()
        exit_timeout.reschedule(asyncio.get_running_loop().time() + exec_facts.DRAINED_S)

    def _failure(self, message: str) -> ProcessResult:
        return ProcessResult(
            b"", exit_status.of_error(message, as_json=self._subprotocol.json_status)
        )

    def _send_result(self, result: ProcessResult) -> None:
        """Send the client the result and the end of every channel."""
        self._send_output(result.held_output)
        for channel in (Channel.STDOUT, Channel.STDERR, Channel.STDIN):
            self._channels.finish(channel)
        if result.status:
            self._channels.send(Channel.ERROR, result.status)
        self._channels.finish(Channel.ERROR)
        self._downstream.flush(self._channels)

    def _on_output(self, data: Buffer) -> None:
        try:
            self._send_output(self._process.visible_output(data))
        except Unavailable as error:
            self._on_output_ended(error)

    def _send_output(self, output: Buffer) -> None:
        """Send raw output to the client; Unavailable if it contains an error of the engine."""
        if self._process.has_tty:
            self._channels.send(Channel.STDOUT, output)
        else:
            for name, piece in self._demultiplexer.feed(output):
                if name is StreamName.SYSTEM:
                    raise Unavailable(
                        f"the engine ended the stream: {str(piece, 'utf-8', 'replace')}"
                    )
                self._channels.send(_CHANNELS[name], piece)
        self._downstream.flush(self._channels)

    def _on_output_ended(self, error: Exception | None) -> None:
        if self._output_ended.done():
            return
        if error is None and self._demultiplexer.is_between_frames:
            self._output_ended.set_result(None)
        else:
            reason = error or "it ended in the middle of a frame"
            self._output_ended.set_exception(
                Unavailable(f"lost connection to the process: {reason}")
            )

    def _on_event(self, event: ChannelEvent) -> None:
        match event:
            case ChannelData(Channel.RESIZE, pieces):
                self._on_resize(b"".join(pieces))
            case ChannelEnded(Channel.STDIN):
                self._close_stdin()
            case PeerLeft():
                self._downstream.on_client_disconnected()

    def _close_stdin(self) -> None:
        if keys := self._process.eof_keys:
            self._upstream.write([keys])
        else:
            self._upstream.write_eof()

    def _on_resize(self, payload: bytes) -> None:
        try:
            size = self._resizes.feed(payload)
        except ProtocolError:
            self._channels.refuse(Channel.RESIZE)
            return
        if size is not None:
            self._size = size
            self._resized.set()
