"""StopPodSandbox: kill the pod's containers, detach its network, kill its pause container.

Safe to repeat, and safe for a sandbox that is incomplete or partly removed. It continues when the
caller disconnects: a sandbox without its network must not stay READY. There is no grace period:
the kubelet stops the containers one by one before this call.
"""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from pydockershim import calls
from pydockershim.errors import NotFound
from pydockershim.pods.deps import PodDeps
from pydockershim.view.items import SandboxItem

_AT_ONCE = 8


def stop(deps: PodDeps, sandbox_id: str) -> None:
    """Stop a pod; do nothing if it does not exist."""
    try:
        sandbox = deps.view.sandbox(sandbox_id)
    except NotFound:
        return
    with deps.locks.hold(sandbox.record.name), calls.shielded():
        end(deps, sandbox)


def end(deps: PodDeps, sandbox: SandboxItem) -> None:
    """Stop a pod whose lock is held."""
    running = [each.id for each in deps.view.containers_of(sandbox.id) if each.running]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="kill") as pool:
        kills = [pool.submit(copy_context().run, _kill, deps, each) for each in running]
    for each in kills:
        each.result()
    if not sandbox.host_network:
        network = deps.networks.of(sandbox.record)
        network.detach(sandbox.id, pid=sandbox.pid, record=sandbox.record)
    _kill(deps, sandbox.id)


def _kill(deps: PodDeps, container_id: str) -> None:
    """Kill a container; the engine answers when it has exited."""
    try:
        deps.engine.containers.kill(container_id, signal="KILL")
        deps.store.refresh_ended(container_id)
    except NotFound:
        deps.store.forget(container_id)
