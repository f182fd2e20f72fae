"""The security contexts of a pod and its containers.

- A container's own runAsUser, runAsGroup, runAsNonRoot and seccompProfile win over the pod's;
  supplementalGroups, sysctls and the namespaces are the pod's alone.
- The pause process always runs under the runtime's default seccomp profile; a container
  without a profile runs unconfined, as is the kubelet's default.
- procMount `Unmasked` sends empty lists of masked and read-only paths, `Default` the kubelet's.
- A pod may be privileged when one of its containers is.
"""

from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.fields import Fields
from pydockershim.client.manifest.node import Node

_PROFILES = {
    "RuntimeDefault": cri.SecurityProfile.RuntimeDefault,
    "Unconfined": cri.SecurityProfile.Unconfined,
    "Localhost": cri.SecurityProfile.Localhost,
}
_MASKED = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
_READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_PROC_MOUNTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Default": (_MASKED, _READONLY),
    "Unmasked": ((), ()),
}


@dataclass(frozen=True, kw_only=True)
class PodSecurity:
    """What a pod sets for all its containers."""

    namespaces: cri.NamespaceOption
    user: int | None
    group: int | None
    non_root: bool
    supplemental_groups: tuple[int, ...]
    sysctls: dict[str, str]
    seccomp: cri.SecurityProfile


def read_pod_security(spec: Fields, node: Node) -> PodSecurity:
    """Read the pod's `securityContext` and its host namespaces."""
    context = spec.section("securityContext")
    unconfined = cri.SecurityProfile(profile_type=cri.SecurityProfile.Unconfined)
    return PodSecurity(
        namespaces=_cri_namespaces(spec),
        user=context.integer("runAsUser"),
        group=context.integer("runAsGroup"),
        non_root=bool(context.flag("runAsNonRoot")),
        supplemental_groups=tuple(context.integers("supplementalGroups")),
        sysctls={
            sysctl.required("name"): sysctl.text("value") for sysctl in context.sections("sysctls")
        },
        seccomp=_cri_seccomp(context, node, default=unconfined),
    )


def cri_sandbox_security(
    security: PodSecurity, *, privileged: bool
) -> cri.LinuxSandboxSecurityContext:
    """Return the security context of the pause process."""
    return cri.LinuxSandboxSecurityContext(
        namespace_options=security.namespaces,
        run_as_user=_cri_int64(security.user),
        run_as_group=_cri_int64(security.group),
        supplemental_groups=security.supplemental_groups,
        privileged=privileged,
        seccomp=cri.SecurityProfile(profile_type=cri.SecurityProfile.RuntimeDefault),
    )


def read_container_security(
    fields: Fields, pod: PodSecurity, node: Node
) -> tuple[cri.LinuxContainerSecurityContext, bool]:
    """Read a container's `securityContext`; also say whether it must not run as root."""
    context = fields.section("securityContext")
    non_root = context.flag("runAsNonRoot")
    user, group = context.integer("runAsUser"), context.integer("runAsGroup")
    masked, readonly = context.choice("procMount", _PROC_MOUNTS, "Default")
    capabilities = "capabilities" in context
    security = cri.LinuxContainerSecurityContext(
        capabilities=_cri_capabilities(context) if capabilities else None,
        privileged=bool(context.flag("privileged")),
        namespace_options=pod.namespaces,
        run_as_user=_cri_int64(pod.user if user is None else user),
        run_as_group=_cri_int64(pod.group if group is None else group),
        supplemental_groups=pod.supplemental_groups,
        readonly_rootfs=bool(context.flag("readOnlyRootFilesystem")),
        no_new_privs=context.flag("allowPrivilegeEscalation") is False,
        masked_paths=masked,
        readonly_paths=readonly,
        seccomp=_cri_seccomp(context, node, default=pod.seccomp),
    )
    return security, pod.non_root if non_root is None else non_root


def _cri_namespaces(spec: Fields) -> cri.NamespaceOption:
    host_network, host_ipc, host_pid = (
        bool(spec.flag(name)) for name in ("hostNetwork", "hostIPC", "hostPID")
    )
    # A container has a process namespace of its own unless the pod says otherwise.
    own = cri.POD if spec.flag("shareProcessNamespace") else cri.CONTAINER
    return cri.NamespaceOption(
        network=cri.NODE if host_network else cri.POD,
        ipc=cri.NODE if host_ipc else cri.POD,
        pid=cri.NODE if host_pid else own,
    )


def _cri_seccomp(
    context: Fields, node: Node, *, default: cri.SecurityProfile
) -> cri.SecurityProfile:
    if "seccompProfile" not in context:
        return default
    profile = context.section("seccompProfile")
    kind = profile.choice("type", _PROFILES, "")
    if kind != cri.SecurityProfile.Localhost:
        return cri.SecurityProfile(profile_type=kind)
    path = node.seccomp_root / profile.required("localhostProfile")
    return cri.SecurityProfile(profile_type=kind, localhost_ref=str(path))


def _cri_capabilities(context: Fields) -> cri.Capability:
    capabilities = context.section("capabilities")
    return cri.Capability(
        add_capabilities=capabilities.texts("add"), drop_capabilities=capabilities.texts("drop")
    )


def _cri_int64(value: int | None) -> cri.Int64Value | None:
    return None if value is None else cri.Int64Value(value=value)
