"""What is told of a container's end only after it: the rest of its log, and a want of memory.

Whoever hears that a container has ended may look at its log and its reason at once, and only then.
So the end is told when they are there, or when they have been waited for long enough.
"""

import time
from collections.abc import Callable

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect
from pydockershim.view.items import ContainerItem

# What an unfinished log may hold back the news that its container has ended.
_LOG_NS = 5_000_000_000
# What the news may take that a container was killed for want of memory.
_OUT_OF_MEMORY_NS = 250_000_000
_KILLED = 128 + 9


class ExitGate:
    """Thread-safe. `is_drained` gets the whole id of a container that has ended."""

    def __init__(self, is_drained: Callable[[str], bool]) -> None:
        self._is_drained = is_drained
        self._oom_killed: set[str] = set()

    def note_oom_kill(self, container_id: str) -> None:
        """Note that a process of a container was killed for want of memory."""
        self._oom_killed.add(container_id)

    def forget(self, container_id: str) -> None:
        """Note that a container is gone, or was never ours."""
        self._oom_killed.discard(container_id)

    def with_oom_kill(self, inspect: ContainerInspect) -> ContainerInspect:
        """Add to an inspect what only an event has told.

        COMPAT(dockerd 20.10): an `oom` that it hears of after the end never gets into an inspect.
        """
        if inspect["Id"] not in self._oom_killed:
            return inspect
        return {**inspect, "State": {**inspect["State"], "OOMKilled": True}}

    def holds_back(self, container: ContainerItem, inspect: ContainerInspect) -> bool:
        """Say whether it has ended so lately that its log or its reason may be to come."""
        if container.state != cri.CONTAINER_EXITED or not container.has_run:
            return False
        is_drained = self._is_drained(container.id)
        ended_for_ns = time.time_ns() - container.finished_ns
        patience_ns = _OUT_OF_MEMORY_NS if _may_have_lacked_memory(inspect) else 0
        return 0 <= ended_for_ns < (patience_ns if is_drained else _LOG_NS)


def _may_have_lacked_memory(inspect: ContainerInspect) -> bool:
    """Say whether a container was killed by something that the engine does not know of so far."""
    state = inspect["State"]
    limited = bool(inspect["HostConfig"].get("Memory"))
    return limited and state["ExitCode"] == _KILLED and not state["OOMKilled"]
