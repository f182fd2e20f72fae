"""Images that cannot be listed: what is known of pods stays right meanwhile."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.bed.shim import Shim
from tests.faults.polling import is_unavailable, polled
from tests.faults.proxy import Proxy, cut, hanging
from tests.integration.pods import Pods
from tests.waiting import eventually

pytestmark = pytest.mark.store

IMAGES = "GET /v[0-9.]+/images/json"
TAG = "localhost/changed"


def test_pods_go_on_while_the_images_cannot_be_listed(
    dockerd: Dockerd, client: CriClient, pods: Pods, proxy: Proxy
) -> None:
    container = pods.run().start()
    with polled(client), proxy.fault(IMAGES, cut(after_bytes=0)):
        dockerd.api.tag(BUSYBOX.name, TAG)  # an event of images
        eventually(lambda: is_unavailable(client.list_images))
        assert not is_unavailable(client.list_containers)
        dockerd.api.kill(container.id)
        eventually(lambda: container.status.state == cri.CONTAINER_EXITED)

    eventually(lambda: client.image_status(TAG))
    dockerd.api.remove_image(TAG)


def test_start_of_the_shim_does_not_wait_for_the_images(
    shim: Shim, client: CriClient, pods: Pods, proxy: Proxy
) -> None:
    container = pods.run().start()
    with proxy.fault(IMAGES, hanging):
        shim.restart()
        assert [each.id for each in client.list_containers()] == [container.id]
        assert is_unavailable(client.list_images)

    eventually(lambda: client.image_status(BUSYBOX.name))
