"""The namespaces of a sandbox and its containers.

Sandbox                              | its containers
- network POD (or CONTAINER, never sent): the pod network's mode | `container:<sandbox>`
- network NODE: `host`, `UTSMode` host | `container:<sandbox>`, `UTSMode` host
- pid POD: its own | `container:<sandbox>`
- pid CONTAINER: its own | its own
- pid NODE: `host` | `host`
- ipc POD: `shareable` | `container:<sandbox>`
- ipc NODE: `host` | `host`; ipc CONTAINER: `private`
- uts follows the network; Docker cannot join one, so each container has a copy of the hostname.
- cgroup: private on cgroup v2 unless privileged, else the host's; always set, because the daemon's
  default differs.
- user: the host's. Docker has one mapping for the whole daemon only; where it is enabled, pods opt
  out of it, because host namespaces and volumes would break.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import Unsupported
from pydockershim.labels.record import SandboxRecord
from pydockershim.translate.checks import invalid

_CONTEXT = "linux.security_context"
_OPTIONS = f"{_CONTEXT}.namespace_options"
_CGROUP_V2 = 2


def recorded(options: cri.NamespaceOption) -> dict[str, str]:
    """Return what a sandbox's record keeps: the name of each mode."""
    for name, mode in (
        ("network", options.network),
        ("pid", options.pid),
        ("ipc", options.ipc),
    ):
        if mode not in {cri.POD, cri.CONTAINER, cri.NODE}:
            raise invalid(
                f"{_OPTIONS}.{name}",
                f"{_name(mode)} is not a valid sandbox namespace mode; use POD or NODE",
            )
    return {
        "network": _name(options.network),
        "pid": _name(options.pid),
        "ipc": _name(options.ipc),
    }


def on_host_network(record: SandboxRecord) -> bool:
    """Say whether the sandbox uses the host's network namespace."""
    return record.namespaces.get("network") == "NODE"


def on_host_ipc(record: SandboxRecord) -> bool:
    """Say whether the sandbox uses the host's IPC namespace."""
    return record.namespaces.get("ipc") == "NODE"


def docker_sandbox_namespaces(
    options: cri.NamespaceOption, record: SandboxRecord, *, network_mode: str
) -> dict[str, str]:
    """Return the namespace modes of a pause container's `HostConfig`."""
    _check_user_namespace(options.userns_options, given=options.HasField("userns_options"))
    modes = {
        "NetworkMode": "host" if on_host_network(record) else network_mode,
        "IpcMode": "host" if on_host_ipc(record) else "shareable",
    }
    if on_host_network(record):
        modes["UTSMode"] = "host"
    if record.namespaces.get("pid") == "NODE":
        modes["PidMode"] = "host"
    return modes


def docker_container_namespaces(
    context: cri.LinuxContainerSecurityContext, sandbox_id: str, sandbox: SandboxRecord
) -> dict[str, str]:
    """Return the namespace modes of a container's `HostConfig`.

    Without namespace options the container has the modes of its sandbox.
    """
    options = context.namespace_options
    _check_user_namespace(options.userns_options, given=options.HasField("userns_options"))
    given = context.HasField("namespace_options")
    pid = _name(options.pid) if given else sandbox.namespaces.get("pid", "POD")
    ipc = _name(options.ipc) if given else sandbox.namespaces.get("ipc", "POD")
    modes = {
        "NetworkMode": f"container:{sandbox_id}",
        "IpcMode": _ipc_mode(ipc, sandbox_id),
    }
    if on_host_network(sandbox):
        modes["UTSMode"] = "host"
    if pid_mode := _pid_mode(pid, sandbox_id):
        modes["PidMode"] = pid_mode
    return modes


def docker_confinement(features: EngineFeatures, *, privileged: bool) -> dict[str, str]:
    """Return the cgroup and user namespace modes, the same for sandboxes and containers."""
    private = features.cgroup_version == _CGROUP_V2 and not privileged
    modes = {"CgroupnsMode": "private" if private else "host"}
    return modes | ({"UsernsMode": "host"} if features.userns_remap else {})


def _pid_mode(mode: str, sandbox_id: str) -> str:
    modes = {"POD": f"container:{sandbox_id}", "CONTAINER": "", "NODE": "host"}
    if mode not in modes:
        raise invalid(
            f"{_OPTIONS}.pid",
            f"{mode} is not a valid PID namespace mode; use POD, CONTAINER or NODE",
        )
    return modes[mode]


def _ipc_mode(mode: str, sandbox_id: str) -> str:
    modes = {"POD": f"container:{sandbox_id}", "CONTAINER": "private", "NODE": "host"}
    if mode not in modes:
        raise invalid(
            f"{_OPTIONS}.ipc",
            f"{mode} is not a valid IPC namespace mode; use POD, CONTAINER or NODE",
        )
    return modes[mode]


def _check_user_namespace(userns: cri.UserNamespace, *, given: bool) -> None:
    field = f"{_OPTIONS}.userns_options"
    if not given:
        return
    if userns.mode == cri.NODE:
        if userns.uids or userns.gids:
            raise invalid(field, "mappings are set with mode NODE; send none")
        return
    if userns.mode != cri.POD:
        raise invalid(
            f"{field}.mode",
            f"{_name(userns.mode)} is not a valid user namespace mode; use POD or NODE",
        )
    for name, mappings in (("uids", userns.uids), ("gids", userns.gids)):
        if len(mappings) != 1 or mappings[0].container_id or not mappings[0].length:
            raise invalid(f"{field}.{name}", "send exactly one mapping, which covers id 0")
    raise Unsupported(
        f"{field}: Docker does not support user namespaces per pod; set hostUsers: true"
    )


def _name(mode: int) -> str:
    known = cri.NamespaceMode.DESCRIPTOR.values_by_number
    return known[mode].name if mode in known else str(mode)
