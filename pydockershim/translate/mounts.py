"""Bind mounts.

- `Mounts` entries of type bind, never the `Binds` strings, which cannot hold a `:` in a path.
- The source is the real path of `host_path`; the caller follows links and creates missing
  directories, so no `CreateMountpoint` is needed.
- `readonly`: COMPAT(dockerd >= 25) would make it recursive; `ReadOnlyNonRecursive` keeps it plain.
- Propagation private, host-to-container and bidirectional are `rprivate`, `rslave` and `rshared`.
  For a source above or below the daemon's root, Docker refuses `rprivate` and chooses a mode
  itself, so private is not sent there.
- Two mounts with the same target, a relative path, or a mount on `/`: refused.
- The record keeps the mounts as they were sent; the kubelet expects them in the status.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.translate.checks import absolute_path, invalid, normal_path

_PROPAGATION = {
    cri.PROPAGATION_PRIVATE: "rprivate",
    cri.PROPAGATION_HOST_TO_CONTAINER: "rslave",
    cri.PROPAGATION_BIDIRECTIONAL: "rshared",
}


def docker_mounts(mounts: Sequence[cri.Mount], features: EngineFeatures) -> list[Json]:
    """Return `HostConfig.Mounts` with the sources as they were sent."""
    seen: dict[str, int] = {}
    for index, mount in enumerate(mounts):
        target = normal_path(mount.container_path)
        if target in seen:
            raise invalid(
                f"mounts[{index}].container_path",
                f"{mount.container_path!r} is already the target of mounts[{seen[target]}]; "
                "use another path",
            )
        seen[target] = index
    return [_docker_mount(f"mounts[{index}]", each, features) for index, each in enumerate(mounts)]


def with_real_sources(
    mounts: Iterable[Json], real_sources: Mapping[str, str], *, daemon_root: str
) -> list[Json]:
    """Return the mounts with each source replaced by its real path."""
    return [_with_source(mount, real_sources[mount["Source"]], daemon_root) for mount in mounts]


def cri_mounts(engine_mounts: Iterable[Json]) -> list[cri.Mount]:
    """Return the bind mounts of an inspect, for containers without a record of them."""
    propagation = {name: value for value, name in _PROPAGATION.items()}
    return [
        cri.Mount(
            container_path=mount.get("Destination", ""),
            host_path=mount.get("Source", ""),
            readonly=not mount.get("RW", True),
            propagation=propagation.get(mount.get("Propagation", ""), cri.PROPAGATION_PRIVATE),
        )
        for mount in engine_mounts
        if mount.get("Type") == "bind"
    ]


def _docker_mount(field: str, mount: cri.Mount, features: EngineFeatures) -> Json:
    absolute_path(f"{field}.container_path", mount.container_path)
    absolute_path(f"{field}.host_path", mount.host_path)
    if normal_path(mount.container_path) == "/":
        raise invalid(f"{field}.container_path", "is the root; use a path below it")
    options: Json = {"Propagation": _PROPAGATION[mount.propagation]}
    if mount.readonly and features.read_only_binds_recurse:
        options["ReadOnlyNonRecursive"] = True
    return {
        "Type": "bind",
        "Source": mount.host_path,
        "Target": mount.container_path,
        "ReadOnly": mount.readonly,
        "BindOptions": options,
    }


def _with_source(mount: Json, source: str, daemon_root: str) -> Json:
    options = dict(mount["BindOptions"])
    # Like the daemon, compare the two as strings.
    overlap = source.startswith(daemon_root) or daemon_root.startswith(source)
    if overlap and options["Propagation"] == "rprivate":
        del options["Propagation"]
    return {**mount, "Source": source, "BindOptions": options}
