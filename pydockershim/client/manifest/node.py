"""What a kubelet knows of its node and its own settings, besides the manifest."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Node:
    """The node that a manifest is read for.

    `volumes_root` holds a folder for each pod, named by its uid, as /var/lib/kubelet/pods does.
    `cgroup_root` is the absolute path under which each pod gets a parent cgroup by its QoS class;
    without one, the engine's default applies. With `cgroup_systemd` the
    parents are named as systemd's slices.
    `memory_bytes` is the node's capacity, on which the OOM scores of burstable pods depend.
    `hugepage_sizes` are those of the kernel, such as `2MB`; the kubelet sets a limit for each.
    `resolv_conf` is the content of the node's own file; `cluster_dns` are the cluster's servers.
    """

    volumes_root: Path
    memory_bytes: int
    logs_root: Path = Path("/var/log/pods")
    seccomp_root: Path = Path("/var/lib/kubelet/seccomp")
    cgroup_root: str = ""
    cgroup_systemd: bool = False
    hugepage_sizes: tuple[str, ...] = ()
    resolv_conf: str = ""
    cluster_dns: tuple[str, ...] = ()
    cluster_domain: str = "cluster.local"
