"""How a client connection is closed."""

import asyncio
from typing import Any

import pytest

from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.websocket.websocket_connection import WebSocketConnection
from tests.clients.websocket import PING, frame
from tests.unit.streaming.downstream_pair import connected_downstream
from tests.unit.streaming.virtual_time import run

_LINGER_S = 5.0


class _Codec:
    """Closes its session with one message."""

    outgoing: list[Buffer]

    def __init__(self) -> None:
        self.outgoing = []

    def close(self) -> None:
        self.outgoing.append(b"bye")


@pytest.mark.parametrize("tunnelled", [False, True])
def test_nothing_is_sent_after_the_session_is_closed(*, tunnelled: bool) -> None:
    async def ping_too_late() -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
        async with connected_downstream() as (downstream, reader, writer):
            downstream.receiver = lambda _: downstream.write([b"pong"])
            if tunnelled:
                downstream.receiver = lambda _: None
                downstream.use_tunnel(Tunnel(WebSocketConnection(max_message_bytes=100)))
            finish = asyncio.create_task(downstream.close_gracefully(_Codec(), linger_s=_LINGER_S))
            assert b"bye" in await reader.read()
            writer.write(frame(PING, b"?"))
            await asyncio.sleep(_LINGER_S / 5)
            assert not finish.done()
            writer.write_eof()
            await finish
        return errors

    assert not run(ping_too_late())


def test_check_alive_after_a_held_client_has_disconnected() -> None:
    async def look() -> None:
        async with connected_downstream() as (downstream, *_):
            gone = asyncio.Event()
            downstream.on_end = gone.set
            downstream.hold("something")
            downstream.abort()
            await gone.wait()
            await asyncio.sleep(0)
            downstream.check_alive(idle_s=60, data_idle_s=None)

    run(look())
