"""RemoveContainer: by force and with its anonymous volumes. Idempotent.

A running container is killed first, so that its last lines get into its log. The log file stays: it
belongs to the kubelet.
"""

from contextlib import suppress

from pydockershim import calls
from pydockershim.containers.deps import ContainerDeps
from pydockershim.errors import NotFound


def remove(deps: ContainerDeps, container_id: str) -> None:
    """Return when the container is gone; do nothing if it does not exist."""
    try:
        container = deps.view.container(container_id)
    except NotFound:
        return
    with calls.shielded():
        if container.running:
            with suppress(NotFound):  # another client has removed it
                deps.engine.containers.kill(container.id, signal="KILL")
        deps.container_logs.finish([container.id])
        deps.engine.containers.remove(container.id)
    deps.store.forget(container.id)
