"""What Docker reports about an exec, and how it is read: constants and pure functions.

For blocking callers and for the event loop alike; who waits, and how, is the caller's matter.
"""

import re
from collections.abc import Iterator

from pydockershim.dockerapi import ExecInspect
from pydockershim.errors import Unknown

# From a container's exit until the streams of its processes have ended; Docker takes 2 s.
# COMPAT(dockerd 20.10): where a pod shares its process namespace, the stream of a command that died
# with its container never ends, and an inspect reports it as running for ever. So a caller stops
# waiting once its container has been gone for this long.
DRAINED_S = 3.0

PID_POLL_S = 0.02  # Docker reports the pid some 100 ms after the start

# The exit code is known some milliseconds after the end of the streams, as a rule.
_FIRST_EXIT_POLL_S = 0.005

# What Docker writes to the output of an exec whose process it could not start.
_START_ERROR = re.compile(rb"OCI runtime exec failed|cannot exec in a ")
_BEGINS_WITHIN = 64  # there may be a header of the multiplexed stream before it
_NO_REASON = "the command did not start, and Docker gives no reason"


def is_starting(state: ExecInspect) -> bool:
    """Whether there is no process yet; before its start an exec is not reported as running."""
    return not state["Pid"] and state["ExitCode"] is None


def has_exited(state: ExecInspect) -> bool:
    """Whether it is over: the process has exited, or could not be started."""
    return not state["Running"] and state["ExitCode"] is not None


def has_started(state: ExecInspect) -> bool:
    """Whether there is or was a process; one that could not be started has an exit code, too."""
    return bool(state["Pid"])


def exit_code(state: ExecInspect) -> int:
    """Return the exit code of a process that has exited."""
    return state["ExitCode"] or 0


def exit_polls_s(*, slowest_s: float) -> Iterator[float]:
    """Yield how long to wait before each further inspect, until the process has exited."""
    delay_s = _FIRST_EXIT_POLL_S
    while True:
        yield delay_s
        delay_s = min(2 * delay_s, slowest_s)


def is_start_error(output: bytes | bytearray | memoryview) -> bool:
    """Whether an exec's first output, raw or not, looks like Docker's own error."""
    return bool(_START_ERROR.search(output, 0, _BEGINS_WITHIN))


def start_error(output: bytes | bytearray) -> str:
    """Return the reason that Docker wrote to the output of an exec that did not start."""
    found = _START_ERROR.search(output)
    line = output[found.start() if found else 0 :].partition(b"\r\n")[0]
    return line.decode(errors="replace").strip() or _NO_REASON


def container_exited(container_id: str) -> Unknown:
    """Return the error of a command whose container has exited before it."""
    return Unknown(f"container {container_id} exited, and the command with it")
