"""The pod's sysctls: set on the sandbox, which owns their namespaces.

- Only namespaced sysctls: `net.*` unless the pod is on the host's network; System V IPC and POSIX
  message queues unless it has the host's IPC; the NIS domain name.
- Names and values go to the daemon as a JSON object, never joined into a line.
- Docker itself sets `net.ipv4.ip_unprivileged_port_start` and `net.ipv4.ping_group_range` where
  the pod does not.
"""

import re
from collections.abc import Mapping

from pydockershim.translate.checks import invalid, plain_text

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]*([./][a-zA-Z0-9_-]+)*")
_IPC = frozenset(
    f"kernel.{name}"
    for name in (
        "msgmax",
        "msgmnb",
        "msgmni",
        "sem",
        "shm_rmid_forced",
        "shmall",
        "shmmax",
        "shmmni",
    )
)
_UTS = frozenset({"kernel.domainname"})


def docker_sysctls(
    sysctls: Mapping[str, str], *, own_network: bool, own_ipc: bool
) -> dict[str, str]:
    """Return `HostConfig.Sysctls`; InvalidArgument for what would affect the host."""
    for name, value in sysctls.items():
        field = f"linux.sysctls[{name!r}]"
        if not _NAME.fullmatch(name):
            raise invalid(field, "is not a sysctl name; use letters, digits, '_', '-', '.', '/'")
        plain_text(field, value.replace("\t", " "))
        _check_namespaced(field, name.replace("/", "."), own_network=own_network, own_ipc=own_ipc)
    return dict(sysctls)


def _check_namespaced(field: str, name: str, *, own_network: bool, own_ipc: bool) -> None:
    if name.startswith("net."):
        if not own_network:
            raise invalid(
                field, "would change the host's network; remove it from pods with host network"
            )
        return
    if name in _IPC or name.startswith("fs.mqueue."):
        if not own_ipc:
            raise invalid(field, "would change the host's IPC; remove it from pods with host IPC")
        return
    if name not in _UTS:
        raise invalid(field, "is not namespaced and would change the host; set it on the node")
