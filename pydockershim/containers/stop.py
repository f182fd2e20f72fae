"""StopContainer: the stop signal, the grace period, then SIGKILL. Idempotent.

- A grace period of 0 or less is a SIGKILL at once. (Docker's own stop would send the stop signal
  first, and wait for ever below 0.)
- Several clients may stop one container: the signal is sent once, and the shortest of their grace
  periods ends it.
- A caller who goes away changes nothing: the container is stopped all the same.
"""

from pydockershim import calls
from pydockershim.containers.deps import ContainerDeps
from pydockershim.errors import NotFound, Unknown

# After SIGKILL only a process in uninterruptible sleep lives on.
_KILLED_WITHIN_S = 10.0
_LONGEST_GRACE_S = 10**9  # 30 years: sockets take no longer time limit


def stop(deps: ContainerDeps, container_id: str, *, grace_s: int) -> None:
    """Return when the container has ended; one that is not there or does not run has."""
    try:
        container = deps.view.container(container_id)
        if container.running:
            with calls.shielded():
                _end(deps, container.id, container.stop_signal, min(grace_s, _LONGEST_GRACE_S))
            deps.store.refresh_ended(container.id)
    except NotFound:
        return


def _end(deps: ContainerDeps, container_id: str, stop_signal: str, grace_s: int) -> None:
    with deps.stopping.joined(container_id) as first:
        if grace_s > 0:
            if first:
                deps.engine.kill_container(container_id, signal=stop_signal)
            if deps.engine.wait_not_running(container_id, timeout_s=grace_s):
                return
        deps.engine.kill_container(container_id, signal="KILL")
        if not deps.engine.wait_not_running(container_id, timeout_s=_KILLED_WITHIN_S):
            raise Unknown(
                f"container {container_id} lives on after SIGKILL: its process hangs in the "
                "kernel (look for state D in ps); try again later"
            )
