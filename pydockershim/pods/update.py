"""UpdatePodSandboxResources: the kubelet reports what it has set on the pod's cgroup.

Nothing is changed; the report is kept for the verbose status. If the state directory is lost, only
that is missing.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.pods.deps import PodDeps
from pydockershim.translate.as_json import as_json


def update(deps: PodDeps, request: cri.UpdatePodSandboxResourcesRequest) -> None:
    """Store a sandbox's overhead and resources; NotFound when it does not exist."""
    sandbox = deps.view.sandbox(request.pod_sandbox_id)
    with deps.locks.hold(sandbox.record.name):
        deps.view.sandbox(sandbox.id)  # it may have been removed in the meantime
        fact = {"overhead": as_json(request.overhead), "resources": as_json(request.resources)}
        deps.pod_resources.write(sandbox.id, fact)
    # Drop the files of sandboxes that were removed without RemovePodSandbox.
    deps.pod_resources.keep_only({each.id for each in deps.store.items()})
