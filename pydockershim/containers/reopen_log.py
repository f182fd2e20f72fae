"""ReopenContainerLog: the kubelet has renamed the log file; the next line goes into a new one."""

from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.preconditions import require_running


def reopen_log(deps: ContainerDeps, container_id: str) -> None:
    """Return when the new file is there.

    FailedPrecondition: the container does not run, or no log of it is written.
    """
    deps.container_logs.reopen(require_running(deps.view, container_id).id)
