"""The view follows a real engine: what happens there is soon told here, whoever did it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.engine.engine import Engine
from pydockershim.engine.readiness import Readiness
from pydockershim.errors import NotFound, Unavailable
from pydockershim.labels import naming
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord
from pydockershim.labels.schema import encode
from pydockershim.network.docker_bridge import DockerBridge
from pydockershim.network.networks import Networks
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.reflector import Reflector
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.bed import images
from tests.bed.dockerd import Dockerd
from tests.waiting import eventually

Make = Callable[[Record, str], str]

SANDBOX = SandboxRecord(
    name="k8s_POD_web_default_uid-1_0", pod="web", namespace="default", uid="uid-1", attempt=0
)
CONTAINER = ContainerRecord(
    name="k8s_app_web_default_uid-1_0",
    container="app",
    pod="web",
    namespace="default",
    uid="uid-1",
    attempt=0,
    sandbox_id="5" * 64,
)


@pytest.fixture
def our_engine(dockerd: Dockerd) -> Iterator[Engine]:
    """The engine as the program sees it; `dockerd.api` is everybody else."""
    with closing(Engine(str(dockerd.socket))) as our_engine:
        yield our_engine


@pytest.fixture
def store(our_engine: Engine) -> Store:
    addresses_of = Networks(DockerBridge()).addresses_of
    return Store(our_engine.containers.inspect, addresses_of=addresses_of)


@pytest.fixture
def view(our_engine: Engine, store: Store) -> Iterator[View]:
    image_cache = ImageCache(our_engine, pinned=[images.BUSYBOX.name])
    view = View(store, image_cache)
    reflector = Reflector(our_engine, store=store, image_cache=image_cache)
    reflector.start()
    try:
        eventually(lambda: view.list_sandboxes(cri.PodSandboxFilter()) is not None)
        yield view
    finally:
        reflector.stop()


@pytest.fixture
def make(dockerd: Dockerd) -> Iterator[Callable[[Record, str], str]]:
    """Create containers behind the view's back; they are removed in the end."""

    def make(record: Record, name: str) -> str:
        command = ["sleep", "3600"]
        created = dockerd.api.create_container(
            images.BUSYBOX.name, command, name=name, labels=encode(record)
        )
        return str(created["Id"])

    yield make
    dockerd.remove_leftovers()


@pytest.mark.engine
def test_life_of_a_container_is_followed(view: View, dockerd: Dockerd, make: Make) -> None:
    container_id = make(CONTAINER, CONTAINER.name)
    eventually(lambda: view.container(container_id).state == cri.CONTAINER_CREATED)

    dockerd.api.start(container_id)
    eventually(lambda: view.container(container_id).running)
    assert view.container(container_id).pid > 0

    dockerd.api.pause(container_id)
    eventually(lambda: view.container(container_id).engine_state == "paused")
    dockerd.api.unpause(container_id)

    dockerd.api.kill(container_id, "KILL")
    eventually(lambda: view.container(container_id).exit_code == 137)
    assert view.container(container_id).finished_ns > view.container(container_id).created_ns

    dockerd.api.remove_container(container_id)
    eventually(lambda: is_gone(view, container_id))


@pytest.mark.engine
def test_sandbox_is_ready_once_it_is_renamed(view: View, dockerd: Dockerd, make: Make) -> None:
    sandbox_id = make(SANDBOX, naming.setup_name(SANDBOX.name))
    dockerd.api.start(sandbox_id)
    eventually(lambda: view.sandbox(sandbox_id).running)
    assert not view.sandbox(sandbox_id).ready

    dockerd.api.rename(sandbox_id, SANDBOX.name)

    eventually(lambda: view.sandbox(sandbox_id).ready)
    status = cri.PodSandboxStatusResponse.FromString(view.sandbox_status(sandbox_id)).status
    assert status.network.ip.startswith("10.213.0.")


@pytest.mark.engine
def test_what_a_caller_changed_is_there_at_once(
    view: View, store: Store, our_engine: Engine, dockerd: Dockerd, make: Make
) -> None:
    container_id = make(CONTAINER, CONTAINER.name)
    for _ in range(10):
        our_engine.containers.start(container_id)
        store.refresh(container_id)
        assert view.container(container_id).running

        our_engine.containers.kill(container_id, signal="KILL")
        store.refresh(container_id)
        assert not view.container(container_id).running

    dockerd.api.remove_container(container_id)
    store.forget(container_id)
    assert is_gone(view, container_id)


def test_foreign_containers_are_not_shown(view: View, dockerd: Dockerd, make: Make) -> None:
    unnamed = make(CONTAINER, "k8s_other")
    unlabelled = dockerd.api.create_container(
        images.BUSYBOX.name, ["true"], name=CONTAINER.name, labels={}
    )["Id"]
    last = make(SANDBOX, SANDBOX.name)
    eventually(lambda: view.sandbox(last).record.name == SANDBOX.name)

    assert is_gone(view, unnamed)
    assert is_gone(view, unlabelled)


@pytest.mark.engine
def test_images_are_followed(view: View, dockerd: Dockerd) -> None:
    busybox = view.image(images.BUSYBOX.name)
    assert busybox

    dockerd.api.tag(busybox.id, "localhost/again", "1")
    eventually(lambda: view.image("localhost/again:1") is not None)
    dockerd.api.remove_image("localhost/again:1")
    eventually(lambda: view.image("localhost/again:1") is None)

    assert view.image(busybox.id.removeprefix("sha256:")[:12]) == view.image(busybox.id)


def test_images_tell_user_and_pin(view: View) -> None:
    listed = cri.ListImagesResponse.FromString(view.list_images(cri.ImageFilter())).images
    by_tag = {tag: image for image in listed for tag in image.repo_tags}

    assert [image.pinned for image in listed].count(True) == 1
    assert by_tag[images.BUSYBOX.name].pinned
    assert by_tag[images.USER_BY_ID.name].uid.value == 1000
    assert by_tag[images.USER_BY_NAME.name].username == "www-data"


@pytest.mark.engine
def test_view_outlives_a_restart_of_the_engine(view: View, dockerd: Dockerd, make: Make) -> None:
    kept, killed = make(SANDBOX, SANDBOX.name), make(CONTAINER, CONTAINER.name)
    dockerd.api.start(kept)
    dockerd.api.start(killed)
    eventually(lambda: view.sandbox(kept).running and view.container(killed).running)
    pid = view.container(killed).pid

    with dockerd.down():
        eventually(lambda: may_be_wrong(view))
        os.kill(pid, signal.SIGKILL)

    eventually(lambda: not view.container(killed).running)
    assert view.sandbox(kept).ready


def test_dead_engine_is_not_ready_within_ten_seconds(dockerd: Dockerd, our_engine: Engine) -> None:
    losses: list[str] = []
    readiness = Readiness(our_engine.ping, on_loss=losses.append)
    readiness.start()
    try:
        eventually(lambda: not readiness.reason)
        with dockerd.down(signal.SIGKILL):
            eventually(lambda: readiness.reason, within_s=10)
        eventually(lambda: not readiness.reason)
    finally:
        readiness.stop()

    assert len(losses) == 1


def is_gone(view: View, container_id: str) -> bool:
    try:
        view.container(container_id)
    except NotFound:
        return True
    return False


def may_be_wrong(view: View) -> bool:
    try:
        view.list_sandboxes(cri.PodSandboxFilter())
    except Unavailable as error:
        return "stale" in str(error)
    return False
