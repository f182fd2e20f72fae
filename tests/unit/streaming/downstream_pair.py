"""A client connection without a server: the `Downstream`, and the streams of the client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from pydockershim.streaming.transport.downstream import Downstream


class DownstreamPair(NamedTuple):
    """Both ends of the connection."""

    downstream: Downstream
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def connected_downstream() -> AsyncIterator[DownstreamPair]:
    """Connect a client on the running event loop."""
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[Downstream] = loop.create_future()
    buffer = memoryview(bytearray(64 * 1024))

    def accept() -> Downstream:
        return Downstream(
            buffer=buffer, max_unsent_bytes=1024 * 1024, on_connected=connected.set_result
        )

    server = await loop.create_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    downstream = await connected
    try:
        yield DownstreamPair(downstream, reader, writer)
    finally:
        writer.close()
        downstream.abort()
        server.close()
