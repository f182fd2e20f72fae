"""ExecSync: run a command in a running container, and answer with its output and exit code.

- On a timeout, or when the caller disconnects, the command and everything it started are killed.
  Docker has no call for that: they are killed as processes of this host, after a check that they
  are the container's.
- The timeout begins when the command is started: on Docker 20.10 execs of one container queue.
- The answer as a whole stays below what a client accepts. What exceeds it is read and dropped, so
  that the command never blocks on a full pipe.
- Docker ends the stream two seconds after the command exited when a child of it keeps the output
  open, so a background child delays the answer and no more.
"""

import logging
import math
import time
from contextlib import closing, suppress

from pydockershim import calls
from pydockershim.api import runtime_v1 as cri
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.preconditions import require_running
from pydockershim.dockerapi import ExecInspect
from pydockershim.engine import exec_facts
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from pydockershim.errors import Cancelled, DeadlineExceeded, Unavailable, Unknown
from pydockershim.host.container_processes import kill_tree
from pydockershim.view.items import ContainerItem
from pydockershim.view.view import View

logger = logging.getLogger(__name__)

# COMPAT(kubelet): its client takes 16 MiB in one message; some room is left for the other fields.
_ANSWER_BYTES = 16 * 1024 * 1024 - 64 * 1024
_PID_KNOWN_WITHIN_S = 2.0
_EXITED_WITHIN_S = 5.0  # from the end of the stream to the exit code; usually a few ms
_OVERTIME_S = 1.0  # to read the remaining output of a command that exited in time
_SILENCE_S = 1.0  # then check whether the container still runs
_DRAINED_NS = int(exec_facts.DRAINED_S * 1e9)


def exec_sync(
    deps: ContainerDeps, container_id: str, command: list[str], *, timeout_s: int
) -> cri.ExecSyncResponse:
    """Return the output and the exit code; a `timeout_s` of 0 or less is none.

    FailedPrecondition: the container does not run. DeadlineExceeded: the command took too long and
    has been killed. Unknown: it cannot be started, with Docker's reason.
    """
    container = require_running(deps.view, container_id)
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id, stream = deps.engine.execs.run(container.id, config, tty=False)
    output = _Output()
    with closing(stream):
        try:
            _read(deps.view, container.id, stream, into=output, timeout_s=timeout_s)
        except (DeadlineExceeded, Cancelled):
            with calls.shielded():
                if _kill(deps.engine, container, exec_id):
                    raise
    state = _exited(deps.engine, exec_id)
    if not exec_facts.has_started(state):
        reason = exec_facts.start_error(output.of[StreamName.STDOUT])
        raise Unknown(f"cannot run {command[0]!r} in container {container.id}: {reason}")
    return cri.ExecSyncResponse(
        stdout=bytes(output.of[StreamName.STDOUT]),
        stderr=bytes(output.of[StreamName.STDERR]),
        exit_code=exec_facts.exit_code(state),
    )


class _Output:
    """The output of both streams, up to the bound that they share."""

    def __init__(self) -> None:
        self.of = {StreamName.STDOUT: bytearray(), StreamName.STDERR: bytearray()}
        self._room = _ANSWER_BYTES

    def take(self, name: StreamName, piece: memoryview) -> None:
        kept = piece[: self._room]
        self.of[name] += kept
        self._room -= len(kept)


def _read(
    view: View, container_id: str, stream: Hijacked, *, into: _Output, timeout_s: int
) -> None:
    """Read to the end of the stream; DeadlineExceeded at the timeout, or Cancelled."""
    call, frames = calls.current(), Demultiplexer()
    deadline_s = time.monotonic() + (timeout_s if timeout_s > 0 else math.inf)
    with call.on_cancel(stream.abort):
        while True:
            data = stream.recv(call.remaining_s(min(deadline_s - time.monotonic(), _SILENCE_S)))
            overtime_s = 0 if data is None else _OVERTIME_S
            if data != b"" and time.monotonic() >= deadline_s + overtime_s:
                raise DeadlineExceeded(
                    f"the command did not exit within {timeout_s} s and was killed in container "
                    f"{container_id}: raise the timeout or shorten the command"
                )
            if data is None:
                _check_alive(view, container_id)
            if data == b"":
                break
            for name, piece in frames.feed(data or b""):
                into.take(name, piece)
    call.check()


def _check_alive(view: View, container_id: str) -> None:
    """Raise Unknown or NotFound when the container has exited and no more output can follow."""
    with suppress(Unavailable):
        container = view.container(container_id)
        if not container.running and time.time_ns() - container.finished_ns > _DRAINED_NS:
            raise exec_facts.container_exited(container_id)


def _kill(engine: Engine, container: ContainerItem, exec_id: str) -> bool:
    """Kill the command; False when it has exited and only a child keeps its output open."""
    deadline_s = time.monotonic() + _PID_KNOWN_WITHIN_S
    state = engine.execs.inspect(exec_id)
    while exec_facts.is_starting(state) and time.monotonic() < deadline_s:
        time.sleep(exec_facts.PID_POLL_S)
        state = engine.execs.inspect(exec_id)
    if state["ExitCode"] is not None:
        return False
    if not kill_tree(state["Pid"], container.id):
        logger.warning(
            "exec %s timed out but was not killed: process %d is not in container %s",
            exec_id,
            state["Pid"],
            container.id,
        )
    return True


def _exited(engine: Engine, exec_id: str) -> ExecInspect:
    """Return the state of the exec with its exit code, which may be known slightly later."""
    deadline_s = time.monotonic() + _EXITED_WITHIN_S
    for delay_s in exec_facts.exit_polls_s(slowest_s=exec_facts.PID_POLL_S):
        state = engine.execs.inspect(exec_id)
        if exec_facts.has_exited(state):
            return state
        if time.monotonic() > deadline_s:
            break
        time.sleep(delay_s)
    raise Unknown(
        f"exec {exec_id} closed its output, but Docker reported no exit code "
        f"within {_EXITED_WITHIN_S:g} s"
    )
