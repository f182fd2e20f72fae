"""What must be true before a procedure acts on a container."""

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import FailedPrecondition
from pydockershim.view.items import ContainerItem
from pydockershim.view.view import View


def running(view: View, container_id: str) -> ContainerItem:
    """Return a running container; NotFound, or FailedPrecondition when it is not running."""
    container = view.container(container_id)
    if not container.running:
        raise FailedPrecondition(
            f"container {container.id} is {cri.ContainerState.Name(container.state)}; it must be "
            "running"
        )
    return container
