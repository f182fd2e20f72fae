"""ExecSync: run a command in a running container, and answer with its output and exit code.

- On a timeout, or when the caller goes, the command and everything it started are killed. Docker
  has no call for that: they are killed as processes of this host, once they are known to be the
  container's.
- The answer as a whole stays below what a client accepts. What is beyond it is read and dropped, so
  that the command never blocks on a full pipe.
- Docker ends the stream two seconds after the command's own end when a child of it keeps the output
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
from pydockershim.engine.engine import Engine
from pydockershim.engine.hijack import Hijacked
from pydockershim.engine.rawstream import Demultiplexer, StreamName
from pydockershim.errors import Cancelled, DeadlineExceeded, Unavailable, Unknown
from pydockershim.host.container_processes import kill_tree
from pydockershim.view.items import ContainerItem
from pydockershim.view.view import View

logger = logging.getLogger(__name__)

# COMPAT(kubelet): its client takes 16 MiB in one message; some room is left for the rest of it.
_ANSWER_BYTES = 16 * 1024 * 1024 - 64 * 1024
_PID_KNOWN_WITHIN_S = 2.0  # Docker tells the pid some 100 ms after the start
_ENDED_WITHIN_S = 5.0  # from the end of the stream to the exit code; some ms as a rule
_POLL_S = 0.02
_OVERTIME_S = 1.0  # for what a command that ended in time has left behind to be read
_TURN_S = 1.0  # of silence; then it is looked whether the container still runs
_DRAINED_NS = 3_000_000_000  # from a container's end to that of its streams; Docker takes 2 s


def exec_sync(
    deps: ContainerDeps, container_id: str, command: list[str], *, timeout_s: int
) -> cri.ExecSyncResponse:
    """Return the output and the exit code; a `timeout_s` of 0 or less is none.

    FailedPrecondition: the container does not run. DeadlineExceeded: the command took too long and
    has been killed. Unknown: it cannot be started, with Docker's reason.
    """
    container = require_running(deps.view, container_id)
    config = {"Cmd": command, "AttachStdout": True, "AttachStderr": True}
    exec_id = deps.engine.create_exec(container.id, config)
    output = _Output()
    with closing(deps.engine.start_exec(exec_id, tty=False)) as stream:
        try:
            _read(deps.view, container.id, stream, output, timeout_s=timeout_s)
        except (DeadlineExceeded, Cancelled):
            with calls.shielded():
                if _kill(deps.engine, container, exec_id):
                    raise
    ended = _ended(deps.engine, exec_id)
    if not ended["Pid"]:
        raise Unknown(f"cannot run {command[0]!r} in container {container.id}: {output.first_line}")
    return cri.ExecSyncResponse(
        stdout=bytes(output.of[StreamName.STDOUT]),
        stderr=bytes(output.of[StreamName.STDERR]),
        exit_code=ended["ExitCode"] or 0,
    )


class _Output:
    """What both streams said, up to the bound that they share."""

    def __init__(self) -> None:
        self.of = {StreamName.STDOUT: bytearray(), StreamName.STDERR: bytearray()}
        self._room = _ANSWER_BYTES

    def take(self, name: StreamName, piece: memoryview) -> None:
        kept = piece[: self._room]
        self.of[name] += kept
        self._room -= len(kept)

    @property
    def first_line(self) -> str:
        """What Docker writes to stdout in place of a command that does not start."""
        return self.of[StreamName.STDOUT].decode(errors="replace").partition("\r\n")[0]


def _read(
    view: View, container_id: str, stream: Hijacked, output: _Output, *, timeout_s: int
) -> None:
    """Read to the end of the stream; DeadlineExceeded at the timeout, Cancelled with the caller."""
    call, frames = calls.current(), Demultiplexer()
    end_s = time.monotonic() + (timeout_s if timeout_s > 0 else math.inf)
    with call.on_cancel(stream.abort):
        while True:
            data = stream.recv(call.remaining_s(min(end_s - time.monotonic(), _TURN_S)))
            overtime_s = 0 if data is None else _OVERTIME_S
            if data != b"" and time.monotonic() >= end_s + overtime_s:
                raise DeadlineExceeded(
                    f"the command did not end within {timeout_s} s and was killed in container "
                    f"{container_id}: give it more time, or less to do"
                )
            if data is None:
                _check_alive(view, container_id)
            if data == b"":
                break
            for name, piece in frames.feed(data or b""):
                output.take(name, piece)
    call.check()


def _check_alive(view: View, container_id: str) -> None:
    """Raise Unknown or NotFound when the container has ended and nothing more can come of it.

    COMPAT(dockerd 20.10): where a pod shares its processes, the stream of a command that died with
    its container never ends.
    """
    with suppress(Unavailable):
        container = view.container(container_id)
        if not container.running and time.time_ns() - container.finished_ns > _DRAINED_NS:
            raise Unknown(f"container {container_id} ended, and the command with it")


def _kill(engine: Engine, container: ContainerItem, exec_id: str) -> bool:
    """End the command; False when it has ended by itself and only a child keeps its output open."""
    end_s = time.monotonic() + _PID_KNOWN_WITHIN_S
    state = engine.inspect_exec(exec_id)
    # One that is about to start is not running either; only one that has ended has an exit code.
    while state["ExitCode"] is None and not state["Pid"] and time.monotonic() < end_s:
        time.sleep(_POLL_S)
        state = engine.inspect_exec(exec_id)
    if state["ExitCode"] is not None:
        return False
    if not kill_tree(state["Pid"], container.id):
        logger.warning(
            "exec %s timed out; no process %d of container %s is there to be killed",
            exec_id,
            state["Pid"],
            container.id,
        )
    return True


def _ended(engine: Engine, exec_id: str) -> ExecInspect:
    """Return how the command ended; Docker may need a moment to know it."""
    end_s = time.monotonic() + _ENDED_WITHIN_S
    while True:
        state = engine.inspect_exec(exec_id)
        if not state["Running"] and state["ExitCode"] is not None:
            return state
        if time.monotonic() > end_s:
            raise Unknown(f"exec {exec_id} closed its output but does not end: no exit code yet")
        time.sleep(_POLL_S)
