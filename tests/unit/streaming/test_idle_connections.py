"""How long the connections of idle clients are kept; with a virtual clock."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.connections import Connections
from pydockershim.streaming.http.negotiation import Subprotocol
from pydockershim.streaming.remotecommand import exit_status
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.sessions.command_session import CommandSession
from pydockershim.streaming.sessions.factory import SessionFactory, StreamSession
from pydockershim.streaming.sessions.remote_process import ProcessResult
from pydockershim.streaming.stream_requests import ExecRequest, StdStreams, StreamRequest
from pydockershim.streaming.tokens import Tokens
from pydockershim.streaming.transport.blocking_calls import BlockingCalls
from pydockershim.streaming.transport.downstream import Downstream
from tests.clients import spdy
from tests.clients.spdy import HeaderBlocks
from tests.clients.websocket import BINARY, PING, frame
from tests.unit.streaming.virtual_time import run

_WATCHED_EVERY_S = 5
# The client has some time to close the session, and once more when the kernel has acknowledged data
# meanwhile: that comes by the clock of the world.
_GOODBYE_S = 2 * 5
_STREAMS = StdStreams(tty=False, stdin=True, stdout=True, stderr=True)
_REQUEST = ExecRequest(container_id="c", command=["cat"], streams=_STREAMS)
_SPDY_HEAD = (
    b"POST /exec/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"
    b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
)
_WEBSOCKET_HEAD = (
    b"GET /exec/%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n"
)
_SPDY_PING = spdy.control(spdy.PING, struct.pack(">L", 1))
_WEBSOCKET_PONG = b"\x8a\x01?"


class _Silent:
    """A process that reads and writes nothing until the test ends its output."""

    container_id = "c"
    has_tty = False
    eof_keys = b""
    theirs: socket.socket | None = None

    async def start(self, _size: TerminalSize | None) -> Hijacked:
        ours, self.theirs = socket.socketpair()
        return Hijacked(ours, b"")

    async def resize(self, _size: TerminalSize) -> None:
        pass

    def visible_output(self, output: Buffer) -> Buffer:
        return output

    async def wait_exit(self) -> None:
        await asyncio.Event().wait()

    async def wait_container_exit(self) -> None:
        await asyncio.Event().wait()

    async def result(self, *, as_json: bool) -> ProcessResult:
        return ProcessResult(b"", exit_status.of_exit(0, as_json=as_json))

    async def client_disconnected(self) -> None:
        pass


class _WithSilentProcesses(SessionFactory):
    """Creates sessions with a process of the test."""

    def __init__(self, limits: StreamingLimits) -> None:
        super().__init__(engine=Engine("/nosuch"), blocking=BlockingCalls(1), limits=limits)
        self.limits = limits
        self.process = _Silent()

    def create(
        self, *, downstream: Downstream, request: StreamRequest, subprotocol: Subprotocol
    ) -> StreamSession:
        assert isinstance(request, ExecRequest)
        return CommandSession(
            downstream=downstream,
            channels=self._channels(request.streams, subprotocol),
            process=self.process,
            subprotocol=subprotocol,
            limits=self.limits,
        )


class _Client:
    """One connection to the server, and the process behind it."""

    def __init__(
        self,
        *,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        token: str,
        process: _Silent,
        connections: Connections,
    ) -> None:
        self.reader, self.writer = streams
        self.connections = connections
        self.process = process
        self._token = token.encode()

    async def open_spdy(self, *names: str) -> None:
        """Upgrade, and open these streams."""
        blocks = HeaderBlocks()
        self.writer.write(_SPDY_HEAD % self._token)
        for number, name in enumerate(names):
            self.writer.write(blocks.syn_stream(2 * number + 1, {"streamtype": name}))
        await self.reader.readuntil(b"\r\n\r\n")

    async def open_websocket(self) -> None:
        """Upgrade."""
        self.writer.write(_WEBSOCKET_HEAD % self._token)
        await self.reader.readuntil(b"\x82\x01\x01")

    async def ask(self, ping: bytes, pong: bytes) -> None:
        """Send a ping; TimeoutError when it is not answered within a second."""
        self.writer.write(ping)
        async with asyncio.timeout(1):
            await self.reader.readuntil(pong)

    async def until_closed_s(self, meanwhile: Callable[[], Awaitable[None]] | None = None) -> float:
        """Return how long the server keeps the connection, doing something every 5 s."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        reading = asyncio.ensure_future(self.reader.read(-1))
        while not (await asyncio.wait({reading}, timeout=5))[0]:
            if meanwhile:
                await meanwhile()
        return loop.time() - began_s


@asynccontextmanager
async def _client(**limits: Any) -> AsyncIterator[_Client]:
    loop = asyncio.get_running_loop()
    factory = _WithSilentProcesses(StreamingLimits(**limits))
    tokens = Tokens(capacity=1, ttl_s=60, clock=loop.time)
    connections = Connections(session_factory=factory, tokens=tokens, limits=factory.limits)
    server = await loop.create_server(connections.accept, "127.0.0.1", 0)
    watch = asyncio.create_task(connections.watch())
    streams = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield _Client(
        streams=streams,
        token=tokens.issue(_REQUEST),
        process=factory.process,
        connections=connections,
    )
    streams[1].close()
    if factory.process.theirs:
        factory.process.theirs.close()
    watch.cancel()
    server.close()
    await connections.close()


def test_pings_of_ten_minutes_are_all_answered_over_spdy() -> None:
    async def ping() -> None:
        async with _client(idle_s=60) as client:
            await client.open_spdy("error", "stdin", "stdout", "stderr")
            for _ in range(120):
                await asyncio.sleep(5)
                await client.ask(_SPDY_PING, _SPDY_PING)

    run(ping())


def test_pings_of_ten_minutes_are_all_answered_over_websocket() -> None:
    async def ping() -> None:
        async with _client(idle_s=60) as client:
            await client.open_websocket()
            for _ in range(120):
                await asyncio.sleep(5)
                await client.ask(frame(PING, b"?"), _WEBSOCKET_PONG)

    run(ping())


def test_pings_are_answered_while_input_is_blocked() -> None:
    async def ping() -> None:
        async with _client() as client:
            await client.open_websocket()
            for _ in range(128):
                client.writer.write(frame(BINARY, b"\x00" + bytes(32768)))
            for _ in range(18):
                await client.ask(frame(PING, b"?"), _WEBSOCKET_PONG)
                await asyncio.sleep(5)

    run(ping())


@pytest.mark.parametrize("idle_s", [60.0, 1800.0])
def test_a_connection_without_a_byte_is_closed_in_time(idle_s: float) -> None:
    async def idle() -> float:
        async with _client(idle_s=idle_s) as client:
            await client.open_spdy("error", "stdin", "stdout", "stderr")
            return await client.until_closed_s()

    assert idle_s <= run(idle()) <= idle_s + _WATCHED_EVERY_S + _GOODBYE_S + 1


@pytest.mark.parametrize("opening", ["spdy", "websocket"])
def test_a_session_ended_by_the_server_reports_an_error(opening: str) -> None:
    """client-go takes an error channel that ends without a word for success."""

    async def read_to_end(reason: str, *, stops: bool) -> None:
        async with _client(idle_s=60) as client:
            if opening == "spdy":
                await client.open_spdy("error", "stdin", "stdout", "stderr")
                await client.ask(_SPDY_PING, _SPDY_PING)
            else:
                await client.open_websocket()
            if stops:
                stopping = asyncio.create_task(client.connections.close())
            assert f'{reason}","reason":"InternalError"'.encode() in await client.reader.read(-1)
            if stops:
                await stopping

    run(read_to_end("the connection was idle for too long", stops=False))
    run(read_to_end("the CRI server stops", stops=True))


def test_pings_are_not_payload() -> None:
    async def idle() -> float:
        async with _client(data_idle_s=60) as client:
            await client.open_spdy("error", "stdin", "stdout", "stderr")

            async def ping() -> None:
                client.writer.write(_SPDY_PING)

            return await client.until_closed_s(ping)

    # Each answer to a ping may be confirmed in its own time.
    assert 60 <= run(idle()) <= 60 + 2 * _WATCHED_EVERY_S + 2 * _GOODBYE_S + 1


def test_payload_keeps_a_connection_that_pings_would_not() -> None:
    async def idle() -> None:
        async with _client(data_idle_s=60) as client:
            await client.open_spdy("error", "stdin", "stdout", "stderr")
            for _ in range(12):
                await asyncio.sleep(50)
                client.writer.write(spdy.data(3, b"x"))
            await client.ask(_SPDY_PING, _SPDY_PING)

    run(idle())


def test_the_request_head_times_out_after_ten_seconds() -> None:
    async def wait() -> float:
        async with _client() as client:
            client.writer.write(b"GET /exec/")
            return await client.until_closed_s()

    assert 10 <= run(wait()) <= 11


def test_missing_streams_time_out_after_half_a_minute() -> None:
    async def wait() -> float:
        async with _client() as client:
            await client.open_spdy("error", "stdin", "stdout")
            return await client.until_closed_s()

    assert 30 <= run(wait()) <= 30 + _GOODBYE_S + 1


def test_a_client_that_does_not_disconnect_at_the_end_times_out() -> None:
    async def wait() -> float:
        async with _client() as client:
            await client.open_spdy("error", "stdin", "stdout", "stderr")
            await client.ask(_SPDY_PING, _SPDY_PING)
            assert client.process.theirs
            client.process.theirs.shutdown(socket.SHUT_WR)
            return await client.until_closed_s()

    assert 5 <= run(wait()) <= _GOODBYE_S + 1
