"""The client connections on the event loop, from the HTTP request to the end of the session."""

import asyncio
import logging
from http import HTTPStatus

from pydockershim.config.config import flag
from pydockershim.config.streaming_limits import StreamingLimits
from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.http.negotiation import (
    PORT_FORWARD,
    REMOTECOMMAND,
    Upgrade,
    negotiate,
)
from pydockershim.streaming.http.request_head import HeadReader, HttpError, RequestHead
from pydockershim.streaming.sessions.factory import SessionFactory, StreamSession
from pydockershim.streaming.stream_requests import (
    AttachRequest,
    ExecRequest,
    PortForwardRequest,
    StreamRequest,
)
from pydockershim.streaming.tokens import Tokens
from pydockershim.streaming.transport.downstream import Downstream

logger = logging.getLogger(__name__)

_PATHS: dict[str, type[StreamRequest]] = {
    "exec": ExecRequest,
    "attach": AttachRequest,
    "portforward": PortForwardRequest,
}
_METHODS = {"GET", "POST"}
# Size of one read from a client: with half of it, uploads to a forwarded port lose a third of their
# throughput.
_BUFFER_BYTES = 512 * 1024
_CHECK_INTERVAL_S = 5.0
_CLOSE_S = 1.0


class Connections:
    """All client connections; used on the event loop only."""

    def __init__(
        self, *, session_factory: SessionFactory, tokens: Tokens, limits: StreamingLimits
    ) -> None:
        self._session_factory = session_factory
        self._tokens = tokens
        self._limits = limits
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        self._live: dict[asyncio.Task[None], Downstream] = {}

    def accept(self) -> Downstream:
        """Return the asyncio protocol of a new connection."""
        # The output of an exited process may be unsent, and replies may be queued behind it.
        return Downstream(
            buffer=self._buffer,
            max_unsent_bytes=2 * self._limits.drain_bytes,
            on_connected=self._on_connected,
        )

    async def watch(self) -> None:
        """Detect disconnected and idle clients, forever."""
        while True:
            await asyncio.sleep(_CHECK_INTERVAL_S)
            self._check()  # a method, so that no reference to a connection survives into the sleep

    async def close(self) -> None:
        """End all sessions."""
        for downstream in self._live.values():
            downstream.end_session("the CRI server stops")
        if self._live:
            _, late = await asyncio.wait(self._live, timeout=_CLOSE_S)
            for task in late:
                task.cancel()

    def _check(self) -> None:
        for downstream in tuple(self._live.values()):
            downstream.check_alive(idle_s=self._limits.idle_s, data_idle_s=self._limits.data_idle_s)

    def _on_connected(self, downstream: Downstream) -> None:
        if len(self._live) >= self._limits.connections:
            logger.warning(
                "closed a new streaming connection: %d are open; raise %s connections if they are "
                "legitimate",
                len(self._live),
                flag("streaming_limits"),
            )
            downstream.abort()
            return
        # The head may arrive with the end of the TLS handshake, before the task runs.
        reader = HeadReader(max_bytes=self._limits.head_bytes)
        task = asyncio.create_task(self._serve(downstream, reader, _head(downstream, reader)))
        self._live[task] = downstream
        task.add_done_callback(self._live.pop)

    async def _serve(
        self, downstream: Downstream, reader: HeadReader, head: asyncio.Future[RequestHead]
    ) -> None:
        """Serve one client, and always close its connection."""
        try:
            session = await self._run_session(downstream, reader, head)
            codec = session.codec if session else None
            await downstream.close_gracefully(codec, linger_s=self._limits.linger_s)
        finally:
            downstream.abort()

    async def _run_session(
        self, downstream: Downstream, reader: HeadReader, head: asyncio.Future[RequestHead]
    ) -> StreamSession | None:
        """Serve one client, and return its session, if any. `on_end` cancels this task."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- a coroutine runs in a task
        downstream.on_end = task.cancel
        session: StreamSession | None = None
        try:
            async with asyncio.timeout(self._limits.head_s):
                request_head = await head
            request, upgrade = self._accept_request(request_head)
            downstream.write([reader.switch_protocols(upgrade.headers)])
            session = self._session_factory.create(
                downstream=downstream, request=request, subprotocol=upgrade.subprotocol
            )
            downstream.start_receiving(session.data_received, reader.leftover)
            await session.run()
        except HttpError as error:
            logger.info("rejected a streaming request: %d, %s", error.status, error)
            downstream.write([reader.error_response(error)])
        except TimeoutError:
            logger.info("closed a streaming connection: timeout before the session started")
        except asyncio.CancelledError:
            task.uncancel()
            if downstream.end_reason:
                logger.info("ended a streaming session: %s", downstream.end_reason)
        return session

    def _accept_request(self, head: RequestHead) -> tuple[StreamRequest, Upgrade]:
        """Return the request and its upgrade. The token is consumed unless this fails.

        COMPAT(crictl): it tries WebSocket first and then SPDY, with the same URL.
        """
        if head.method not in _METHODS:
            raise HttpError(
                status=HTTPStatus.METHOD_NOT_ALLOWED,
                message="use GET or POST",
                headers=[("Allow", "GET, POST")],
            )
        path, _, token = head.path.removeprefix("/").partition("/")
        request = self._tokens.peek(token)
        if request is None or not isinstance(request, _PATHS.get(path, ())):
            raise HttpError(
                status=HTTPStatus.NOT_FOUND,
                message="unknown or expired URL: each is valid once, for a minute",
            )
        offer = PORT_FORWARD if isinstance(request, PortForwardRequest) else REMOTECOMMAND
        upgrade = negotiate(head, offer)
        self._tokens.consume(token)
        return request, upgrade


def _head(downstream: Downstream, reader: HeadReader) -> asyncio.Future[RequestHead]:
    """Return a future of the request head; once it is done, reading from the client is paused."""
    result: asyncio.Future[RequestHead] = asyncio.get_running_loop().create_future()

    def receive(data: Buffer) -> None:
        if result.done():  # rejected, or timed out
            return
        try:
            head = reader.feed(data)
        except HttpError as error:
            result.set_exception(error)
            downstream.hold(_head)
        else:
            if head is not None:
                result.set_result(head)
                downstream.hold(_head)

    downstream.receiver = receive
    return result
