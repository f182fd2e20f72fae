"""RemovePodSandbox: stopped first, then its containers go, then its pause container.

The order lets a failure in between be repeated: what is left still belongs to a sandbox. A caller
who goes away changes nothing.
"""

from pydockershim import calls
from pydockershim.errors import NotFound
from pydockershim.pods import stop
from pydockershim.pods.tools import PodTools
from pydockershim.view.items import SandboxItem


def remove(tools: PodTools, sandbox_id: str) -> None:
    """Remove a pod and all its containers; one that is not there is removed already."""
    try:
        sandbox = tools.view.sandbox(sandbox_id)
    except NotFound:
        return
    with tools.locks.hold(sandbox.record.name), calls.shielded():
        tear_down(tools, sandbox)


def tear_down(tools: PodTools, sandbox: SandboxItem) -> None:
    """Remove a pod whose lock is held."""
    stop.end(tools, sandbox)
    containers = [each.id for each in tools.view.containers_of(sandbox.id)]
    tools.logs.finish(containers)
    for each in (*containers, sandbox.id):
        tools.engine.remove_container(each)
        tools.view.forget(each)
    tools.accepted.remove(sandbox.id)
