"""StopContainer: the stop signal, the grace period, then SIGKILL. Idempotent.

- A grace period of 0 or less means SIGKILL at once. (Docker's own stop would send the stop signal
  first, and wait without limit below 0.)
- Several clients may stop one container: the signal is sent once, and the shortest of their grace
  periods applies.
- The stop continues when the caller disconnects.
"""

from pydockershim import calls
from pydockershim.containers.deps import ContainerDeps
from pydockershim.errors import NotFound, Unknown
from pydockershim.view.items import ContainerItem

# Only a process in uninterruptible sleep survives SIGKILL for longer.
_KILLED_WITHIN_S = 10.0
_LONGEST_GRACE_S = 10**9  # 30 years: sockets accept no longer timeout


def stop(deps: ContainerDeps, container_id: str, *, grace_s: int) -> None:
    """Return when the container has exited; do nothing if it is not running."""
    try:
        container = deps.view.container(container_id)
        if container.running:
            with calls.shielded():
                _end(deps, container, grace_s=min(grace_s, _LONGEST_GRACE_S))
            deps.store.refresh_ended(container.id)
    except NotFound:
        return


def _end(deps: ContainerDeps, container: ContainerItem, *, grace_s: int) -> None:
    with deps.stopping.joined(container.id) as first:
        if grace_s > 0:
            if first:
                deps.engine.containers.kill(container.id, signal=container.stop_signal)
            if deps.engine.containers.wait_not_running(container.id, timeout_s=grace_s):
                return
        deps.engine.containers.kill(container.id, signal="KILL")
        if not deps.engine.containers.wait_not_running(container.id, timeout_s=_KILLED_WITHIN_S):
            raise Unknown(
                f"container {container.id} is still running after SIGKILL: its process is blocked "
                "in the kernel (state D in ps); try again later"
            )
