"""ImageFsInfo: disk usage of images and writable layers, as Docker reports it.

- Images: `ImageUsage.TotalSize` from API 1.52 on, before that `LayersSize`.
- COMPAT(dockerd < 29, containerd image store): `LayersSize` counts the writable layers as well.
- Containers: `ContainerUsage.TotalSize`, before that the sum of `SizeRw`.
- Both report one file system, so that the kubelet does not see a split image file system; its
  mountpoint only has to be an existing directory.
"""

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json


def images_bytes(usage: Json, *, containerd_image_store: bool) -> int:
    """Return the size of all images, shared layers counted once."""
    if "ImageUsage" in usage:  # empty when there is none
        return int((usage["ImageUsage"] or {}).get("TotalSize") or 0)
    counted_as_well = containers_bytes(usage) if containerd_image_store else 0
    return max(0, int(usage.get("LayersSize") or 0) - counted_as_well)


def containers_bytes(usage: Json) -> int:
    """Return the size of all writable layers."""
    summary = usage.get("ContainerUsage") or {}
    layers = sum(each.get("SizeRw") or 0 for each in usage.get("Containers") or ())
    return int(summary.get("TotalSize") or layers)


def cri_image_fs_info(
    usage: Json,
    *,
    containerd_image_store: bool,
    mountpoint: str,
    inodes_used: int,
    timestamp_ns: int,
) -> bytes:
    """Return the serialised response; the inodes used are those of the whole file system."""

    def filesystem(used_bytes: int) -> cri.FilesystemUsage:
        return cri.FilesystemUsage(
            timestamp=timestamp_ns,
            fs_id=cri.FilesystemIdentifier(mountpoint=mountpoint),
            used_bytes=cri.UInt64Value(value=used_bytes),
            inodes_used=cri.UInt64Value(value=inodes_used),
        )

    of_images = images_bytes(usage, containerd_image_store=containerd_image_store)
    response = cri.ImageFsInfoResponse(
        image_filesystems=[filesystem(of_images)],
        container_filesystems=[filesystem(containers_bytes(usage))],
    )
    return response.SerializeToString()
