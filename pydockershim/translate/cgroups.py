"""The pod's cgroup parent, translated for the daemon's cgroup driver.

- The CRI always sends a path in cgroupfs style, also under the systemd driver.
- cgroupfs: the path as it is, always absolute. A relative path would resolve differently in
  different hierarchies of cgroup v1.
- systemd: only the last part, which must be a slice; the daemon derives the path from its name.
- A slice under cgroupfs, or none under systemd: the kubelet's driver differs from the daemon's.
- Every container of a pod gets the sandbox's parent, from its record.
"""

import posixpath

from pydockershim.dockerapi import EngineFeatures
from pydockershim.errors import FailedPrecondition
from pydockershim.translate.checks import absolute_path, invalid, no_traversal

_FIELD = "linux.cgroup_parent"
_SLICE = ".slice"


def docker_cgroup_parent(parent: str, features: EngineFeatures) -> str:
    """Return `HostConfig.CgroupParent`, empty for the daemon's default.

    InvalidArgument when the path does not fit the daemon's cgroup driver.
    """
    if not parent:
        return ""
    path = posixpath.normpath(no_traversal(_FIELD, absolute_path(_FIELD, parent)))
    if path.strip("/") == "":
        raise invalid(_FIELD, "is the root cgroup; use a cgroup below it")
    if features.cgroup_driver == "none":
        raise FailedPrecondition(
            f"{_FIELD}: this Docker daemon manages no cgroups (cgroup driver none); enable "
            "cgroup delegation for it, or send no parent"
        )
    is_slice = path.endswith(_SLICE)
    if is_slice != (features.cgroup_driver == "systemd"):
        raise invalid(
            _FIELD,
            f"{parent!r} does not fit Docker's cgroup driver {features.cgroup_driver}; "
            "set the same cgroupDriver for the kubelet and for dockerd",
        )
    return posixpath.basename(path) if is_slice else path
