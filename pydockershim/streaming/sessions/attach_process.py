"""Attach: the main process of a running container; it keeps running after the session."""

from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.errors import FailedPrecondition
from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.remotecommand import exit_status
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.sessions.process_exit import wait_container_exit, wait_process_exit
from pydockershim.streaming.sessions.remote_process import ProcessResult
from pydockershim.streaming.stream_requests import AttachRequest
from pydockershim.streaming.transport.blocking_calls import BlockingCalls


class AttachProcess:
    """The main process of a container."""

    def __init__(self, *, engine: Engine, blocking: BlockingCalls, request: AttachRequest) -> None:
        self.container_id = request.container_id
        self.has_tty = request.streams.tty
        self.eof_keys = b""
        self._engine = engine
        self._blocking = blocking
        self._request = request
        self._pid = 0

    async def start(self, size: TerminalSize | None) -> Hijacked:
        """Attach to the streams; a ShimError has the reason if that fails.

        The container determines whether there is a terminal, not the request.
        """
        container_id = self._request.container_id
        inspect = await self._blocking.call(self._engine.containers.inspect, container_id)
        if not inspect["State"]["Running"]:
            raise FailedPrecondition(f"attach: container {container_id} is not running")
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
        """Set the terminal size."""
        await self._blocking.call(
            self._engine.containers.resize,
            self._request.container_id,
            height=size.height,
            width=size.width,
        )

    def visible_output(self, output: Buffer) -> Buffer:
        """Return all output."""
        return output

    async def wait_exit(self) -> None:
        """Return when the process has exited."""
        await wait_process_exit(self._pid)

    async def wait_container_exit(self) -> None:
        """Return when the container has exited."""
        await wait_container_exit(self._engine, self._blocking, self._request.container_id)

    async def result(self, *, as_json: bool) -> ProcessResult:
        """Return success: an attach ends with its streams and reports no exit code."""
        return ProcessResult(b"", exit_status.of_exit(0, as_json=as_json))

    async def client_disconnected(self) -> None:
        """Leave the process running."""
