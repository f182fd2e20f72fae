"""The process of an exec: started, resized, waited for, and hung up on when its client has gone."""

import asyncio
import logging
from contextlib import suppress

from pydockershim.dockerapi import ExecInspect
from pydockershim.engine import exec_facts
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.errors import NotFound, ShimError, Unavailable
from pydockershim.host.container_processes import hang_up
from pydockershim.streaming.blocking import Blocking
from pydockershim.streaming.ends import container_ended, process_ended
from pydockershim.streaming.process import End
from pydockershim.streaming.remotecommand import status
from pydockershim.streaming.remotecommand.resize import TerminalSize
from pydockershim.streaming.requests import ExecRequest
from pydockershim.streaming.wire import Buffer

logger = logging.getLogger(__name__)

_HUNG_UP_WITHIN_S = 20.0
# Docker answers an inspect within some milliseconds, but not while it drains a process's output.
_INSPECT_S = 0.25

# The end of input at a terminal is typed: ctrl-d, once to end the line and once more. Docker takes
# the end of the stream for the client's leaving, and shows no more output.
_EOF_KEYS = b"\x04\x04"


class Executed:
    """One exec in a container."""

    def __init__(self, engine: Engine, blocking: Blocking, request: ExecRequest) -> None:
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
        """Start the process and return its streams; a ShimError says why there is none."""
        # Output that nobody asked for is dropped here: Docker ends the input with either output.
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
        """Set the terminal's size; a process that has ended has none."""
        await self._blocking.call(
            self._engine.execs.resize, self._exec_id, height=size.height, width=size.width
        )

    def shown(self, output: Buffer) -> Buffer:
        """Return what the client may see of the raw output: Docker's own words are held back."""
        if self._is_first:
            self._is_first = False
            if exec_facts.is_start_error(output):
                self._held = bytes(output)
                return b""
        if self._held:
            output, self._held = self._held + bytes(output), b""
        return output

    async def ended(self) -> None:
        """Return when the process has ended, or when it may have: Docker does not say."""
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
            await process_ended(state["Pid"])

    async def container_ended(self) -> None:
        """Return when the container has ended."""
        await container_ended(self._engine, self._blocking, self.container_id)

    async def end(self, *, as_json: bool) -> End:
        """Wait for the process's own end, which the end of its output is not."""
        for delay_s in exec_facts.exit_polls_s():
            if exec_facts.has_exited(state := await self._inspect()):
                break
            await asyncio.sleep(delay_s)
        if not exec_facts.has_started(state):
            reason = exec_facts.start_error(self._held)
            return End(b"", status.of_error(reason, as_json=as_json))
        return End(self._held, status.of_exit(exec_facts.exit_code(state), as_json=as_json))

    async def abandon(self) -> None:
        """Hang up a terminal whose client has gone; other processes go on without one.

        Docker keeps the terminal open for ever: a shell would wait for the next line until then.
        """
        if self.has_tty and self._exec_id:
            with suppress(NotFound):
                await self._hang_up()

    async def _hang_up(self) -> None:
        """Hang up as soon as the process is there to be told; give up after some seconds."""
        reason = "the engine does not say which process it is"
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
        logger.warning("exec %s goes on without its client: %s", self._exec_id, reason)

    async def _inspect(self) -> ExecInspect:
        return await self._blocking.call(self._engine.execs.inspect, self._exec_id)
