"""ImageFsInfo: what the kubelet's garbage collection goes by, for both ways to store images."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.engine.engine import Engine as EngineClient
from pydockershim.stats import disk_usage as module
from pydockershim.stats.disk_usage import DiskUsage
from tests.bed import images, namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.waiting import eventually

pytestmark = [pytest.mark.engine, pytest.mark.store]

MEBIBYTE = 1 << 20


@pytest.fixture
def usage(dockerd: Dockerd, pods: Pods, monkeypatch: pytest.MonkeyPatch) -> Iterator[DiskUsage]:
    """One that asks again half a second after a change, instead of half a minute."""
    pods.run()  # the first pod of all brings an image with it, which counts as well
    monkeypatch.setattr(module, "_SOON_S", 0.5)
    engine = EngineClient(str(dockerd.socket))
    usage = DiskUsage(engine)
    usage.start()
    yield usage
    usage.stop()
    engine.close()


def told(usage: DiskUsage) -> tuple[int, int]:
    """Return the bytes of images and those of writable layers."""
    response = cri.ImageFsInfoResponse.FromString(usage.info())
    (of_images,), (of_containers,) = response.image_filesystems, response.container_filesystems
    return of_images.used_bytes.value, of_containers.used_bytes.value


def test_file_systems_are_told_as_the_kubelet_wants_them(client: CriClient) -> None:
    info = client.call(cri.ImageFsInfoRequest(), cri.ImageFsInfoResponse)

    for each in (*info.image_filesystems, *info.container_filesystems):
        assert os.statvfs(each.fs_id.mountpoint)
        assert each.inodes_used.value > 0
        assert time.time_ns() - each.timestamp < 600e9
    assert len(info.image_filesystems) == len(info.container_filesystems) == 1
    assert info.image_filesystems[0].fs_id == info.container_filesystems[0].fs_id
    assert info.image_filesystems[0].used_bytes.value > 0


def test_writable_layer_counts(usage: DiskUsage, pods: Pods) -> None:
    _, before = told(usage)
    container = pods.run().start()
    container.output("dd", "if=/dev/zero", "of=/file", "bs=1M", "count=8")

    usage.changed()
    eventually(lambda: told(usage)[1] >= before + 8 * MEBIBYTE)


def test_image_counts_while_it_is_there(usage: DiskUsage, dockerd: Dockerd, pods: Pods) -> None:
    container = pods.run().start()
    container.output("dd", "if=/dev/urandom", "of=/file", "bs=1M", "count=8")
    before, _ = told(usage)
    made = dockerd.api.commit(container.id, "localhost/large", "1")["Id"]

    usage.changed()
    eventually(lambda: told(usage)[0] >= before + 8 * MEBIBYTE)
    dockerd.api.remove_image(made)
    usage.changed()
    eventually(lambda: told(usage)[0] == before)


def test_containerd_image_store(engine: Engine) -> None:
    if engine.name == "20.10":
        pytest.skip("Docker 20.10 has only its own image store")
    with ExitStack() as stack:
        directory = namespaces.PRIVATE / "containerd-store"
        dockerd = Dockerd(engine, directory / "dockerd", private_network=True)
        dockerd.config["features"] = {"containerd-snapshotter": True}
        stack.enter_context(dockerd)
        images.load(dockerd)
        shim = stack.enter_context(Shim(dockerd, directory / "shim"))
        client = stack.enter_context(CriClient(shim.url))
        pods = Pods(client)
        stack.callback(pods.close)
        assert dockerd.api.info()["Driver"] == "overlayfs"

        info = client.call(cri.ImageFsInfoRequest(), cri.ImageFsInfoResponse)
        container = pods.run().start()

        root = dockerd.api.info()["DockerRootDir"]
        assert info.image_filesystems[0].fs_id.mountpoint == root
        assert info.image_filesystems[0].used_bytes.value > MEBIBYTE
        assert container.output("echo", "runs") == "runs"
        image = client.image_status(images.BUSYBOX.name)
        assert image is not None
        assert client.image_status(image.id) == image
        assert container.status.image_id == image.id
