"""What subscribers are told, from answers of the engine that come in."""

from collections.abc import Callable, Iterator

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import ContainerInspect
from pydockershim.errors import NotFound
from pydockershim.network.docker_bridge import DockerBridge
from pydockershim.network.networks import Networks
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.unit.view.objects import (
    CONTAINER_ID,
    SANDBOX_ID,
    container_record,
    inspect_of,
    sandbox_record,
    summary_of,
)

Told = Callable[[], list[cri.ContainerEventResponse]]


@pytest.fixture
def containers() -> dict[str, ContainerInspect]:
    """What the engine has."""
    return {SANDBOX_ID: inspect_of(SANDBOX_ID, sandbox_record())}


@pytest.fixture
def store(containers: dict[str, ContainerInspect]) -> Store:
    def inspect(container_id: str) -> ContainerInspect:
        if container_id not in containers:
            raise NotFound(f"no such container {container_id}")
        return containers[container_id]

    store = Store(inspect, addresses_of=Networks(DockerBridge()).addresses_of)
    store.refresh(SANDBOX_ID)
    store.mark_fresh()
    return store


@pytest.fixture
def view(store: Store, no_images: ImageCache) -> View:
    return View(store, no_images)


@pytest.fixture
def told(store: Store) -> Told:
    """Subscribe; afterwards end all streams and return what came."""
    stream = store.events.subscribe()

    def told() -> list[cri.ContainerEventResponse]:
        store.events.close()
        return [cri.ContainerEventResponse.FromString(each) for each in stream]

    return told


def kinds(events: list[cri.ContainerEventResponse]) -> Iterator[tuple[str, str]]:
    for each in events:
        name = cri.ContainerEventType.Name(each.container_event_type)
        yield each.container_id[0], name.split("_")[1]


def test_event_has_the_whole_pod(
    store: Store, containers: dict[str, ContainerInspect], told: Told
) -> None:
    other_id = "d" * 64
    for container_id, name in ((CONTAINER_ID, "app"), (other_id, "other")):
        containers[container_id] = inspect_of(container_id, container_record(name), state="created")
        store.refresh(container_id)

    first, second = told()

    assert [each.id for each in first.containers_statuses] == [CONTAINER_ID]
    assert [each.id for each in second.containers_statuses] == [CONTAINER_ID, other_id]
    assert second.container_id == other_id
    assert second.pod_sandbox_status.metadata.name == "web"
    assert second.pod_sandbox_status.state == cri.SANDBOX_READY


def test_times_of_events_and_statuses_are_of_one_clock(
    store: Store, view: View, containers: dict[str, ContainerInspect], told: Told
) -> None:
    def asked_ns() -> int:
        status = view.sandbox_status(SANDBOX_ID)
        return cri.PodSandboxStatusResponse.FromString(status).timestamp

    times = [asked_ns()]
    containers[CONTAINER_ID] = inspect_of(CONTAINER_ID, container_record())
    store.refresh(CONTAINER_ID)
    last_ns = asked_ns()
    created, started = told()

    times += [created.created_at, started.created_at, last_ns]
    assert times == sorted(set(times))


def test_sandbox_that_is_removed_is_told_with_its_last_status(
    store: Store, containers: dict[str, ContainerInspect], told: Told
) -> None:
    del containers[SANDBOX_ID]
    store.forget(SANDBOX_ID)

    stopped, deleted = told()

    assert list(kinds([stopped, deleted])) == [("5", "STOPPED"), ("5", "DELETED")]
    for each in (stopped, deleted):
        assert each.pod_sandbox_status.metadata.uid == "uid-web"
        assert each.pod_sandbox_status.network.ip == "10.1.2.3"
        assert each.pod_sandbox_status.state == cri.SANDBOX_NOTREADY


def test_nothing_is_told_twice(
    store: Store, containers: dict[str, ContainerInspect], told: Told
) -> None:
    containers[CONTAINER_ID] = inspect_of(CONTAINER_ID, container_record(), state="created")
    for _ in range(3):
        store.refresh(CONTAINER_ID)
    store.forget(CONTAINER_ID)
    store.forget(CONTAINER_ID)

    assert list(kinds(told())) == [("c", "CREATED"), ("c", "DELETED")]


def show_provisional(store: Store) -> None:
    """Let the container be known from a list alone."""
    with store.reading() as read:
        summary = summary_of(CONTAINER_ID, container_record(), state="exited")
        store.show_provisional(read, summary, reason="silence")


def test_provisional_container_is_told_when_the_engine_has_answered(
    store: Store, containers: dict[str, ContainerInspect], told: Told
) -> None:
    show_provisional(store)
    store.mark_fresh()
    containers[CONTAINER_ID] = inspect_of(
        CONTAINER_ID, container_record(), state="exited", exit_code=3
    )
    store.refresh(CONTAINER_ID)

    events = told()

    assert list(kinds(events)) == [("c", "CREATED"), ("c", "STARTED"), ("c", "STOPPED")]
    assert [[status.exit_code for status in each.containers_statuses] for each in events] == [
        [3]
    ] * 3


def test_event_has_no_statuses_while_a_container_of_the_pod_is_provisional(
    store: Store, containers: dict[str, ContainerInspect], told: Told
) -> None:
    show_provisional(store)
    containers[SANDBOX_ID] = inspect_of(SANDBOX_ID, sandbox_record(), state="exited")
    store.refresh(SANDBOX_ID)
    store.forget(CONTAINER_ID)

    (stopped,) = told()

    assert (stopped.container_id, stopped.container_event_type) == (
        SANDBOX_ID,
        cri.CONTAINER_STOPPED_EVENT,
    )
    assert not stopped.HasField("pod_sandbox_status")
    assert not stopped.containers_statuses


@pytest.fixture
def gap(store: Store, containers: dict[str, ContainerInspect], told: Told) -> Told:
    """While the view is stale, a sandbox goes and an orphan is found."""
    store.mark_stale("the stream broke")
    containers[CONTAINER_ID] = inspect_of(CONTAINER_ID, container_record(), state="exited")
    store.refresh(CONTAINER_ID)
    del containers[SANDBOX_ID]
    store.forget(SANDBOX_ID)
    return told


def test_nothing_is_told_while_the_view_may_be_wrong(gap: Told) -> None:
    assert gap() == []


def test_what_happened_in_a_gap_is_told_when_the_view_is_right_again(
    store: Store, gap: Told
) -> None:
    store.mark_fresh()

    assert list(kinds(gap())) == [
        ("5", "STOPPED"),
        ("5", "DELETED"),
        ("c", "CREATED"),
        ("c", "STARTED"),
        ("c", "STOPPED"),
    ]
