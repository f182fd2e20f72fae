"""The image of pause containers: the configured one, pulled if need be, or the built-in one."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed import images
from tests.bed.dockerd import Dockerd
from tests.bed.images import HOSTILE_LABELS, REPOSITORY, Image
from tests.bed.registry import Registry
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.integration.registries import silent_registry

pytestmark = pytest.mark.store

BUILT_IN = "pydockershim/pause:builtin"
PAUSE = Image(f"{REPOSITORY}/pause:1", {"Entrypoint": ["sleep", "3600"]})
NOBODY_SERVES = "127.0.0.1:1"


@contextmanager
def shim_with(dockerd: Dockerd, directory: Path, image: str) -> Iterator[tuple[Shim, Pods]]:
    """Run a shim that is to use this pause image, and remove its pods at the end."""
    flags = [f"--pod-infra-container-image={image}"]
    with Shim(dockerd, directory, flags=flags) as shim, CriClient(shim.url) as client:
        pods = Pods(client)
        yield shim, pods
        pods.close()


def image_of(dockerd: Dockerd, container_id: str) -> str:
    """Return the id of the image that a container runs."""
    return str(dockerd.api.inspect_container(container_id)["Image"])


def id_of(dockerd: Dockerd, name: str) -> str:
    return str(dockerd.api.inspect_image(name)["Id"])


@pytest.fixture
def pushed(dockerd: Dockerd, private_registry: Registry) -> Iterator[str]:
    """The name of a pause image in the registry with a password, and not in the engine."""
    images.load(dockerd, [PAUSE])
    name = private_registry.push(dockerd, PAUSE)
    dockerd.api.remove_image(PAUSE.name)
    yield name
    if dockerd.api.images(name):
        dockerd.api.remove_image(name, force=True)


def test_image_that_is_present_is_never_pulled(dockerd: Dockerd, tmp_path: Path) -> None:
    images.load(dockerd, [PAUSE])
    name = f"{NOBODY_SERVES}/pause:1"
    dockerd.api.tag(PAUSE.name, f"{NOBODY_SERVES}/pause", "1")

    with shim_with(dockerd, tmp_path, name) as (shim, pods):
        assert image_of(dockerd, pods.run().id) == id_of(dockerd, name)
        status = pods.client.image_status(name)

    assert status is not None
    assert status.pinned
    assert "pulled" not in shim.program.logged()
    for each in (name, PAUSE.name):
        dockerd.api.remove_image(each)


def test_missing_image_is_pulled_with_the_docker_clis_credentials(
    dockerd: Dockerd, private_registry: Registry, pushed: str, tmp_path: Path
) -> None:
    user, password = private_registry.credentials.values()
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = {"auths": {private_registry.address: {"auth": auth}}}
    (tmp_path / "config.json").write_text(json.dumps(config))

    with shim_with(dockerd, tmp_path, pushed) as (shim, pods):
        assert image_of(dockerd, pods.run().id) == id_of(dockerd, pushed)

    said = shim.program.logged()
    assert password not in said
    assert auth not in said


def test_failing_pull_is_told_once_and_the_built_in_image_serves(
    dockerd: Dockerd, pushed: str, tmp_path: Path
) -> None:
    with shim_with(dockerd, tmp_path, pushed) as (shim, pods):
        first, second = (pods.run() for _ in range(2))
        built_in = id_of(dockerd, BUILT_IN)

        assert image_of(dockerd, first.id) == image_of(dockerd, second.id) == built_in
        assert first.start().output("hostname") == "pod"

    (line,) = (each for each in shim.program.logged().splitlines() if "cannot be pulled" in each)
    assert " WARNING " in line
    assert pushed in line


def test_pull_that_stands_still_holds_up_pods_for_ten_seconds_once(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    with (
        silent_registry() as silent,
        shim_with(dockerd, tmp_path, f"{silent}/pause:1") as (_, pods),
    ):
        began_s = time.monotonic()
        pod = pods.run()
        first_s = time.monotonic() - began_s
        pods.run()
        second_s = time.monotonic() - began_s - first_s

        assert image_of(dockerd, pod.id) == id_of(dockerd, BUILT_IN)
    assert 10 <= first_s < 20
    assert second_s < 10


@pytest.mark.engine
def test_built_in_image_is_loaded_anew_when_it_was_removed(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    with shim_with(dockerd, tmp_path, f"{NOBODY_SERVES}/pause:1") as (_, pods):
        pods.run()
        pods.close()
        pods.client.remove_image(BUILT_IN)

        assert pods.run().status.state == cri.SANDBOX_READY


def test_labels_of_a_pause_image_are_neither_believed_nor_returned(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    with shim_with(dockerd, tmp_path, HOSTILE_LABELS.name) as (_, pods):
        pod = pods.run(labels={"mine": "yes"}, annotations={"also": "mine"})

        status = pod.status
        assert status.state == cri.SANDBOX_READY
        assert status.metadata == pod.config.metadata
        assert dict(status.labels) == {"mine": "yes"}
        assert dict(status.annotations) == {"also": "mine"}
        assert not pods.client.list_containers()
