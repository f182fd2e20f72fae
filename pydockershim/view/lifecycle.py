"""The lifecycle events between two states of an object, as types of the CRI's container events.

- A sandbox is created and started when it is READY; an incomplete sandbox causes no event.
- A container whose start failed was never started, but it has stopped.
- Several steps at once (a short run, the removal of a running container) are reported as one event
  per step, in order.
"""

from collections.abc import Sequence

from pydockershim.api import runtime_v1 as cri
from pydockershim.labels import naming
from pydockershim.view.items import ContainerItem, Item, SandboxItem

_LIFECYCLE = (
    cri.CONTAINER_CREATED_EVENT,
    cri.CONTAINER_STARTED_EVENT,
    cri.CONTAINER_STOPPED_EVENT,
)
# How many steps of the lifecycle have been taken.
_ABSENT, _CREATED, _RUNNING, _ENDED = range(4)

_CONTAINER_STAGES: dict[int, int] = {
    cri.CONTAINER_CREATED: _CREATED,
    cri.CONTAINER_RUNNING: _RUNNING,
    cri.CONTAINER_EXITED: _ENDED,
}


def steps(before: Item | None, after: Item | None) -> Sequence[int]:
    """Return the types of the events from `before` to `after`; None: does not exist."""
    was, now = _stage(before), _stage(after)
    if after is None and was != _ABSENT:
        stopped = _LIFECYCLE[_RUNNING:] if was == _RUNNING else ()
        return (*stopped, cri.CONTAINER_DELETED_EVENT)
    if now < was:  # another client has restarted it
        return _LIFECYCLE[now - 1 : now]
    passed = _LIFECYCLE[was:now]
    if isinstance(after, ContainerItem) and not after.has_run:
        return tuple(step for step in passed if step != cri.CONTAINER_STARTED_EVENT)
    return passed


def _stage(item: Item | None) -> int:
    if item is None:
        return _ABSENT
    if isinstance(item, ContainerItem):
        return _CONTAINER_STAGES[item.state]
    return _sandbox_stage(item)


def _sandbox_stage(sandbox: SandboxItem) -> int:
    if sandbox.ready:
        return _RUNNING
    return _ABSENT if naming.is_setup(sandbox.name) else _ENDED
