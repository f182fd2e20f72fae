"""Disk usage as engines of different age and image store tell it."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json
from pydockershim.translate.filesystem import cri_image_fs_info

IMAGES, WRITABLE = 4295428, 8388608
CONTAINERS: list[Json] = [{"SizeRw": WRITABLE}, {}]


@pytest.mark.parametrize(
    ("usage", "containerd_image_store"),
    [
        ({"LayersSize": IMAGES, "Containers": CONTAINERS}, False),
        ({"LayersSize": IMAGES + WRITABLE, "Containers": CONTAINERS}, True),
        (
            {
                "ImageUsage": {"TotalSize": IMAGES},
                "ContainerUsage": {"TotalSize": WRITABLE},
                "LayersSize": IMAGES,
                "Containers": CONTAINERS,
            },
            True,
        ),
    ],
    ids=["graph driver", "28.5 with containerd's store", "29"],
)
def test_images_and_writable_layers_are_told_apart(
    usage: Json, *, containerd_image_store: bool
) -> None:
    told = _told(usage, containerd_image_store=containerd_image_store)

    assert told.image_filesystems[0].used_bytes.value == IMAGES
    assert told.container_filesystems[0].used_bytes.value == WRITABLE


def test_no_image_takes_no_space() -> None:
    usage: Json = {"ImageUsage": {}, "LayersSize": None, "Containers": CONTAINERS}

    told = _told(usage, containerd_image_store=True)

    assert told.image_filesystems[0].used_bytes.value == 0


def _told(usage: Json, *, containerd_image_store: bool) -> cri.ImageFsInfoResponse:
    response = cri_image_fs_info(
        usage,
        containerd_image_store=containerd_image_store,
        mountpoint="/var/lib/docker",
        inodes_used=7,
        timestamp_ns=1,
    )
    return cri.ImageFsInfoResponse.FromString(response)
