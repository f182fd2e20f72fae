"""RemoveContainer: by force and with its anonymous volumes. Idempotent.

The log file stays: it is the kubelet's.
"""

from pydockershim.containers.tools import ContainerTools
from pydockershim.errors import NotFound


def remove(tools: ContainerTools, container_id: str) -> None:
    """Return when the container is gone; one that is not there is."""
    try:
        container = tools.view.container(container_id)
    except NotFound:
        return
    tools.engine.remove_container(container.id)
    tools.view.forget(container.id)
