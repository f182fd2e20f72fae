"""A container that something is to be done in: it must run."""

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import FailedPrecondition
from pydockershim.view.items import ContainerItem
from pydockershim.view.view import View


def running(view: View, container_id: str) -> ContainerItem:
    """Return a container that runs; NotFound, or FailedPrecondition when it does not run."""
    container = view.container(container_id)
    if not container.running:
        raise FailedPrecondition(
            f"container {container.id} is {cri.ContainerState.Name(container.state)}; this can be "
            "done with a running one only"
        )
    return container
