"""The runtime as a whole: Version, Status, RuntimeConfig.

- The runtime name is `docker`: the kubelet builds `docker://<id>` from it.
- `runtime_version` is the daemon's as a semantic version, which the kubelet requires.
- A runtime handler is a Docker runtime by name; "" is the daemon's default.
  COMPAT(cri-dockerd): `docker` means the default too.
- `CgroupDriver` has SYSTEMD at 0, so the driver is always set.
- Only implemented features are advertised: the kubelet would send pods that need the others.
"""

import json
import re

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import FailedPrecondition
from pydockershim.labels import cri_dockerd
from pydockershim.translate.checks import invalid

_KUBELET_API_VERSION = "0.1.0"
_RUNTIME_NAME = "docker"
_DEFAULT_HANDLERS = ("", cri_dockerd.DEFAULT_HANDLER)
_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?([-+][0-9A-Za-z.+-]*)?.*")
_CGROUP_DRIVERS = {"systemd": cri.SYSTEMD, "cgroupfs": cri.CGROUPFS}


def cri_version(features: EngineFeatures, *, service: str) -> cri.VersionResponse:
    """Return names and versions; `service` is the CRI version that the caller uses."""
    return cri.VersionResponse(
        version=_KUBELET_API_VERSION,
        runtime_name=_RUNTIME_NAME,
        runtime_version=semantic_version(features.server_version),
        runtime_api_version=service,
    )


def cri_runtime_config(features: EngineFeatures) -> cri.RuntimeConfigResponse:
    """Return the cgroup driver; FailedPrecondition when the daemon manages no cgroups."""
    driver = _CGROUP_DRIVERS.get(features.cgroup_driver)
    if driver is None:
        raise FailedPrecondition(
            f"this Docker daemon's cgroup driver is {features.cgroup_driver!r}; the kubelet needs "
            "systemd or cgroupfs; enable cgroup delegation for the daemon"
        )
    return cri.RuntimeConfigResponse(linux=cri.LinuxRuntimeConfiguration(cgroup_driver=driver))


def cri_status(
    features: EngineFeatures | None, *, runtime_problem: str | None, network_problem: str | None
) -> cri.StatusResponse:
    """Return the two conditions that the kubelet needs, and the runtime handlers.

    A problem is a sentence, None when there is none. `features` is None until the engine answered.
    """
    conditions = [
        _condition("RuntimeReady", "DockerDaemonNotReady", runtime_problem),
        _condition("NetworkReady", "NetworkPluginNotReady", network_problem),
    ]
    return cri.StatusResponse(
        status=cri.RuntimeStatus(conditions=conditions),
        runtime_handlers=[
            cri.RuntimeHandler(name=name, features=cri.RuntimeHandlerFeatures())
            for name in _handlers(features)
        ],
        features=cri.RuntimeFeatures(),
    )


def status_info(
    features: EngineFeatures | None, *, sandbox_image: str, log_gaps: int
) -> dict[str, str]:
    """Return the verbose part of Status: JSON by name. crictl and kubeadm read `sandboxImage`.

    `log_gaps`: the number of places in container logs where lines may be missing, since the start.
    """
    engine = features and {
        "version": features.server_version,
        "apiVersion": features.api_version,
        "cgroupDriver": features.cgroup_driver,
        "cgroupVersion": features.cgroup_version,
        "rootDir": features.root_dir,
    }
    return {
        "config": json.dumps({"sandboxImage": sandbox_image}),
        "logs": json.dumps({"gaps": log_gaps}),
        **({"dockerInfo": json.dumps(engine)} if engine else {}),
    }


def has_runtime(handler: str, features: EngineFeatures) -> bool:
    """Say whether Docker has a runtime for a handler."""
    return handler in features.runtimes or handler in _DEFAULT_HANDLERS


def docker_runtime(handler: str, features: EngineFeatures, *, field: str) -> str:
    """Return `HostConfig.Runtime`, empty for the daemon's default; InvalidArgument if unknown."""
    if not has_runtime(handler, features):
        known = ", ".join(sorted(features.runtimes))
        raise invalid(field, f"Docker has no runtime {handler!r}; use one of {known}, or none")
    return handler if handler in features.runtimes else ""


def semantic_version(version: str) -> str:
    """Return `major.minor.patch` with what follows it; 0.0.0 for a version without a number."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return "0.0.0"
    major, minor, patch, rest = match.groups()
    return ".".join(str(int(number or 0)) for number in (major, minor, patch)) + (rest or "")


def _condition(kind: str, reason: str, problem: str | None) -> cri.RuntimeCondition:
    if problem is None:
        return cri.RuntimeCondition(type=kind, status=True)
    return cri.RuntimeCondition(type=kind, status=False, reason=reason, message=problem)


def _handlers(features: EngineFeatures | None) -> list[str]:
    return ["", *sorted(set(features.runtimes) - {""})] if features else [""]
