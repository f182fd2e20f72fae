"""RemovePodSandbox: stop the pod, remove its containers, then its pause container.

In this order a failed removal can be repeated: what is left still belongs to a sandbox. The removal
continues when the caller disconnects.
"""

from pydockershim import calls
from pydockershim.errors import NotFound
from pydockershim.pods import stop
from pydockershim.pods.deps import PodDeps
from pydockershim.view.items import SandboxItem


def remove(deps: PodDeps, sandbox_id: str) -> None:
    """Remove a pod and all its containers; do nothing if it does not exist."""
    try:
        sandbox = deps.view.sandbox(sandbox_id)
    except NotFound:
        return
    with deps.locks.hold(sandbox.record.name), calls.shielded():
        tear_down(deps, sandbox)


def tear_down(deps: PodDeps, sandbox: SandboxItem) -> None:
    """Remove a pod whose lock is held."""
    stop.end(deps, sandbox)
    containers = [each.id for each in deps.view.containers_of(sandbox.id)]
    deps.log_writers.finish(containers)
    for each in (*containers, sandbox.id):
        deps.engine.containers.remove(each)
        deps.store.forget(each)
    deps.pod_resources.remove(sandbox.id)
