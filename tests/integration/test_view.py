"""The view follows a real engine: what happens there is soon told here, whoever did it."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from pydockershim import naming
from pydockershim.api import runtime_v1 as cri
from pydockershim.engine.client import Engine
from pydockershim.errors import NotFound, ShimError, Unavailable
from pydockershim.labels import ContainerRecord, Record, SandboxRecord, encode
from pydockershim.view.images import Images
from pydockershim.view.readiness import Readiness
from pydockershim.view.reflector import Reflector
from pydockershim.view.view import View
from tests.bed import images
from tests.bed.dockerd import Dockerd

T = TypeVar("T")


@pytest.fixture
def client(dockerd: Dockerd) -> Iterator[Engine]:
    client = Engine(str(dockerd.socket))
    yield client
    client.close()


@pytest.fixture
def view(client: Engine) -> Iterator[View]:
    view = View(client.inspect_container, Images(client, pinned=[images.BUSYBOX.name]))
    reflector = Reflector(client, view)
    reflector.start()
    eventually(lambda: view.list_sandboxes(cri.PodSandboxFilter()) is not None)
    yield view
    reflector.stop()


@pytest.fixture
def make(dockerd: Dockerd) -> Iterator[Callable[..., str]]:
    """Create containers behind the view's back; they are removed in the end."""
    made = []

    def make(record: Record, *command: str, name: str = "") -> str:
        container = dockerd.api.create_container(
            images.BUSYBOX.name,
            command or ["sleep", "3600"],
            name=name or record.name,
            labels=encode(record),
        )
        made.append(container["Id"])
        return str(container["Id"])

    yield make
    for container_id in made:
        dockerd.api.remove_container(container_id, force=True)


def test_life_of_a_container_is_followed(
    view: View, dockerd: Dockerd, make: Callable[..., str]
) -> None:
    container_id = make(_container_record("app"))
    eventually(lambda: view.container(container_id).state == cri.CONTAINER_CREATED)

    dockerd.api.start(container_id)
    eventually(lambda: view.container(container_id).running)
    assert view.container(container_id).pid > 0

    dockerd.api.pause(container_id)
    eventually(lambda: view.container(container_id).engine_state == "paused")
    dockerd.api.unpause(container_id)

    dockerd.api.kill(container_id, "KILL")
    eventually(lambda: view.container(container_id).exit_code == 137)
    assert view.container(container_id).finished_ns > 0

    dockerd.api.remove_container(container_id)
    eventually(lambda: _is_gone(view, container_id))
