"""Volumes and their mounts: emptyDir and hostPath, the two that a kubelet needs no cluster for.

- An emptyDir is a folder of the pod's, with the path and mode (0777) that the kubelet uses.
- A hostPath is used as it is; its `type` says what must exist or is created.
- A subPath is joined to the volume; a missing one is created as a folder.
- Each container's termination message is a file of the pod's, mounted at its path.

Nothing is created here: a `HostPath` says what must exist before the pod starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.fields import Fields
from pydockershim.errors import InvalidArgument

PathKind = Literal["folder", "file", "socket", "character device", "block device", "anything"]

_PROPAGATIONS = {
    "None": cri.PROPAGATION_PRIVATE,
    "HostToContainer": cri.PROPAGATION_HOST_TO_CONTAINER,
    "Bidirectional": cri.PROPAGATION_BIDIRECTIONAL,
}
# The required kind, and the mode with which a missing one is created.
_HOST_PATH_TYPES: dict[str, tuple[PathKind, int | None] | None] = {
    "": None,
    "DirectoryOrCreate": ("folder", 0o755),
    "Directory": ("folder", None),
    "FileOrCreate": ("file", 0o644),
    "File": ("file", None),
    "Socket": ("socket", None),
    "CharDevice": ("character device", None),
    "BlockDevice": ("block device", None),
}


@dataclass(frozen=True, kw_only=True)
class HostPath:
    """A path that must exist on the node; without a `mode` it is never created.

    When `anything` is missing, a folder is created.
    """

    path: Path
    kind: PathKind
    mode: int | None = None


@dataclass(frozen=True, kw_only=True)
class Volume:
    """Where a volume's content is on the node; `needs` is what must exist there."""

    path: Path
    needs: HostPath | None


def read_volumes(spec: Fields, pod_folder: Path) -> dict[str, Volume]:
    """Read the pod's `volumes`, by name."""
    volumes: dict[str, Volume] = {}
    for fields in spec.sections("volumes"):
        name = fields.required("name")
        if name in volumes:
            raise InvalidArgument(f"{fields.where('name')}: duplicate volume name {name!r}")
        volumes[name] = _read_volume(fields, name, pod_folder)
    return volumes


def read_mounts(
    container: Fields, volumes: Mapping[str, Volume]
) -> tuple[list[cri.Mount], list[HostPath]]:
    """Read a container's `volumeMounts`; also return the sub-paths that have to exist."""
    mounts, sub_paths = [], []
    for fields in container.sections("volumeMounts"):
        host_path = _volume(fields, volumes).path
        if sub_path := fields.text("subPath"):
            host_path = _inside(host_path, sub_path, fields)
            sub_paths.append(HostPath(path=host_path, kind="anything", mode=0o777))
        mounts.append(
            cri.Mount(
                container_path=str(PurePosixPath("/", fields.required("mountPath"))),
                host_path=str(host_path),
                readonly=bool(fields.flag("readOnly")),
                propagation=fields.choice("mountPropagation", _PROPAGATIONS, "None"),
            )
        )
    return mounts, sub_paths


def termination_log(container: str, path: str, pod_folder: Path) -> tuple[cri.Mount, HostPath]:
    """Return the mount of a container's termination message and the file behind it."""
    file = pod_folder / "containers" / container / "termination-log"
    mount = cri.Mount(container_path=str(PurePosixPath("/", path)), host_path=str(file))
    return mount, HostPath(path=file, kind="file", mode=0o666)


def _read_volume(fields: Fields, name: str, pod_folder: Path) -> Volume:
    if "emptyDir" in fields:
        fields.section("emptyDir")  # Neither a size limit nor a medium: both are left unread.
        path = pod_folder / "volumes" / "kubernetes.io~empty-dir" / name
        return Volume(path=path, needs=HostPath(path=path, kind="folder", mode=0o777))
    if "hostPath" in fields:
        return _read_host_path(fields.section("hostPath"))
    raise InvalidArgument(f"{fields.where(name)}: only emptyDir and hostPath volumes are supported")


def _read_host_path(fields: Fields) -> Volume:
    path = Path(fields.required("path"))
    if not path.is_absolute():
        raise InvalidArgument(f"{fields.where('path')}: {path} is not an absolute path; use one")
    needs = fields.choice("type", _HOST_PATH_TYPES, "")
    if needs is None:
        return Volume(path=path, needs=None)
    kind, mode = needs
    return Volume(path=path, needs=HostPath(path=path, kind=kind, mode=mode))


def _volume(mount: Fields, volumes: Mapping[str, Volume]) -> Volume:
    where, name = mount.where("name"), mount.required("name")
    if name not in volumes:
        raise InvalidArgument(f"{where}: the pod has no volume {name!r}")
    return volumes[name]


def _inside(folder: Path, sub_path: str, mount: Fields) -> Path:
    if sub_path.startswith("/") or ".." in Path(sub_path).parts:
        raise InvalidArgument(
            f"{mount.where('subPath')}: {sub_path!r} leaves the volume; use a path below it"
        )
    return folder / sub_path
