"""Exec: starts a process, waits for it, and hangs it up if its client disconnects."""

import asyncio
import logging
from contextlib import suppress

from pydockershim.dockerapi import ExecInspect
from pydockershim.engine import exec_facts
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.errors import NotFound, ShimError, Unavailable
from pydockershim.host.container_processes import hang_up
from pydockershim.streaming.codec import Buffer
from pydockershim.streaming.remotecommand import exit_status
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.sessions.process_exit import wait_container_exit, wait_process_exit
from pydockershim.streaming.sessions.remote_process import ProcessResult
from pydockershim.streaming.stream_requests import ExecRequest
from pydockershim.streaming.transport.blocking_calls import BlockingCalls

logger = logging.getLogger(__name__)

_HUNG_UP_WITHIN_S = 20.0
_SLOWEST_POLL_S = 1.0  # a process that has closed its output may run for hours
# Docker answers an inspect within milliseconds, but not while it drains the output of a process.
_INSPECT_S = 0.25

# Ctrl-D, typed once to end the line and once for EOF. Docker takes the end of the stream for a
# disconnect of the client, and sends no more output.
_EOF_KEYS = b"\x04\x04"


class ExecProcess:
    """One exec in a container."""

    def __init__(self, *, engine: Engine, blocking: BlockingCalls, request: ExecRequest) -> None:
        self.container_id = request.container_id
        self.has_tty = request.streams.tty
        self.eof_keys = _EOF_KEYS if self.has_tty else b""
        self._engine = engine
        self._blocking = blocking
        self._request = request
        self._exec_id = ""
        self._held = b""
        self._is_first = True

    async def start(self, size: TerminalSize | None) -> Hijacked:
        """Start the process and return its streams; a ShimError has the reason if that fails."""
        # Attach both outputs: Docker closes stdin when either ends. The codec drops unwanted ones.
        config = {
            "Cmd": [*self._request.command],
            "AttachStdin": self._request.streams.stdin,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": self.has_tty,
        }
        if size is not None and self.has_tty:
            config["ConsoleSize"] = [size.height, size.width]  # from API 1.42 on; else ignored
        features = await self._blocking.call(lambda: self._engine.features)
        with self._engine.execs.turn(self.container_id, features) as turn:
            await asyncio.wrap_future(turn)
            self._exec_id = await self._blocking.call(
                self._engine.execs.create, self.container_id, config
            )
            return await self._blocking.acquire(
                self._engine.execs.start, Hijacked.close, self._exec_id, tty=self.has_tty
            )

    async def resize(self, size: TerminalSize) -> None:
        """Set the terminal size; an exited process has none."""
        await self._blocking.call(
            self._engine.execs.resize, self._exec_id, height=size.height, width=size.width
        )

    def visible_output(self, output: Buffer) -> Buffer:
        """Return what the client may see of the raw output; hold back messages of Docker."""
        if self._is_first:
            self._is_first = False
            if exec_facts.is_start_error(output):
                self._held = bytes(output)
                return b""
        if self._held:
            output, self._held = self._held + bytes(output), b""
        return output

    async def wait_exit(self) -> None:
        """Return when the process has exited, or may have if Docker does not answer in time."""
        while True:
            try:
                async with asyncio.timeout(_INSPECT_S):
                    state = await self._inspect()
            except (TimeoutError, ShimError):
                return
            if not exec_facts.is_starting(state):
                break
            await asyncio.sleep(exec_facts.PID_POLL_S)
        if not exec_facts.has_exited(state):
            await wait_process_exit(state["Pid"])

    async def wait_container_exit(self) -> None:
        """Return when the container has exited."""
        await wait_container_exit(self._engine, self._blocking, self.container_id)

    async def result(self, *, as_json: bool) -> ProcessResult:
        """Wait until the process has exited, which may be later than the end of its output."""
        for delay_s in exec_facts.exit_polls_s(slowest_s=_SLOWEST_POLL_S):
            if exec_facts.has_exited(state := await self._inspect()):
                break
            await asyncio.sleep(delay_s)
        if not exec_facts.has_started(state):
            reason = exec_facts.start_error(self._held)
            return ProcessResult(b"", exit_status.of_error(reason, as_json=as_json))
        code = exec_facts.exit_code(state)
        return ProcessResult(self._held, exit_status.of_exit(code, as_json=as_json))

    async def client_disconnected(self) -> None:
        """Hang up a process with a terminal (SIGHUP); other processes keep running.

        Docker keeps the terminal open forever: a shell would wait for the next line forever.
        """
        if self.has_tty and self._exec_id:
            with suppress(NotFound):
                await self._hang_up()

    async def _hang_up(self) -> None:
        """Send SIGHUP as soon as the process can receive it; give up after some seconds."""
        reason = "the engine does not report its process ID"
        deadline_s = asyncio.get_running_loop().time() + _HUNG_UP_WITHIN_S
        while asyncio.get_running_loop().time() < deadline_s:
            try:
                state = await self._inspect()
            except Unavailable as error:
                reason = str(error)
            else:
                pid = state["Pid"]
                if exec_facts.has_exited(state):
                    return
                if pid and await self._blocking.call(hang_up, pid, self.container_id):
                    return
            await asyncio.sleep(exec_facts.PID_POLL_S)
        logger.warning(
            "exec %s keeps running after its client disconnected: %s", self._exec_id, reason
        )

    async def _inspect(self) -> ExecInspect:
        return await self._blocking.call(self._engine.execs.inspect, self._exec_id)
