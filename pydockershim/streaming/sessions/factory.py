"""Builds the session of a request: its codec, and the process or pod it connects to."""

from typing import Protocol

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.engine import Engine
from pydockershim.streaming.codec import Buffer, Codec
from pydockershim.streaming.http.negotiation import Framing, Subprotocol
from pydockershim.streaming.portforward.forward_codec import ForwardCodec
from pydockershim.streaming.portforward.spdy_forwards import SpdyForwards
from pydockershim.streaming.portforward.websocket_forwards import WebSocketForwards
from pydockershim.streaming.remotecommand.channel_codec import Channel, ChannelCodec
from pydockershim.streaming.remotecommand.spdy_channels import SpdyChannels
from pydockershim.streaming.remotecommand.websocket_channels import WebSocketChannels
from pydockershim.streaming.sessions.attach_process import AttachProcess
from pydockershim.streaming.sessions.command_session import CommandSession
from pydockershim.streaming.sessions.exec_process import ExecProcess
from pydockershim.streaming.sessions.forward_session import ForwardSession
from pydockershim.streaming.sessions.remote_process import RemoteProcess
from pydockershim.streaming.spdy.spdy_connection import SpdyConnection
from pydockershim.streaming.stream_requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    StdStreams,
    StreamRequest,
)
from pydockershim.streaming.transport.blocking_calls import BlockingCalls
from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.websocket.numbered_channels import NumberedChannels
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection


class StreamSession(Protocol):
    """What a client's connection runs after the upgrade."""

    @property
    def codec(self) -> Codec:
        """The codec that closes the session."""

    def data_received(self, data: Buffer) -> None:
        """Process bytes from the client; ProtocolError if they are invalid."""

    async def run(self) -> None:
        """Serve until the end; TimeoutError if the client does not open its streams in time.

        Cancelled when the client disconnects.
        """


class SessionFactory:
    """Creates sessions; all share the engine and the thread pool."""

    def __init__(self, *, engine: Engine, blocking: BlockingCalls, limits: StreamingLimits) -> None:
        self._engine = engine
        self._blocking = blocking
        self._limits = limits

    def create(
        self, *, downstream: Downstream, request: StreamRequest, subprotocol: Subprotocol
    ) -> StreamSession:
        """Return a session for this request; a tunnel is set up on the downstream."""
        if isinstance(request, PortForwardRequest):
            forwards = self._forwards(downstream, request, subprotocol)
            return ForwardSession(
                downstream=downstream,
                forwards=forwards,
                request=request,
                blocking=self._blocking,
                limits=self._limits,
            )
        return CommandSession(
            downstream=downstream,
            channels=self._channels(request.streams, subprotocol),
            process=self._process(request),
            subprotocol=subprotocol,
            limits=self._limits,
        )

    def _process(self, request: ExecRequest | AttachRequest) -> RemoteProcess:
        if isinstance(request, AttachRequest):
            return AttachProcess(engine=self._engine, blocking=self._blocking, request=request)
        return ExecProcess(engine=self._engine, blocking=self._blocking, request=request)

    def _channels(self, streams: StdStreams, subprotocol: Subprotocol) -> ChannelCodec:
        is_expected = {
            Channel.ERROR: True,
            Channel.STDIN: streams.stdin,
            Channel.STDOUT: streams.stdout,
            Channel.STDERR: streams.stderr,
            Channel.RESIZE: streams.tty and subprotocol.resize,
        }
        expected = {channel for channel, expect in is_expected.items() if expect}
        if subprotocol.framing is Framing.SPDY:
            return SpdyChannels(self._spdy(), expected)
        numbered = NumberedChannels(self._websocket(), as_base64=subprotocol.as_base64)
        return WebSocketChannels(
            numbered=numbered, expected=expected, close_signal=subprotocol.close_signal
        )

    def _forwards(
        self, downstream: Downstream, request: PortForwardRequest, subprotocol: Subprotocol
    ) -> ForwardCodec:
        if subprotocol.framing is Framing.WEBSOCKET:
            numbered = NumberedChannels(self._websocket(), as_base64=subprotocol.as_base64)
            return WebSocketForwards(numbered, request.ports)
        if subprotocol.framing is Framing.TUNNEL:
            downstream.use_tunnel(Tunnel(self._websocket()))
        return SpdyForwards(spdy=self._spdy(), second_stream_s=self._limits.stream_creation_s)

    def _spdy(self) -> SpdyConnection:
        return SpdyConnection(
            max_control_bytes=self._limits.frame_bytes, max_streams=self._limits.streams
        )

    def _websocket(self) -> WebSocketConnection:
        return WebSocketConnection(max_message_bytes=self._limits.message_bytes)
