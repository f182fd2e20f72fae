"""GetContainerEvents: what a kubelet hears without asking, through the whole shim."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from queue import Empty, SimpleQueue

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, hanging
from tests.integration.pods import Pods

CREATED = cri.CONTAINER_CREATED_EVENT
STARTED = cri.CONTAINER_STARTED_EVENT
STOPPED = cri.CONTAINER_STOPPED_EVENT
DELETED = cri.CONTAINER_DELETED_EVENT

Kind = tuple[str, int]


class Subscriber:
    """Hears all events from the moment at which it was made; `end` is how its stream ended."""

    def __init__(self, client: CriClient) -> None:
        self._stream = client.stream(cri.GetEventsRequest(), cri.ContainerEventResponse)
        self._heard: SimpleQueue[cri.ContainerEventResponse] = SimpleQueue()
        self.end: CriError | None = None
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def until(self, object_id: str, kind: int) -> list[cri.ContainerEventResponse]:
        """Return what was heard up to this event."""
        events: list[cri.ContainerEventResponse] = []
        while not events or (events[-1].container_id, events[-1].container_event_type) != (
            object_id,
            kind,
        ):
            try:
                events.append(self._heard.get(timeout=30))
            except Empty:
                pytest.fail(f"no event {kind} of {object_id}; heard {kinds(events)}")
        return events

    def join(self, *, timeout_s: float) -> bool:
        """Wait for the end of the stream; False when it did not end."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _listen(self) -> None:
        try:
            for event in self._stream:
                self._heard.put(event)
        except CriError as error:
            self.end = error


@pytest.fixture
def listening(shim: Shim) -> Iterator[CriClient]:
    """A client for subscribers: their streams end with the test."""
    with CriClient(shim.url) as listening:
        yield listening


@pytest.fixture
def subscriber(listening: CriClient) -> Subscriber:
    return Subscriber(listening)


def kinds(events: list[cri.ContainerEventResponse]) -> list[Kind]:
    return [(each.container_id, each.container_event_type) for each in events]


@pytest.mark.engine
def test_life_of_a_pod_is_told_in_order(
    client: CriClient, pods: Pods, subscriber: Subscriber
) -> None:
    pod = pods.run()
    container = pod.start()
    client.stop_container(container.id)
    client.remove_container(container.id)
    client.stop_pod_sandbox(pod.id)
    client.remove_pod_sandbox(pod.id)

    events = subscriber.until(pod.id, DELETED)

    assert kinds(events) == [
        (pod.id, CREATED),
        (pod.id, STARTED),
        (container.id, CREATED),
        (container.id, STARTED),
        (container.id, STOPPED),
        (container.id, DELETED),
        (pod.id, STOPPED),
        (pod.id, DELETED),
    ]
    assert all(each.pod_sandbox_status.metadata == pod.config.metadata for each in events)
    assert all(one.created_at < next_.created_at for one, next_ in pairwise(events))
    states = [[each.state for each in event.containers_statuses] for event in events]
    assert states == [
        *([], []),
        *([cri.CONTAINER_CREATED], [cri.CONTAINER_RUNNING], [cri.CONTAINER_EXITED]),
        *([], [], []),
    ]
    last = events[-1].pod_sandbox_status
    assert (last.id, last.state) == (pod.id, cri.SANDBOX_NOTREADY)


def test_event_agrees_with_the_status(
    client: CriClient, pods: Pods, subscriber: Subscriber
) -> None:
    pod = pods.run()
    before = client.pod_sandbox_status(pod.id)
    container = pod.start()
    after = client.pod_sandbox_status(pod.id)

    event = subscriber.until(container.id, STARTED)[-1]

    assert before.timestamp < event.created_at < after.timestamp
    assert event.pod_sandbox_status == after.status
    assert list(event.containers_statuses) == list(after.containers_statuses)


@pytest.mark.engine
def test_short_life_is_told_in_whole(pods: Pods, subscriber: Subscriber) -> None:
    container = pods.run().start(("sh", "-c", "exit 7"))

    events = subscriber.until(container.id, STOPPED)

    assert kinds(events)[2:] == [
        (container.id, CREATED),
        (container.id, STARTED),
        (container.id, STOPPED),
    ]
    assert events[-1].containers_statuses[0].exit_code == 7


@pytest.mark.engine
def test_failed_start_is_told(pods: Pods, subscriber: Subscriber) -> None:
    with pytest.raises(CriError):
        (pod := pods.run()).start(("/nowhere",))
    (container,) = pod.client.pod_sandbox_status(pod.id).containers_statuses

    events = subscriber.until(container.id, STOPPED)

    assert kinds(events)[2:] == [(container.id, CREATED), (container.id, STOPPED)]
    assert events[-1].containers_statuses[0].reason == "ContainerCannotRun"


@pytest.mark.engine
def test_what_somebody_else_removes_is_told(
    dockerd: Dockerd, pods: Pods, subscriber: Subscriber
) -> None:
    pod = pods.run()
    container = pod.start()

    dockerd.api.remove_container(container.id, force=True)
    told_of_container = subscriber.until(container.id, DELETED)
    dockerd.api.remove_container(pod.id, force=True)
    told_of_pod = subscriber.until(pod.id, DELETED)

    assert kinds(told_of_container)[-2:] == [(container.id, STOPPED), (container.id, DELETED)]
    assert kinds(told_of_pod) == [(pod.id, STOPPED), (pod.id, DELETED)]
    assert told_of_pod[-1].pod_sandbox_status.metadata == pod.config.metadata


def test_many_subscribers_hear_the_same(listening: CriClient, pods: Pods) -> None:
    first, *others = [Subscriber(listening) for _ in range(31)]
    container = pods.run().start()

    expected = first.until(container.id, STARTED)

    assert all(each.until(container.id, STARTED) == expected for each in others)


def test_slow_subscriber_is_dropped_and_holds_up_nobody(
    client: CriClient, listening: CriClient, pods: Pods, subscriber: Subscriber
) -> None:
    slow = listening.stream(cri.GetEventsRequest(), cri.ContainerEventResponse)
    pod = pods.run(annotations={"big": "x" * 4_000_000})
    for attempt in range(12):  # 100 MB: sockets and gRPC hold some, too
        container = pod.create(attempt=attempt)
        client.remove_container(container.id)
        subscriber.until(container.id, DELETED)

    with pytest.raises(CriError) as dropped:
        list(slow)
    assert dropped.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.fixture
def own(dockerd: Dockerd) -> Iterator[tuple[Shim, CriClient]]:
    """A shim that the test may end, and a client of it."""
    with ExitStack() as stack:
        shim = stack.enter_context(Shim(dockerd, namespaces.PRIVATE / "own"))
        yield shim, stack.enter_context(CriClient(shim.url))


def end_at_once(shim: Shim) -> None:
    """End it, in far less than what it grants to changes under way."""
    begun_s = time.monotonic()
    assert shim.stop() == 0
    assert time.monotonic() - begun_s < 10


def test_streams_end_with_the_daemon_at_once(own: tuple[Shim, CriClient]) -> None:
    shim, client = own
    subscriber = Subscriber(client)

    end_at_once(shim)

    assert subscriber.join(timeout_s=30)
    assert subscriber.end is None


def test_subscriber_that_does_not_read_holds_up_no_end(own: tuple[Shim, CriClient]) -> None:
    """Its window is full, so that not even the end of its stream can be sent."""
    shim, client = own
    unread = client.stream(cri.GetEventsRequest(), cri.ContainerEventResponse)
    with CriClient(shim.url) as other:
        pods = Pods(other)
        pods.run(annotations={"big": "x" * 4_000_000})
        pods.close()

    end_at_once(shim)

    with pytest.raises(CriError):
        list(unread)


def test_subscriber_from_before_the_first_list_hears_of_all_there_is(
    dockerd: Dockerd, pods: Pods
) -> None:
    """A kubelet's first question is refused while the shim begins; this makes up for it."""
    container = pods.run().start()
    with Proxy(dockerd.socket, namespaces.PRIVATE / "proxy.sock") as proxy, ExitStack() as stack:
        shim = Shim(dockerd, namespaces.PRIVATE / "early", flags=[proxy.endpoint_flag])
        stack.push(shim)
        with proxy.fault("GET .*/containers/json", hanging):
            shim.program.start(ready=shim.socket.exists, timeout_s=30)
            subscriber = Subscriber(stack.enter_context(CriClient(shim.url)))

        events = subscriber.until(container.id, STARTED)

    assert events[-1].containers_statuses[0].state == cri.CONTAINER_RUNNING
