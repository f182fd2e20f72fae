"""A session between a client and a process in a container: exec and attach.

- The process is started when the client has opened all channels. Input that comes earlier waits.
- The session ends when the process has ended and its output has; the client is told in this order:
  the ends of stdout, stderr and stdin, the status, the end of the error channel.
- A slow client slows the process. Docker gives the output of a process that has ended two seconds
  to be read, so from then on it is read at once, whatever the client does.
- It also ends with the container, three seconds later: Docker may never end the streams.
- When the client goes, its connection to the process goes; `Process.abandon` does the rest.
"""

import asyncio
from contextlib import suppress
from functools import partial

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from pydockershim.errors import ShimError, Unavailable, Unknown
from pydockershim.streaming.far_end import FarEnd
from pydockershim.streaming.link import Link
from pydockershim.streaming.negotiation import Protocol, Wire
from pydockershim.streaming.process import End, Process
from pydockershim.streaming.remotecommand import status
from pydockershim.streaming.remotecommand.channels import (
    Channel,
    ChannelEvent,
    Channels,
    Ended,
    Received,
)
from pydockershim.streaming.remotecommand.resize import ResizeDecoder, TerminalSize
from pydockershim.streaming.wire import Buffer, Codec, PeerLeft, WireError

# A terminal's size comes right behind its channel; so long the first prompt waits for it.
_FIRST_SIZE_S = 0.05
# From a container's end to that of its streams; Docker takes two seconds.
_DRAINED_S = 3.0

_CHANNELS = {
    StreamName.STDIN: Channel.STDOUT,
    StreamName.STDOUT: Channel.STDOUT,
    StreamName.STDERR: Channel.STDERR,
}


class CommandSession:
    """One exec or attach, from the upgrade to the end."""

    def __init__(
        self,
        link: Link,
        channels: Channels,
        process: Process,
        protocol: Protocol,
        limits: StreamingLimits,
    ) -> None:
        self._link = link
        self._channels = channels
        self._process = process
        self._protocol = protocol
        self._limits = limits
        self._complete = asyncio.Event()
        self._demultiplexer = Demultiplexer()
        self._resizes = ResizeDecoder()
        self._size: TerminalSize | None = None
        self._resized = asyncio.Event()
        self._output_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # COMPAT(client-go): over WebSocket it gives up when its pings are not answered, so they are
        # still read when the process does not take its input.
        waits = protocol.wire is Wire.WEBSOCKET
        self._far_end = FarEnd(
            link,
            on_output=self._on_output,
            on_ended=partial(self._on_output_ended, None),
            on_lost=self._on_output_ended,
            max_input_bytes=limits.inbox_bytes if waits else limits.input_bytes,
            max_drain_bytes=limits.drain_bytes,
        )

    @property
    def codec(self) -> Codec:
        """What says good-bye in the client's protocol."""
        return self._channels

    def received(self, data: Buffer) -> None:
        """Take bytes of the client; WireError when it breaks the protocol."""
        stdin: list[Buffer] = []
        others: list[ChannelEvent] = []
        for event in self._channels.feed(data):
            if isinstance(event, Received) and event.channel is Channel.STDIN:
                stdin += event.pieces
            else:
                others.append(event)
        if stdin:
            self._far_end.write(stdin)
        for event in others:
            self._on_event(event)
        self._link.flush(self._channels)
        if self._channels.is_complete:
            self._complete.set()

    async def run(self) -> None:
        """Serve until the end; TimeoutError when the client does not open its channels.

        Cancelled when the client has gone, or when the link says why it is to go.
        """
        self.received(b"")
        async with asyncio.timeout(self._limits.stream_creation_s):
            await self._complete.wait()
        try:
            end = await self._run_process()
        except ShimError as error:
            end = self._failed(str(error))
        except asyncio.CancelledError:
            if self._link.reason:  # silence would be success
                self._tell(self._failed(f"the session was ended: {self._link.reason}"))
            with suppress(ShimError):
                await self._process.abandon()
            raise
        finally:
            self._far_end.abort()
        self._tell(end)

    async def _run_process(self) -> End:
        """Start the process and see it through to its end."""
        await self._first_size()
        hijacked = await self._process.start(self._size)
        link, leftover = hijacked.detach()
        await self._far_end.connect(link, leftover)
        patience = asyncio.timeout(None)
        followers = [
            asyncio.create_task(self._follow_size()),
            asyncio.create_task(self._drain_at_end()),
            asyncio.create_task(self._end_with_container(patience)),
        ]
        try:
            async with patience:
                await self._output_ended
                return await self._process.end(as_json=self._protocol.json_status)
        except TimeoutError as error:
            raise Unknown("the container ended, and the command with it") from error
        finally:
            for follower in followers:
                follower.cancel()

    async def _first_size(self) -> None:
        """Wait a moment for the size of the client's terminal, for the sake of the first prompt."""
        if self._process.has_tty and self._protocol.resize:
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_SIZE_S):
                    await self._resized.wait()

    async def _follow_size(self) -> None:
        """Set each size that is still the newest when the one before it is set."""
        while True:
            await self._resized.wait()
            self._resized.clear()
            if self._size is not None:
                with suppress(ShimError):  # the process has ended
                    await self._process.resize(self._size)

    async def _drain_at_end(self) -> None:
        await self._far_end.throttled.wait()
        await self._process.ended()
        self._far_end.drain()

    async def _end_with_container(self, patience: asyncio.Timeout) -> None:
        """Let the session's patience end some time after the container.

        COMPAT(dockerd 20.10): where a pod shares its processes, the stream of a command that died
        with its container never ends, and an inspect says for ever that it runs.
        """
        await asyncio.sleep(_DRAINED_S)  # most sessions are shorter, and need no inspect
        await self._process.container_ended()
        patience.reschedule(asyncio.get_running_loop().time() + _DRAINED_S)

    def _failed(self, message: str) -> End:
        return End(b"", status.of_error(message, as_json=self._protocol.json_status))

    def _tell(self, end: End) -> None:
        """Tell the client how it ended."""
        self._show(end.held_output)
        for channel in (Channel.STDOUT, Channel.STDERR, Channel.STDIN):
            self._channels.finish(channel)
        if end.status:
            self._channels.send(Channel.ERROR, end.status)
        self._channels.finish(Channel.ERROR)
        self._link.flush(self._channels)

    def _on_output(self, data: Buffer) -> None:
        try:
            self._show(self._process.shown(data))
        except Unavailable as error:
            self._on_output_ended(error)

    def _show(self, output: Buffer) -> None:
        """Send raw output to the client; Unavailable when the engine says that it broke."""
        if self._process.has_tty:
            self._channels.send(Channel.STDOUT, output)
        else:
            for name, piece in self._demultiplexer.feed(output):
                if name is StreamName.SYSTEM:
                    raise Unavailable(
                        f"the engine broke the stream: {str(piece, 'utf-8', 'replace')}"
                    )
                self._channels.send(_CHANNELS[name], piece)
        self._link.flush(self._channels)

    def _on_output_ended(self, error: Exception | None) -> None:
        if self._output_ended.done():
            return
        if error is None and self._demultiplexer.is_between_frames:
            self._output_ended.set_result(None)
        else:
            reason = error or "it ended too early"
            self._output_ended.set_exception(
                Unavailable(f"the stream of the process broke: {reason}")
            )

    def _on_event(self, event: ChannelEvent) -> None:
        match event:
            case Received(Channel.RESIZE, pieces):
                self._on_resize(b"".join(pieces))
            case Ended(Channel.STDIN):
                self._end_input()
            case PeerLeft():
                self._link.client_left()

    def _end_input(self) -> None:
        if keys := self._process.eof_keys:
            self._far_end.write([keys])
        else:
            self._far_end.write_eof()

    def _on_resize(self, payload: bytes) -> None:
        try:
            size = self._resizes.feed(payload)
        except WireError:
            self._channels.refuse(Channel.RESIZE)
            return
        if size is not None:
            self._size = size
            self._resized.set()
