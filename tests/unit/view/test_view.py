"""What the view answers, and what it refuses to answer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import InvalidArgument, NotFound, Unavailable
from pydockershim.network.docker_bridge import DockerBridge
from pydockershim.network.networks import Networks
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.unit.view.objects import (
    CONTAINER_ID,
    SANDBOX_ID,
    Engine,
    container_record,
    inspect_of,
    sandbox_record,
    summary_of,
)

OTHER_SANDBOX_ID = "56" + "0" * 62
EVERYTHING = cri.PodSandboxFilter()


@pytest.fixture
def store(engine: Engine) -> Store:
    store = Store(engine.inspect, addresses_of=Networks(DockerBridge()).addresses_of)
    for container_id in engine.containers:
        store.refresh(container_id)
    store.mark_fresh()
    return store


@pytest.fixture
def view(store: Store, no_images: ImageCache) -> View:
    return View(store, no_images)


def test_sandbox_is_found_by_id_beginning_and_name(view: View) -> None:
    sandbox = view.sandbox(SANDBOX_ID)

    assert (sandbox.ready, sandbox.pid, sandbox.host_network) == (True, 4711, False)
    assert view.sandbox(SANDBOX_ID[:5]) is sandbox
    assert view.sandbox_named(sandbox.record.name) is sandbox
    assert view.sandbox_named("k8s_POD_other_default_uid_0") is None


def test_container_tells_what_procedures_ask_for(view: View) -> None:
    container = view.container(CONTAINER_ID)

    assert container.state == cri.CONTAINER_RUNNING
    assert container.created_ns == 1767323045123456789
    assert (container.stop_signal, container.tty) == ("SIGINT", False)
    assert view.containers_of(SANDBOX_ID) == [container]
    assert view.containers_of(OTHER_SANDBOX_ID) == []


def test_id_of_the_other_kind_is_not_found(view: View) -> None:
    with pytest.raises(NotFound, match="there is no sandbox ccc"):
        view.sandbox(CONTAINER_ID)
    with pytest.raises(NotFound, match="there is no container 555"):
        view.container(SANDBOX_ID)


@pytest.mark.parametrize("sandbox_id", ["", "5"])
def test_id_that_says_too_little_is_refused(
    store: Store, view: View, engine: Engine, sandbox_id: str
) -> None:
    engine.containers[OTHER_SANDBOX_ID] = inspect_of(OTHER_SANDBOX_ID, sandbox_record("db"))
    store.refresh(OTHER_SANDBOX_ID)

    with pytest.raises(InvalidArgument):
        view.sandbox(sandbox_id)


def test_sandbox_under_its_setup_name_is_not_ready(
    store: Store, view: View, engine: Engine
) -> None:
    engine.containers[SANDBOX_ID]["Name"] += "_setup"
    store.refresh(SANDBOX_ID)

    assert not view.sandbox(SANDBOX_ID).ready
    assert view.sandbox_named(sandbox_record().name)


def test_list_is_the_wire_form_of_its_items(view: View) -> None:
    response = cri.ListPodSandboxResponse.FromString(view.list_sandboxes(EVERYTHING))

    (sandbox,) = response.items
    assert (sandbox.id, sandbox.state) == (SANDBOX_ID, cri.SANDBOX_READY)
    assert dict(sandbox.labels) == {"app": "web"}


def test_list_is_filtered(view: View) -> None:
    other = cri.ContainerFilter(pod_sandbox_id=OTHER_SANDBOX_ID)

    assert view.list_sandboxes(cri.PodSandboxFilter(label_selector={"app": "db"})) == b""
    assert view.list_containers(other) == b""
    assert view.list_containers(cri.ContainerFilter(id=CONTAINER_ID[:4])) != b""


def test_stream_holds_what_the_list_does(view: View) -> None:
    assert list(view.stream_sandboxes(EVERYTHING)) == [view.list_sandboxes(EVERYTHING)]
    assert list(view.stream_containers(cri.ContainerFilter(id="0"))) == []


def test_sandbox_status_comes_with_its_containers_at_one_time(view: View) -> None:
    first = cri.PodSandboxStatusResponse.FromString(view.sandbox_status(SANDBOX_ID))
    second = cri.PodSandboxStatusResponse.FromString(view.sandbox_status(SANDBOX_ID))

    assert first.status.network.ip == "10.1.2.3"
    assert [each.id for each in first.containers_statuses] == [CONTAINER_ID]
    assert 0 < first.timestamp < second.timestamp


def test_container_status_is_a_whole_response(view: View) -> None:
    response = cri.ContainerStatusResponse.FromString(view.container_status(CONTAINER_ID))

    assert (response.status.id, response.status.state) == (CONTAINER_ID, cri.CONTAINER_RUNNING)


READS = [
    lambda view: view.sandbox(SANDBOX_ID),
    lambda view: view.container(CONTAINER_ID),
    lambda view: view.sandbox("unknown"),
    lambda view: view.containers_of(SANDBOX_ID),
    lambda view: view.sandbox_named("x"),
    lambda view: view.list_sandboxes(EVERYTHING),
    lambda view: view.stream_sandboxes(EVERYTHING),
    lambda view: view.list_containers(cri.ContainerFilter()),
    lambda view: view.stream_containers(cri.ContainerFilter()),
    lambda view: view.list_images(cri.ImageFilter()),
    lambda view: view.stream_images(cri.ImageFilter()),
    lambda view: view.image("busybox"),
    lambda view: view.image_status("busybox"),
    lambda view: view.sandbox_status(SANDBOX_ID),
    lambda view: view.container_status(CONTAINER_ID),
]


@pytest.mark.parametrize("read", READS)
def test_view_that_may_be_wrong_is_an_error(
    store: Store, view: View, read: Callable[[View], object]
) -> None:
    store.mark_stale("the stream broke")

    with pytest.raises(Unavailable, match="the stream broke"):
        read(view)


def test_view_is_an_error_until_the_engine_was_listed(no_images: ImageCache) -> None:
    with pytest.raises(Unavailable, match="has not been listed yet"):
        View(Store(Engine().inspect), no_images).list_sandboxes(EVERYTHING)


def test_refresh_shows_the_engine_s_answer(store: Store, view: View, engine: Engine) -> None:
    engine.containers[CONTAINER_ID] = inspect_of(
        CONTAINER_ID, container_record(), state="exited", exit_code=3
    )

    store.refresh(CONTAINER_ID)

    container = view.container(CONTAINER_ID)
    assert (container.state, container.exit_code) == (cri.CONTAINER_EXITED, 3)


def test_refresh_takes_out_what_has_gone(store: Store, view: View, engine: Engine) -> None:
    del engine.containers[CONTAINER_ID]

    with pytest.raises(NotFound):
        store.refresh(CONTAINER_ID)

    assert view.containers_of(SANDBOX_ID) == []


def test_foreign_container_never_gets_in(store: Store, engine: Engine) -> None:
    foreign = inspect_of("f" * 64, container_record())
    foreign["Config"]["Labels"] = {}
    engine.containers["f" * 64] = foreign

    with pytest.raises(NotFound):
        store.refresh("f" * 64)


def test_catching_up_asks_nothing_when_somebody_else_did(store: Store, engine: Engine) -> None:
    since = store.tick()
    store.refresh(CONTAINER_ID)
    before = engine.inspects

    store.refresh_since(CONTAINER_ID, since=since)

    assert engine.inspects == before


def test_refresh_outlasts_a_quicker_answer_that_knows_less(
    store: Store, view: View, engine: Engine
) -> None:
    """The stopper asks; meanwhile the answer to an older question comes in; the stopper wins."""
    looked, go_on = threading.Event(), threading.Event()

    def wait_once() -> None:
        engine.before_answer = lambda: None
        looked.set()
        assert go_on.wait(10)

    engine.before_answer = wait_once
    with ThreadPoolExecutor(1) as pool:
        older = pool.submit(store.refresh, CONTAINER_ID)
        assert looked.wait(10)
        engine.containers[CONTAINER_ID] = inspect_of(
            CONTAINER_ID, container_record(), state="exited"
        )
        store.refresh(CONTAINER_ID)
        go_on.set()
        older.result()

    assert not view.container(CONTAINER_ID).running


def test_removed_container_does_not_come_back_with_a_late_answer(
    store: Store, view: View, engine: Engine
) -> None:
    def remove_meanwhile() -> None:
        engine.before_answer = lambda: None
        del engine.containers[CONTAINER_ID]
        store.forget(CONTAINER_ID)

    engine.before_answer = remove_meanwhile

    with pytest.raises(NotFound):
        store.refresh(CONTAINER_ID)

    assert view.containers_of(SANDBOX_ID) == []


def test_container_that_the_engine_is_silent_about_stays_in_lists(store: Store, view: View) -> None:
    before = view.list_containers(cri.ContainerFilter())
    exited = summary_of(CONTAINER_ID, container_record(), state="exited")

    with store.reading() as read:
        store.show_provisional(read, exited, reason="no answer to an inspect within 10 s")

    assert view.list_containers(cri.ContainerFilter()) == before
    with pytest.raises(Unavailable, match="no answer to an inspect within 10 s"):
        view.container_status(CONTAINER_ID)
    pod = cri.PodSandboxStatusResponse.FromString(view.sandbox_status(SANDBOX_ID))
    assert (pod.timestamp, len(pod.containers_statuses)) == (0, 0)


def test_new_container_that_the_engine_is_silent_about_is_shown_as_listed(
    store: Store, view: View
) -> None:
    new_id = "d" * 64
    summary = summary_of(new_id, container_record("new"), state="exited")

    with store.reading() as read:
        store.show_provisional(read, summary, reason="silence")

    container = view.container(new_id)
    assert (container.state, container.record.container) == (cri.CONTAINER_EXITED, "new")
    assert container.created_ns == 1767323045000000000


def test_answer_ends_the_silence(store: Store, view: View) -> None:
    summary = summary_of(CONTAINER_ID, container_record())
    with store.reading() as read:
        store.show_provisional(read, summary, reason="silence")
    assert not store.matches(summary)

    store.refresh(CONTAINER_ID)

    assert view.container_status(CONTAINER_ID)
    assert store.matches(summary)


@pytest.mark.parametrize(
    "summary",
    [
        summary_of(CONTAINER_ID, container_record(), state="exited"),
        summary_of(CONTAINER_ID, container_record("renamed")),
        summary_of("d" * 64, container_record()),
    ],
    ids=["state", "name", "unknown"],
)
def test_list_that_tells_something_else_is_noticed(store: Store, summary: object) -> None:
    assert not store.matches(summary)  # type: ignore[arg-type]
