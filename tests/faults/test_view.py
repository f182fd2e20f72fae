"""Whatever dockerd does: what the shim tells is right or an error, and soon it is right."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.engine.engine import Engine as EngineClient
from pydockershim.errors import NotFound
from pydockershim.view import reflector
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.bed import images, namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.shim import Shim
from tests.faults.polling import is_ready, is_unavailable, polled
from tests.faults.proxy import Proxy, cut, dropped, hanging, shortened
from tests.integration.logs.logged import PAUSE, LogPod, go_on
from tests.integration.pods import Container, Pods
from tests.waiting import eventually

EVENTS = "GET .*/events"
LIST = "GET .*/containers/json"
EVERYTHING = ""
READY, NOT_READY = cri.SANDBOX_READY, cri.SANDBOX_NOTREADY
BACKGROUND = re.compile("GET .*/(_ping|containers/json|images/json|system/df)")


def inspect_of(container: Container) -> str:
    return f"GET .*/containers/{container.id}/json"


@pytest.fixture
def container(pods: Pods) -> Container:
    """A container that runs; its pod and one more are what every list has to show."""
    pods.run(name="other").start()
    return pods.run().start()


@pytest.fixture
def view(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[View]:
    """A view of our own, which lists once a second instead of once a minute."""
    monkeypatch.setattr(reflector, "_RELIST_S", 1.0)
    engine = EngineClient(str(proxy.path))
    images = ImageCache(engine, pinned=())
    store = Store(engine.containers.inspect)
    follower = reflector.Reflector(engine, store=store, image_cache=images)
    follower.start()
    yield View(store, images)
    follower.stop()
    engine.close()


def has_ended(container: Container) -> bool:
    return container.status.state == cri.CONTAINER_EXITED


@pytest.mark.engine
def test_dropped_events_are_made_up_for_by_the_next_list(
    dockerd: Dockerd, container: Container, proxy: Proxy, view: View
) -> None:
    """The guard is the list once a minute."""
    eventually(lambda: view.container(container.id).running)
    with proxy.fault(EVENTS, dropped):
        dockerd.api.kill(container.id)
        eventually(lambda: not view.container(container.id).running)
        dockerd.api.remove_container(container.id)
        eventually(lambda: not known(view, container))


@pytest.mark.engine
def test_cut_stream_makes_lists_an_error_until_the_engine_is_listed(
    dockerd: Dockerd, client: CriClient, container: Container, proxy: Proxy
) -> None:
    """The guards: a lost stream is noticed, and what happened in the gap is looked for."""
    with polled(client):
        with proxy.fault(LIST, hanging), proxy.fault(EVENTS, cut(after_bytes=0)):
            dockerd.api.kill(container.id)
            eventually(lambda: is_unavailable(client.list_containers))
            assert is_unavailable(lambda: container.status)
        eventually(lambda: has_ended(container))


def test_list_that_breaks_off_is_no_list(
    dockerd: Dockerd, client: CriClient, container: Container, proxy: Proxy
) -> None:
    """The guard: half of an answer is an error."""
    with polled(client):
        with proxy.fault(LIST, cut(after_bytes=1000)):
            break_stream(dockerd, container, proxy)
            assert is_unavailable(client.list_containers)
            time.sleep(2)  # some more tries
            assert is_unavailable(client.list_containers)
        eventually(lambda: has_ended(container))


def test_short_list_makes_nothing_go(
    dockerd: Dockerd, client: CriClient, container: Container, proxy: Proxy
) -> None:
    """The guard: what a list leaves out is inspected before it is believed to be gone."""
    with polled(client), proxy.fault(LIST, shortened):
        break_stream(dockerd, container, proxy)
        eventually(lambda: has_ended(container))


def test_container_whose_inspect_hangs_holds_up_no_other(
    dockerd: Dockerd, client: CriClient, pods: Pods, container: Container, proxy: Proxy
) -> None:
    """The guards: inspects on threads of their own, with a limit, and tried again soon."""
    with polled(client):
        with proxy.fault(inspect_of(container), hanging):
            dockerd.api.kill(container.id)
            other = pods.run(name="third").start(("true",))
            eventually(lambda: has_ended(other), within_s=8)  # less than the limit of an inspect
            listed = client.list_containers(cri.ContainerFilter(id=container.id))
            assert [each.state for each in listed] == [cri.CONTAINER_RUNNING]
            eventually(lambda: is_unavailable(lambda: container.status))
            assert not is_unavailable(lambda: other.status)
        eventually(lambda: has_ended(container))


def test_start_of_the_shim_waits_for_no_single_container(
    dockerd: Dockerd, container: Container, proxy: Proxy
) -> None:
    """The guard: after a second without any answer the rest is shown as the engine lists it."""
    with ExitStack() as stack:
        stack.enter_context(proxy.fault(inspect_of(container), hanging))
        second = Shim(dockerd, namespaces.PRIVATE / "second", flags=[proxy.endpoint_flag])
        stack.push(second)
        before = proxy.count(inspect_of(container))
        second.program.start(
            ready=lambda: proxy.count(inspect_of(container)) > before, timeout_s=30
        )
        client = stack.enter_context(CriClient(second.url))
        eventually(lambda: not is_unavailable(client.list_containers), within_s=8)  # it tries 10 s

        listed = client.list_containers(cri.ContainerFilter(id=container.id))

        assert [each.state for each in listed] == [cri.CONTAINER_RUNNING]
        assert is_unavailable(lambda: client.container_status(container.id))


@pytest.mark.parametrize("ends_in_silence", [False, True])
def test_log_of_a_container_goes_on_when_its_inspect_answers(
    dockerd: Dockerd, shim: Shim, pods: Pods, proxy: Proxy, tmp_path: Path, *, ends_in_silence: bool
) -> None:
    """The guard: only an inspect tells how the log is to be read. This one has a TTY."""
    log = LogPod(pods, tmp_path / "pod").run(f"echo before; {PAUSE}; echo after", tty=True)
    log.await_lines(1)
    with proxy.fault(inspect_of(log.container), hanging):
        shim.restart()
        assert is_unavailable(lambda: log.state)
        if ends_in_silence:
            go_on(dockerd, log)
            dockerd.api.wait(log.container.id)
    if not ends_in_silence:
        eventually(lambda: log.state == cri.CONTAINER_RUNNING)
        go_on(dockerd, log)

    log.await_exit(lines=2)

    assert log.texts == [b"before\r", b"after\r"]


def test_hung_daemon_is_not_ready_within_ten_seconds(
    client: CriClient, container: Container, proxy: Proxy
) -> None:
    """The guards: the ping, and that a view without an answering engine is an error."""
    with polled(client):
        assert is_ready(client)
        with proxy.fault(EVERYTHING, hanging):
            eventually(lambda: not is_ready(client), within_s=10)
            assert is_unavailable(client.list_pod_sandboxes)
            assert is_unavailable(lambda: container.status)
        eventually(lambda: is_ready(client))
        eventually(lambda: container.status.state == cri.CONTAINER_RUNNING)


def test_container_that_went_unheard_is_removed_already(
    dockerd: Dockerd, client: CriClient, container: Container, proxy: Proxy
) -> None:
    with proxy.fault(EVENTS, dropped):
        dockerd.api.remove_container(container.id, force=True)

        client.remove_container(container.id)

        assert not client.list_containers(cri.ContainerFilter(id=container.id))


@pytest.mark.parametrize("seconds", [8, pytest.param(90, marks=pytest.mark.endurance)])
def test_daemon_that_is_down_for_a_while(
    client: CriClient, container: Container, proxy: Proxy, dockerd: Dockerd, seconds: int
) -> None:
    """The guards: as for one that hangs, and that it is looked for again and again."""
    pid = dockerd.api.inspect_container(container.id)["State"]["Pid"]
    with polled(client):
        down_s = time.monotonic()
        with proxy.down():
            eventually(lambda: is_unavailable(client.list_containers), within_s=3)
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: not is_ready(client), within_s=10)
            while time.monotonic() < down_s + seconds:
                assert not is_ready(client)
                assert is_unavailable(client.list_containers)
                time.sleep(0.1)
        eventually(lambda: is_ready(client) and has_ended(container))


@pytest.mark.engine
def test_restart_with_live_restore_changes_nothing(
    dockerd: Dockerd, client: CriClient, container: Container
) -> None:
    before = container.status
    with polled(client):
        dockerd.restart()
        eventually(lambda: container.status == before and sandbox_states(client) == [READY] * 2)


@pytest.mark.engine
def test_restart_without_live_restore_ends_what_ran(engine: Engine) -> None:
    with ExitStack() as stack:
        directory = namespaces.PRIVATE / "mortal"
        dockerd = stack.enter_context(Dockerd(engine, directory / "dockerd", private_network=True))
        images.load(dockerd)
        shim = stack.enter_context(Shim(dockerd, directory / "shim"))
        client = stack.enter_context(CriClient(shim.url))
        pods = Pods(client)
        stack.callback(pods.close)
        container = pods.run().start()
        with polled(client):
            dockerd.restart()
            eventually(lambda: has_ended(container) and sandbox_states(client) == [NOT_READY])


@pytest.mark.parametrize(
    "count", [40, pytest.param(2000, marks=(pytest.mark.endurance, pytest.mark.timeout(3600)))]
)
@pytest.mark.engine
def test_foreign_containers_that_come_and_go_are_ignored(
    dockerd: Dockerd, client: CriClient, container: Container, proxy: Proxy, count: int
) -> None:
    """The guard: dockerd itself sorts their events out, so that none of them costs anything."""
    await_silence(proxy)
    del proxy.asked[:]
    with polled(client), ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: come_and_go(dockerd), range(count)))

    assert not about_objects(proxy)
    assert container.status.state == cri.CONTAINER_RUNNING


def test_disk_usage_that_takes_long_holds_up_nobody(dockerd: Dockerd, proxy: Proxy) -> None:
    """The guards: it is asked for in the background, and a shim that ends does not wait for it."""
    with proxy.fault("GET .*/system/df", hanging):
        shim = Shim(dockerd, namespaces.PRIVATE / "second", flags=[proxy.endpoint_flag])
        with shim, CriClient(shim.url) as client:
            request, response = cri.ImageFsInfoRequest(), cri.ImageFsInfoResponse
            assert is_unavailable(lambda: client.call(request, response))
            assert is_ready(client)
            begun_s = time.monotonic()
            assert shim.stop() == 0
            assert time.monotonic() - begun_s < 8


def break_stream(dockerd: Dockerd, container: Container, proxy: Proxy) -> None:
    """Have the next event lost together with its stream: the end of this container."""
    before = proxy.count(EVENTS)
    with proxy.fault(EVENTS, cut(after_bytes=0)):
        dockerd.api.kill(container.id)
        eventually(lambda: proxy.count(EVENTS) > before)  # the shim begins anew


def about_objects(proxy: Proxy) -> list[str]:
    """What the shim has asked but for what goes on in the background."""
    return [each for each in proxy.asked if not BACKGROUND.match(each)]


def await_silence(proxy: Proxy) -> None:
    """Wait until the shim has nothing left to do for the pods before: it asks nothing for 1 s."""
    asked = -1
    while asked != (asked := len(about_objects(proxy))):
        time.sleep(1)


def sandbox_states(client: CriClient) -> list[int]:
    return [each.state for each in client.list_pod_sandboxes()]


def known(view: View, container: Container) -> bool:
    try:
        view.container(container.id)
    except NotFound:
        return False
    return True


def come_and_go(dockerd: Dockerd) -> None:
    """Run a container that has nothing to do with the shim."""
    made = dockerd.api.create_container(images.BUSYBOX.name, ["true"], labels={"app": "foreign"})
    dockerd.api.start(made["Id"])
    dockerd.api.wait(made["Id"])
    dockerd.api.remove_container(made["Id"])
