"""RemoveContainer: by force and with its anonymous volumes. Idempotent.

A running one is killed first, so that its last lines come into its log. The log file stays: it is
the kubelet's.
"""

from contextlib import suppress

from pydockershim import calls
from pydockershim.containers.deps import ContainerDeps
from pydockershim.errors import NotFound


def remove(deps: ContainerDeps, container_id: str) -> None:
    """Return when the container is gone; one that is not there is."""
    try:
        container = deps.view.container(container_id)
    except NotFound:
        return
    with calls.shielded():
        if container.running:
            with suppress(NotFound):  # somebody else has removed it
                deps.engine.kill_container(container.id, signal="KILL")
        deps.logs.finish([container.id])
        deps.engine.remove_container(container.id)
    deps.store.forget(container.id)
