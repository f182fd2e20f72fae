"""A container's own process, joined while it runs; it stays when its client goes."""

from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.errors import FailedPrecondition
from pydockershim.streaming.blocking import Blocking
from pydockershim.streaming.ends import container_ended, process_ended
from pydockershim.streaming.process import End
from pydockershim.streaming.remotecommand import status
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.requests import AttachRequest
from pydockershim.streaming.wire import Buffer


class Attached:
    """The process of a container."""

    def __init__(self, engine: Engine, blocking: Blocking, request: AttachRequest) -> None:
        self.container_id = request.container_id
        self.has_tty = request.streams.tty
        self.eof_keys = b""
        self._engine = engine
        self._blocking = blocking
        self._request = request
        self._pid = 0

    async def start(self, size: TerminalSize | None) -> Hijacked:
        """Join the streams; a ShimError says why that cannot be.

        Whether there is a terminal is for the container to say, whatever the request says.
        """
        container_id = self._request.container_id
        inspect = await self._blocking.call(self._engine.containers.inspect, container_id)
        if not inspect["State"]["Running"]:
            raise FailedPrecondition(f"container {container_id} does not run")
        self._pid = inspect["State"]["Pid"]
        self.has_tty = inspect["Config"]["Tty"]
        streams = await self._blocking.acquire(
            self._engine.containers.attach,
            Hijacked.close,
            container_id,
            stdin=self._request.streams.stdin,
            stdout=True,
            stderr=True,
        )
        if size is not None and self.has_tty:
            await self.resize(size)
        return streams

    async def resize(self, size: TerminalSize) -> None:
        """Set the terminal's size."""
        await self._blocking.call(
            self._engine.containers.resize,
            self._request.container_id,
            height=size.height,
            width=size.width,
        )

    def shown(self, output: Buffer) -> Buffer:
        """Return all of it."""
        return output

    async def ended(self) -> None:
        """Return when the process has ended."""
        await process_ended(self._pid)

    async def container_ended(self) -> None:
        """Return when the container has ended."""
        await container_ended(self._engine, self._blocking, self._request.container_id)

    async def end(self, *, as_json: bool) -> End:
        """Return success: the streams have ended, and that is all that an attach is about."""
        return End(b"", status.of_exit(0, as_json=as_json))

    async def abandon(self) -> None:
        """Leave the process alone."""
