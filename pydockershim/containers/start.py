"""StartContainer: only from CREATED, only in a pod that runs.

Docker would start an exited container again and forget how it ended; the CRI forbids that.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.preconditions import require_ready
from pydockershim.errors import FailedPrecondition


def start(deps: ContainerDeps, container_id: str) -> None:
    """Return when the container runs.

    FailedPrecondition when it is not CREATED, its sandbox is not READY, or its log file cannot be
    made: the file is there before the container starts. A start that fails leaves
    the container EXITED with reason ContainerCannotRun, and the error has Docker's own words.
    """
    container = deps.view.container(container_id)
    sandbox = deps.view.sandbox(container.record.sandbox_id)
    with deps.locks.hold(sandbox.record.name):
        require_ready(deps.view.sandbox(sandbox.id))
        state = deps.view.container(container.id).state
        if state != cri.CONTAINER_CREATED:
            raise FailedPrecondition(
                f"container {container.id} is {cri.ContainerState.Name(state)}; only a CREATED "
                "container can be started, so create a new one"
            )
        deps.logs.begin(container, sandbox)
        try:
            deps.engine.start_container(container.id)
        finally:
            # A container may run although the engine's answer says no, or was lost.
            if deps.store.refresh(container.id).engine_state == "created":
                deps.logs.finish([container.id])
