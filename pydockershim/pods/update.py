"""UpdatePodSandboxResources: the kubelet says what it has given the pod's cgroup, already.

There is nothing to do but to remember it for the verbose status. The loss of the state directory
costs just that.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.pods.tools import PodTools
from pydockershim.translate.plain import plain


def update(tools: PodTools, request: cri.UpdatePodSandboxResourcesRequest) -> None:
    """Remember a sandbox's overhead and resources; NotFound without the sandbox."""
    sandbox = tools.view.sandbox(request.pod_sandbox_id)
    with tools.locks.hold(sandbox.record.name):
        tools.view.sandbox(sandbox.id)  # it may have been removed meanwhile
        fact = {"overhead": plain(request.overhead), "resources": plain(request.resources)}
        tools.accepted.write(sandbox.id, fact)
    # Of those that were removed behind our back.
    tools.accepted.keep_only({each.id for each in tools.view.items()})
