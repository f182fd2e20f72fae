"""Delays reporting an exit until its log is drained and a possible OOM kill is known.

Clients read log and reason once, when an exit is reported. So it is delayed until both are known,
or a timeout.
"""

import time
from collections.abc import Callable

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect
from pydockershim.view.items import ContainerItem

# How long an undrained log may delay an exit.
_LOG_NS = 5_000_000_000
# How long after an exit the engine may report that it was an OOM kill.
_OOM_NS = 250_000_000
_KILLED = 128 + 9


class ExitGate:
    """Thread-safe. `is_drained` gets the whole id of a container that has exited."""

    def __init__(self, is_drained: Callable[[str], bool]) -> None:
        self._is_drained = is_drained
        self._oom_killed: set[str] = set()

    def note_oom_kill(self, container_id: str) -> None:
        """Note that the kernel killed a process of a container for lack of memory."""
        self._oom_killed.add(container_id)

    def forget(self, container_id: str) -> None:
        """Drop what is known of a container that was removed, or is not ours."""
        self._oom_killed.discard(container_id)

    def with_oom_kill(self, inspect: ContainerInspect) -> ContainerInspect:
        """Add to an inspect an OOM kill that only an event has reported.

        COMPAT(dockerd 20.10): an `oom` that comes after the exit never gets into an inspect.
        """
        if inspect["Id"] not in self._oom_killed:
            return inspect
        return {**inspect, "State": {**inspect["State"], "OOMKilled": True}}

    def holds_back(self, container: ContainerItem, inspect: ContainerInspect) -> bool:
        """Say whether it exited so recently that log or reason may be incomplete."""
        if container.state != cri.CONTAINER_EXITED or not container.has_run:
            return False
        is_drained = self._is_drained(container.id)
        exited_for_ns = time.time_ns() - container.finished_ns
        patience_ns = _OOM_NS if _may_be_oom_kill(inspect) else 0
        return 0 <= exited_for_ns < (patience_ns if is_drained else _LOG_NS)


def _may_be_oom_kill(inspect: ContainerInspect) -> bool:
    """Say whether a container was killed, with a memory limit, and no reason is known yet."""
    state = inspect["State"]
    limited = bool(inspect["HostConfig"].get("Memory"))
    return limited and state["ExitCode"] == _KILLED and not state["OOMKilled"]
