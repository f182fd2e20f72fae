"""UpdatePodSandboxResources: the kubelet says what it has given the pod's cgroup, already.

There is nothing to do but to remember it for the verbose status. The loss of the state directory
costs just that.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.pods.deps import PodDeps
from pydockershim.translate.as_json import as_json


def update(deps: PodDeps, request: cri.UpdatePodSandboxResourcesRequest) -> None:
    """Remember a sandbox's overhead and resources; NotFound without the sandbox."""
    sandbox = deps.view.sandbox(request.pod_sandbox_id)
    with deps.locks.hold(sandbox.record.name):
        deps.view.sandbox(sandbox.id)  # it may have been removed meanwhile
        fact = {"overhead": as_json(request.overhead), "resources": as_json(request.resources)}
        deps.pod_resources.write(sandbox.id, fact)
    # Of those that were removed behind our back.
    deps.pod_resources.keep_only({each.id for each in deps.store.items()})
