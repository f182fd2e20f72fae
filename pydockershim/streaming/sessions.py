"""Builds a session: the codec that was agreed upon, and what it connects the client with."""

import asyncio
from typing import Protocol as Interface
from weakref import WeakValueDictionary

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.engine import Engine
from pydockershim.streaming.attached import Attached
from pydockershim.streaming.blocking import Blocking
from pydockershim.streaming.command import CommandSession
from pydockershim.streaming.executed import Executed
from pydockershim.streaming.forwarding import ForwardSession
from pydockershim.streaming.link import Link
from pydockershim.streaming.negotiation import Protocol, Wire
from pydockershim.streaming.portforward.forwards import Forwards
from pydockershim.streaming.portforward.over_spdy import SpdyForwards
from pydockershim.streaming.portforward.over_websocket import WebSocketForwards
from pydockershim.streaming.process import Process
from pydockershim.streaming.remotecommand.channels import Channel, Channels
from pydockershim.streaming.remotecommand.over_spdy import SpdyChannels
from pydockershim.streaming.remotecommand.over_websocket import WebSocketChannels
from pydockershim.streaming.requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    Request,
    Streams,
)
from pydockershim.streaming.spdy.connection import SpdyConnection
from pydockershim.streaming.websocket.channels import NumberedChannels
from pydockershim.streaming.websocket.messages import WebSocket
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.wire import Buffer, Codec


class Session(Interface):
    """What a client's connection is there for."""

    @property
    def codec(self) -> Codec:
        """What says good-bye in the client's protocol."""

    def received(self, data: Buffer) -> None:
        """Take bytes of the client; WireError when it breaks the protocol."""

    async def run(self) -> None:
        """Serve until the end; TimeoutError when the client is too slow to begin.

        Cancelled when the client has gone.
        """


class Sessions:
    """Makes them; all share the engine and the threads for blocking calls."""

    def __init__(self, engine: Engine, blocking: Blocking, limits: StreamingLimits) -> None:
        self._engine = engine
        self._blocking = blocking
        self._limits = limits
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def session(self, link: Link, request: Request, protocol: Protocol) -> Session:
        """Return what serves this request over this protocol; a tunnel is put around the link."""
        if isinstance(request, PortForwardRequest):
            forwards = self._forwards(link, request, protocol)
            return ForwardSession(link, forwards, request, self._blocking, self._limits)
        channels = self._channels(request.streams, protocol)
        process = self._process(request)
        return CommandSession(link, channels, process, protocol, self._limits)

    def _process(self, request: ExecRequest | AttachRequest) -> Process:
        if isinstance(request, AttachRequest):
            return Attached(self._engine, self._blocking, request)
        turn = self._turns.setdefault(request.container_id, asyncio.Lock())
        return Executed(self._engine, self._blocking, request, turn)

    def _channels(self, streams: Streams, protocol: Protocol) -> Channels:
        wanted = {
            Channel.ERROR: True,
            Channel.STDIN: streams.stdin,
            Channel.STDOUT: streams.stdout,
            Channel.STDERR: streams.stderr,
            Channel.RESIZE: streams.tty and protocol.resize,
        }
        expected = {channel for channel, is_wanted in wanted.items() if is_wanted}
        if protocol.wire is Wire.SPDY:
            return SpdyChannels(self._spdy(), expected)
        wire = NumberedChannels(self._websocket(), as_base64=protocol.as_base64)
        return WebSocketChannels(wire, expected, close_signal=protocol.close_signal)

    def _forwards(self, link: Link, request: PortForwardRequest, protocol: Protocol) -> Forwards:
        if protocol.wire is Wire.WEBSOCKET:
            wire = NumberedChannels(self._websocket(), as_base64=protocol.as_base64)
            return WebSocketForwards(wire, request.ports)
        if protocol.wire is Wire.TUNNEL:
            link.use_tunnel(Tunnel(self._websocket()))
        return SpdyForwards(self._spdy(), pair_s=self._limits.stream_creation_s)

    def _spdy(self) -> SpdyConnection:
        return SpdyConnection(
            max_control_bytes=self._limits.frame_bytes, max_streams=self._limits.streams
        )

    def _websocket(self) -> WebSocket:
        return WebSocket(max_message_bytes=self._limits.message_bytes)
