"""Features of an engine, from `/version` and `/info`; the only module that compares versions.

Source of the version facts: the Engine API's version history.
"""

import re

from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.errors import FailedPrecondition

# 1.41 brings CgroupnsMode and one-shot stats; 1.57 (Docker 29.10) is the newest known here. Nothing
# that we send or read has changed since 1.52, which drops what is read from elsewhere: addresses
# outside Networks, empty fields of an image's Config, and `status`, `id`, `from` of events.
MINIMUM_API_VERSION = "1.41"
_MINIMUM_ENGINE = "Docker 20.10"
_NEWEST_API_VERSION = "1.57"

_BUILTIN_SECCOMP = (1, 42)
_LOCAL_LOGS_KEEP_LF = (1, 42)
_TELLS_NO_NEW_PRIVILEGES = (1, 43)
_RECURSIVE_READ_ONLY = (1, 44)
_EXECS_START_AT_ONCE = (1, 42)


def negotiate(version: Json) -> str:
    """Return the API version to use, from an unversioned `/version`.

    FailedPrecondition when the engine is too old, or too new for any version known here.
    """
    newest: str = version["ApiVersion"]
    oldest: str = version.get("MinAPIVersion", MINIMUM_API_VERSION)
    if _numbers(newest) < _numbers(MINIMUM_API_VERSION):
        raise FailedPrecondition(
            f"Docker engine {version['Version']} supports only API {newest}: "
            f"API {MINIMUM_API_VERSION} is required, use {_MINIMUM_ENGINE} or newer"
        )
    if _numbers(oldest) > _numbers(_NEWEST_API_VERSION):
        raise FailedPrecondition(
            f"Docker engine {version['Version']} requires API {oldest} or newer: this pydockershim "
            f"supports API up to {_NEWEST_API_VERSION}, use a newer release"
        )
    return min(newest, _NEWEST_API_VERSION, key=_numbers)


def engine_features(version: Json, info: Json, *, api_version: str) -> EngineFeatures:
    """Build the features from `/version`, `/info` and the negotiated API version."""
    options = _security_options(info)
    api = _numbers(api_version)
    return EngineFeatures(
        server_version=version["Version"],
        api_version=api_version,
        architecture=version["Arch"],
        cgroup_driver=info["CgroupDriver"],
        cgroup_version=int(info.get("CgroupVersion") or 1),
        runtimes=tuple(sorted(info["Runtimes"])),
        root_dir=info["DockerRootDir"],
        seccomp=options.get("seccomp", {}).get("profile", ""),
        apparmor="apparmor" in options,
        selinux="selinux" in options,
        userns_remap="userns" in options,
        no_new_privileges_by_default="no-new-privileges" in options
        or api < _TELLS_NO_NEW_PRIVILEGES,
        containerd_image_store=_uses_containerd_image_store(info),
        local_logs_keep_lf=api >= _LOCAL_LOGS_KEEP_LF,
        names_builtin_seccomp=api >= _BUILTIN_SECCOMP,
        read_only_binds_recurse=api >= _RECURSIVE_READ_ONLY,
        execs_start_at_once=api >= _EXECS_START_AT_ONCE,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _security_options(info: Json) -> dict[str, dict[str, str]]:
    """Read `name=seccomp,profile=default` and the like into a dict by name."""
    found = {}
    for option in info.get("SecurityOptions") or []:
        fields = dict(part.partition("=")[::2] for part in option.split(","))
        found[fields.pop("name", option)] = fields
    return found


def _uses_containerd_image_store(info: Json) -> bool:
    return ["driver-type", "io.containerd.snapshotter.v1"] in (info.get("DriverStatus") or [])
