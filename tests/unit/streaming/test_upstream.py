"""The connection to a process or a port when it breaks, or is never established."""

import asyncio
import select
import socket
from typing import Any

from pydockershim.streaming.transport.downstream import Downstream
from pydockershim.streaming.transport.upstream import Upstream
from tests.unit.streaming.downstream_pair import connected_downstream
from tests.unit.streaming.virtual_time import run

_INPUT_BYTES = 1000


def _upstream(downstream: Downstream, **handlers: Any) -> Upstream:
    handlers = dict.fromkeys(("on_output", "on_eof", "on_lost"), lambda *_: None) | handlers
    return Upstream(
        downstream=downstream, max_input_bytes=_INPUT_BYTES, max_drain_bytes=1000, **handlers
    )


def test_early_input_of_an_aborted_upstream_does_not_pause_the_client() -> None:
    async def send_something() -> bytes:
        async with connected_downstream() as (downstream, _, writer):
            upstream = _upstream(downstream)
            upstream.write([bytes(_INPUT_BYTES + 1)])
            upstream.abort()
            upstream.write([bytes(_INPUT_BYTES + 1)])
            received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            downstream.receiver = lambda data: received.set_result(bytes(data))
            writer.write(b"something else")
            async with asyncio.timeout(60):
                return await received

    assert run(send_something()) == b"something else"


def test_output_that_arrived_before_a_failed_write_is_delivered() -> None:
    """As from a web server that rejects an upload, responds, and closes without reading it."""

    async def refuse() -> bytes:
        output = bytearray()
        lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        async with connected_downstream() as (downstream, *_):
            upstream = _upstream(downstream, on_output=output.extend, on_lost=lost.set_result)
            with socket.create_server(("127.0.0.1", 0)) as listener:
                ours = socket.create_connection(listener.getsockname())
                theirs, _ = listener.accept()
            await upstream.connect(ours)
            upstream.write([b"an upload"])
            with theirs:
                theirs.recv(1)
                theirs.sendall(b"413")
            _wait_for_reset(ours)
            upstream.write([b"more of it"])
            assert await lost is not None
        return bytes(output)

    assert run(refuse()) == b"413"


def _wait_for_reset(sock: socket.socket) -> None:
    poll = select.poll()
    poll.register(sock, 0)  # errors and hangups are always reported
    assert poll.poll(30_000)
