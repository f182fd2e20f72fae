"""A client's connection without the server around it: our end as a `Link`, and the client's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from pydockershim.streaming.link import Link


class Linked(NamedTuple):
    """Both ends."""

    link: Link
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@asynccontextmanager
async def linked() -> AsyncIterator[Linked]:
    """Connect a client on the running event loop."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[Link] = loop.create_future()
    buffer = memoryview(bytearray(64 * 1024))

    def accept() -> Link:
        return Link(buffer=buffer, max_unsent_bytes=1024 * 1024, on_made=made.set_result)

    server = await loop.create_server(accept, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    link = await made
    try:
        yield Linked(link, reader, writer)
    finally:
        writer.close()
        link.abort()
        server.close()
