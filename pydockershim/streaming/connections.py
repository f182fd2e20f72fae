"""The clients' connections on the event loop: each from its one request to its end."""

import asyncio
import logging
from http import HTTPStatus

from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.streaming.head import Head, HeadReader, HttpRefusal
from pydockershim.streaming.link import Link
from pydockershim.streaming.negotiation import (
    PORT_FORWARD,
    REMOTECOMMAND,
    Upgrade,
    negotiate,
)
from pydockershim.streaming.requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    Request,
)
from pydockershim.streaming.sessions import Session, Sessions
from pydockershim.streaming.tokens import Tokens
from pydockershim.streaming.wire import Buffer

logger = logging.getLogger(__name__)

_PATHS: dict[str, type[Request]] = {
    "exec": ExecRequest,
    "attach": AttachRequest,
    "portforward": PortForwardRequest,
}
_METHODS = {"GET", "POST"}
# A client's bytes are read in pieces of this size: half of it costs a forwarded port a third of
# its speed inwards.
_BUFFER_BYTES = 512 * 1024
_WATCH_S = 5.0
_CLOSE_S = 1.0


class Connections:
    """All of them; lives on the event loop."""

    def __init__(self, sessions: Sessions, tokens: Tokens, limits: StreamingLimits) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._limits = limits
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._live: dict[asyncio.Task[None], Link] = {}

    def accept(self) -> Link:
        """Return what the event loop talks to for a new connection."""
        # Output of an ended process may wait for the client, and answers may wait behind that.
        return Link(
            buffer=self._buffer,
            max_unsent_bytes=2 * self._limits.drain_bytes,
            on_made=self._on_made,
        )

    async def watch(self) -> None:
        """Find clients that have gone or do nothing any more, for ever."""
        while True:
            await asyncio.sleep(_WATCH_S)
            self._check()  # whose variables do not live on while this sleeps

    async def close(self) -> None:
        """End all sessions."""
        for link in self._live.values():
            link.give_up("the CRI server stops")
        if self._live:
            _, late = await asyncio.wait(self._live, timeout=_CLOSE_S)
            for task in late:
                task.cancel()

    def _check(self) -> None:
        for link in tuple(self._live.values()):
            link.check(idle_s=self._limits.idle_s, data_idle_s=self._limits.data_idle_s)

    def _on_made(self, link: Link) -> None:
        if len(self._live) >= self._limits.connections:
            logger.warning("%d streaming connections are open: closed a new one", len(self._live))
            link.abort()
            return
        # The head may come with the end of a TLS handshake, before the task has begun.
        reader = HeadReader(max_bytes=self._limits.head_bytes)
        task = asyncio.create_task(self._serve(link, reader, _head(link, reader)))
        self._live[task] = link
        task.add_done_callback(self._live.pop)

    async def _serve(self, link: Link, reader: HeadReader, expected: asyncio.Future[Head]) -> None:
        """Serve one client, and close its connection whatever happens."""
        try:
            session = await self._serve_up_to_end(link, reader, expected)
            codec = session.codec if session else None
            await link.finish(codec, linger_s=self._limits.linger_s)
        finally:
            link.abort()

    async def _serve_up_to_end(
        self, link: Link, reader: HeadReader, expected: asyncio.Future[Head]
    ) -> Session | None:
        """Serve one client; the link's end cancels this task. Return the session, if any."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- this is one
        link.on_end = task.cancel
        session: Session | None = None
        try:
            async with asyncio.timeout(self._limits.head_s):
                head = await expected
            request, upgrade = self._agree(head)
            link.write([reader.switch_protocols(upgrade.headers)])
            session = self._sessions.session(link, request, upgrade.protocol)
            link.begin(session.received, reader.leftover)
            await session.run()
        except HttpRefusal as refusal:
            logger.info("refused a streaming request: %d, %s", refusal.status, refusal)
            link.write([reader.refuse(refusal)])
        except TimeoutError:
            logger.info("a streaming client was too slow to begin")
        except asyncio.CancelledError:
            task.uncancel()
            if link.reason:
                logger.info("ended a streaming session: %s", link.reason)
        return session

    def _agree(self, head: Head) -> tuple[Request, Upgrade]:
        """Return what is wanted and how it is carried. The token is used up, unless it is refused.

        COMPAT(crictl): it tries a WebSocket first and then SPDY, with one URL.
        """
        if head.method not in _METHODS:
            raise HttpRefusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "use GET or POST", [("Allow", "GET, POST")]
            )
        path, _, token = head.path.removeprefix("/").partition("/")
        request = self._tokens.peek(token)
        if request is None or not isinstance(request, _PATHS.get(path, ())):
            raise HttpRefusal(HTTPStatus.NOT_FOUND, "no such URL: each is good once, for a minute")
        offer = PORT_FORWARD if isinstance(request, PortForwardRequest) else REMOTECOMMAND
        upgrade = negotiate(head, offer)
        self._tokens.consume(token)
        return request, upgrade


def _head(link: Link, reader: HeadReader) -> asyncio.Future[Head]:
    """Return what is going to be the request's head; nothing more is read for the moment then."""
    whole: asyncio.Future[Head] = asyncio.get_running_loop().create_future()

    def receive(data: Buffer) -> None:
        if whole.done():  # it is refused, or too late
            return
        try:
            head = reader.feed(data)
        except HttpRefusal as refusal:
            whole.set_exception(refusal)
            link.hold(_head)
        else:
            if head is not None:
                whole.set_result(head)
                link.hold(_head)

    link.receiver = receive
    return whole
