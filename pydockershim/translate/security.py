"""Privileges and confinement of a container.

- Capabilities: upper case, without `CAP_`; `ALL` is kept. The base set is Docker's default.
- Privileged requires a privileged sandbox. It has no masked paths, no seccomp and the host's cgroup
  namespace.
- Masked and read-only paths: the list that was sent, even if empty; null would mean Docker's own
  lists. COMPAT(dockerd): null for a privileged container, where a list would be applied.
- `no_new_privs`: `no-new-privileges`, set to false where the daemon's default is true.
- Seccomp: see `seccomp`; identity: see `identity`.
"""

import re
from collections.abc import Iterable

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.errors import FailedPrecondition
from pydockershim.labels.record import SandboxRecord
from pydockershim.translate.checks import absolute_path, invalid
from pydockershim.translate.seccomp import docker_seccomp

_FIELD = "linux.security_context"
_CAPABILITY = re.compile(r"[A-Z][A-Z_]*")


def docker_security(
    context: cri.LinuxContainerSecurityContext,
    *,
    sandbox: SandboxRecord,
    seccomp_profile: str | None,
    features: EngineFeatures,
) -> Json:
    """Return the security fields of a container's `HostConfig`.

    FailedPrecondition for a privileged container in an unprivileged sandbox.
    """
    privileged = context.privileged
    if privileged and not sandbox.privileged:
        raise FailedPrecondition(
            f"{_FIELD}.privileged: pod {sandbox.namespace}/{sandbox.pod} is not a "
            "privileged sandbox; run it with linux.security_context.privileged"
        )
    seccomp = docker_seccomp(
        context, profile=seccomp_profile, features=features, privileged=privileged
    )
    return {
        "Privileged": privileged,
        "ReadonlyRootfs": context.readonly_rootfs,
        "CapAdd": _capabilities("add_capabilities", context.capabilities.add_capabilities),
        "CapDrop": _capabilities("drop_capabilities", context.capabilities.drop_capabilities),
        "SecurityOpt": [*seccomp, *_no_new_privileges(context.no_new_privs, features)],
        **({} if privileged else _paths(context)),
    }


def _capabilities(name: str, capabilities: Iterable[str]) -> list[str]:
    """Return the names as Docker spells them; Docker itself refuses unknown ones."""
    spelled = [capability.upper().removeprefix("CAP_") for capability in capabilities]
    for index, capability in enumerate(spelled):
        if not _CAPABILITY.fullmatch(capability):
            raise invalid(
                f"{_FIELD}.capabilities.{name}[{index}]",
                f"{capability!r} is not a capability; use a name such as NET_ADMIN",
            )
    return list(dict.fromkeys(spelled))


def _no_new_privileges(wanted: bool, features: EngineFeatures) -> list[str]:  # noqa: FBT001  # the field itself
    if wanted:
        return ["no-new-privileges"]
    return ["no-new-privileges=false"] if features.no_new_privileges_by_default else []


def _paths(context: cri.LinuxContainerSecurityContext) -> Json:
    for name, paths in (
        ("masked_paths", context.masked_paths),
        ("readonly_paths", context.readonly_paths),
    ):
        for index, path in enumerate(paths):
            absolute_path(f"{_FIELD}.{name}[{index}]", path)
    return {
        "MaskedPaths": list(context.masked_paths),
        "ReadonlyPaths": list(context.readonly_paths),
    }
