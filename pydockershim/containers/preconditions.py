"""What must be true before a procedure acts on a pod or a container."""

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import FailedPrecondition
from pydockershim.view.items import ContainerItem, SandboxItem
from pydockershim.view.view import View


def require_ready(sandbox: SandboxItem) -> None:
    """Raise FailedPrecondition when nothing can join the sandbox now."""
    if not sandbox.ready:
        raise FailedPrecondition(
            f"sandbox {sandbox.id} is not READY: stop and remove it, then run a new one"
        )


def require_running(view: View, container_id: str) -> ContainerItem:
    """Return a container that runs; NotFound, or FailedPrecondition when it does not run."""
    container = view.container(container_id)
    if not container.running:
        raise FailedPrecondition(
            f"container {container.id} is {cri.ContainerState.Name(container.state)}, not "
            "CONTAINER_RUNNING: start it first, or create a new one if it has exited"
        )
    return container
