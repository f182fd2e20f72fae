"""The other end of a stream when it breaks, or never comes about."""

import asyncio
import select
import socket
from typing import Any

from pydockershim.streaming.far_end import FarEnd
from pydockershim.streaming.link import Link
from tests.unit.streaming.linked import linked
from tests.unit.streaming.virtual_time import run

_INPUT_BYTES = 1000


def _far_end(link: Link, **handlers: Any) -> FarEnd:
    handlers = dict.fromkeys(("on_output", "on_ended", "on_lost"), lambda *_: None) | handlers
    return FarEnd(link, max_input_bytes=_INPUT_BYTES, max_drain_bytes=1000, **handlers)


def test_input_for_what_never_comes_about_holds_up_nothing_else() -> None:
    async def give_up() -> bytes:
        async with linked() as (link, _, writer):
            far_end = _far_end(link)
            far_end.write([bytes(_INPUT_BYTES + 1)])
            far_end.abort()
            far_end.write([bytes(_INPUT_BYTES + 1)])
            received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            link.receiver = lambda data: received.set_result(bytes(data))
            writer.write(b"something else")
            async with asyncio.timeout(60):
                return await received

    assert run(give_up()) == b"something else"


def test_output_that_came_before_a_write_fails_is_passed_on() -> None:
    """As of a web server that refuses an upload, answers why, and closes without reading it."""

    async def refuse() -> bytes:
        output = bytearray()
        lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        async with linked() as (link, *_):
            far_end = _far_end(link, on_output=output.extend, on_lost=lost.set_result)
            with socket.create_server(("127.0.0.1", 0)) as listener:
                ours = socket.create_connection(listener.getsockname())
                theirs, _ = listener.accept()
            await far_end.connect(ours)
            far_end.write([b"an upload"])
            with theirs:
                theirs.recv(1)
                theirs.sendall(b"413")
            _wait_for_reset(ours)
            far_end.write([b"more of it"])
            assert await lost is not None
        return bytes(output)

    assert run(refuse()) == b"413"


def _wait_for_reset(link: socket.socket) -> None:
    poll = select.poll()
    poll.register(link, 0)  # that, and errors, are always told
    assert poll.poll(30_000)
