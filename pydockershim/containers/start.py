"""StartContainer: only from CREATED, only in a READY sandbox.

Docker would restart an exited container and forget its exit code; the CRI forbids that.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.containers.deps import ContainerDeps
from pydockershim.containers.preconditions import require_ready
from pydockershim.errors import FailedPrecondition


def start(deps: ContainerDeps, container_id: str) -> None:
    """Return when the container is running.

    FailedPrecondition when it is not CREATED, its sandbox is not READY, or its log file cannot be
    created: the file exists before the container starts. A failed start leaves the container EXITED
    with reason ContainerCannotRun, and the error has Docker's message.
    """
    container = deps.view.container(container_id)
    sandbox = deps.view.sandbox(container.record.sandbox_id)
    with deps.locks.hold(sandbox.record.name):
        require_ready(deps.view.sandbox(sandbox.id))
        state = deps.view.container(container.id).state
        if state != cri.CONTAINER_CREATED:
            raise FailedPrecondition(
                f"container {container.id} is {cri.ContainerState.Name(state)}; only a CREATED "
                "container can be started: create a new one"
            )
        deps.container_logs.begin(container, sandbox)
        try:
            deps.engine.containers.start(container.id)
        finally:
            # The container may be running although the engine returned an error or no answer.
            if deps.store.refresh(container.id).engine_state == "created":
                deps.container_logs.finish([container.id])
