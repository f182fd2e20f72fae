"""What happened between two looks at an object, in the words of the CRI's container events.

- A sandbox is created and started when it is READY, all at once; what is in the making is not told.
- A container whose start failed was never started, but it has stopped.
- What has been missed (several steps between two looks, a removal of something that ran) is told
  step by step, in order.
"""

from collections.abc import Sequence

from pydockershim.api import runtime_v1 as cri
from pydockershim.labels import naming
from pydockershim.view.items import ContainerItem, Item, SandboxItem

_COURSE = (
    cri.CONTAINER_CREATED_EVENT,
    cri.CONTAINER_STARTED_EVENT,
    cri.CONTAINER_STOPPED_EVENT,
)
# How many steps of the course have been taken.
_UNTOLD, _CREATED, _RUNNING, _ENDED = range(4)

_CONTAINER_STAGES: dict[int, int] = {
    cri.CONTAINER_CREATED: _CREATED,
    cri.CONTAINER_RUNNING: _RUNNING,
    cri.CONTAINER_EXITED: _ENDED,
}


def steps(before: Item | None, after: Item | None) -> Sequence[int]:
    """Return the types of the events that lead from one look to the next; None: not there."""
    was, now = _stage(before), _stage(after)
    if after is None and was != _UNTOLD:
        stopped = _COURSE[_RUNNING:] if was == _RUNNING else ()
        return (*stopped, cri.CONTAINER_DELETED_EVENT)
    if now < was:  # somebody has started it again
        return _COURSE[now - 1 : now]
    passed = _COURSE[was:now]
    if isinstance(after, ContainerItem) and not after.has_run:
        return tuple(step for step in passed if step != cri.CONTAINER_STARTED_EVENT)
    return passed


def _stage(item: Item | None) -> int:
    if item is None:
        return _UNTOLD
    if isinstance(item, ContainerItem):
        return _CONTAINER_STAGES[item.state]
    return _sandbox_stage(item)


def _sandbox_stage(sandbox: SandboxItem) -> int:
    if sandbox.ready:
        return _RUNNING
    return _UNTOLD if naming.is_setup(sandbox.name) else _ENDED
