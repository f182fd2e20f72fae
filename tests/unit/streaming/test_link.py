"""A client's connection at its end."""

import asyncio
from typing import Any

import pytest

from pydockershim.streaming.websocket.messages import WebSocket
from pydockershim.streaming.websocket.tunnel import Tunnel
from pydockershim.streaming.wire import Buffer
from tests.clients.websocket import PING, frame
from tests.unit.streaming.linked import linked
from tests.unit.streaming.virtual_time import run

_LINGER_S = 5.0


class _Codec:
    """Says good-bye in one word."""

    outgoing: list[Buffer]

    def __init__(self) -> None:
        self.outgoing = []

    def close(self) -> None:
        self.outgoing.append(b"bye")


@pytest.mark.parametrize("tunnelled", [False, True])
def test_what_comes_behind_our_goodbye_is_not_answered(*, tunnelled: bool) -> None:
    async def ping_too_late() -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, error: errors.append(error))
        async with linked() as (link, reader, writer):
            link.receiver = lambda _: link.write([b"pong"])
            if tunnelled:
                link.receiver = lambda _: None
                link.use_tunnel(Tunnel(WebSocket(max_message_bytes=100)))
            finish = asyncio.create_task(link.finish(_Codec(), linger_s=_LINGER_S))
            assert b"bye" in await reader.read()
            writer.write(frame(PING, b"?"))
            await asyncio.sleep(_LINGER_S / 5)
            assert not finish.done()
            writer.write_eof()
            await finish
        return errors

    assert not run(ping_too_late())


def test_a_look_at_a_client_that_has_gone_while_it_was_held_does_no_harm() -> None:
    async def look() -> None:
        async with linked() as (link, *_):
            gone = asyncio.Event()
            link.on_end = gone.set
            link.hold("something")
            link.abort()
            await gone.wait()
            await asyncio.sleep(0)
            link.check(idle_s=60, data_idle_s=None)

    run(look())
