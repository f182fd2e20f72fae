"""The end of a container is told when its last bytes are in its log, or after five seconds.

A disk without room holds the log up for as long as a test wants.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydockershim.api import runtime_v1 as cri
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.logs.disks import HangingDisk, SmallDisk
from tests.integration.logs.logged import (
    PAUSE,
    Log,
    LogPod,
    docker_lines,
    gaps,
    go_on,
)
from tests.waiting import eventually

pytestmark = pytest.mark.engine

LINES = 5000
PRINTING = f"seq {LINES}"
WHOLE = [*range(1, LINES + 1)]

Call = Callable[[Log], None]


@pytest.fixture
def ended(small_disk: SmallDisk, own_pod: LogPod, dockerd: Dockerd) -> Log:
    """The log, without its last lines, of a container that has ended."""
    assert small_disk.directory == own_pod.directory
    log = own_pod.run(PRINTING)
    dockerd.api.wait(log.container.id)
    assert log.state == cri.CONTAINER_RUNNING
    assert log.count < LINES
    return log


@pytest.fixture(
    params=["stop_container", "remove_container", "stop_pod_sandbox", "remove_pod_sandbox"]
)
def end(request: pytest.FixtureRequest, own_pod: LogPod) -> Call:
    """Every call that ends a container."""
    call: Callable[[str], None] = getattr(own_pod.client, request.param)
    is_pods = "sandbox" in request.param
    return lambda log: call(own_pod.id if is_pods else log.container.id)


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as background:
        yield background


def states(pod: LogPod) -> set[int]:
    """What everything that tells a container's state says of the only one."""
    client = pod.client
    listed = client.list_containers()
    streamed = client.stream(cri.StreamContainersRequest(), cri.StreamContainersResponse)
    return {
        *(each.state for each in listed),
        *(each.state for part in streamed for each in part.containers),
        *(each.state for each in client.pod_sandbox_status(pod.id).containers_statuses),
        *(client.container_status(each.id).status.state for each in listed),
    }


def test_nobody_is_told_of_the_end_before_the_last_line_is_there(
    small_disk: SmallDisk, own_pod: LogPod, dockerd: Dockerd, background: ThreadPoolExecutor
) -> None:
    log = own_pod.create(PRINTING)
    events = own_pod.client.stream(cri.GetEventsRequest(), cri.ContainerEventResponse)
    told = background.submit(lines_when_told_of_the_end, events, log)
    log.start()
    dockerd.api.wait(log.container.id)
    deadline_s = time.monotonic() + 1
    while time.monotonic() < deadline_s:
        assert states(own_pod) == {cri.CONTAINER_RUNNING}
        assert not told.done()

    small_disk.grow()

    eventually(lambda: states(own_pod) == {cri.CONTAINER_EXITED})
    assert log.numbers == WHOLE
    assert told.result(timeout=30) == LINES
    assert not gaps(own_pod)


def lines_when_told_of_the_end(events: Iterator[cri.ContainerEventResponse], log: Log) -> int:
    end = (log.container.id, cri.CONTAINER_STOPPED_EVENT)
    for event in events:
        if (event.container_id, event.container_event_type) == end:
            return len(log.texts)
    raise AssertionError("the events have ended")


def test_a_call_that_ends_a_container_waits_for_its_last_line(
    small_disk: SmallDisk,
    own_pod: LogPod,
    dockerd: Dockerd,
    end: Call,
    background: ThreadPoolExecutor,
) -> None:
    log = own_pod.run(f"{PRINTING}; exec sleep 60")
    eventually(lambda: len(docker_lines(dockerd, log)) == LINES)
    call = background.submit(end, log)
    time.sleep(1.5)
    assert not call.done()

    small_disk.grow()

    call.result(timeout=30)
    assert log.numbers == WHOLE
    assert not gaps(own_pod)


def test_so_does_a_call_on_one_that_has_ended(
    small_disk: SmallDisk, ended: Log, end: Call, background: ThreadPoolExecutor
) -> None:
    call = background.submit(end, ended)
    time.sleep(1)
    assert not call.done()

    small_disk.grow()

    call.result(timeout=30)
    assert ended.numbers == WHOLE


def test_after_five_seconds_the_end_is_told_and_writing_goes_on(
    small_disk: SmallDisk, own_pod: LogPod, ended: Log
) -> None:
    own_pod.client.stop_container(ended.container.id)

    told_after_s = time.time() - ended.container.status.finished_at / 1e9
    assert 5 <= told_after_s < 8
    assert states(own_pod) == {cri.CONTAINER_EXITED}
    assert ended.count < LINES

    small_disk.grow()

    eventually(lambda: ended.numbers == WHOLE)
    assert not gaps(own_pod)


def test_a_removal_waits_five_seconds_more_and_the_rest_is_a_gap(
    own: Shim, own_pod: LogPod, ended: Log
) -> None:
    own_pod.client.stop_container(ended.container.id)
    began_s = time.monotonic()

    own_pod.client.remove_container(ended.container.id)

    assert 5 <= time.monotonic() - began_s < 9
    assert not own_pod.client.list_containers()
    eventually(lambda: "may be missing" in own.program.logged())
    assert gaps(own_pod) == 1
    (said,) = (line for line in own.program.logged().splitlines() if "may be missing" in line)
    assert ended.container.id in said
    assert f"between {ended.lines[-1][0]} and its end" in said


def test_the_removal_of_a_pod_waits_for_all_its_logs_at_once(
    own_pod: LogPod, dockerd: Dockerd, ended: Log
) -> None:
    others = [own_pod.run(PRINTING, path=f"app-{number}/0.log") for number in range(2)]
    for each in (ended, *others):
        dockerd.api.wait(each.container.id)
    own_pod.client.stop_pod_sandbox(own_pod.id)
    began_s = time.monotonic()

    own_pod.client.remove_pod_sandbox(own_pod.id)

    assert 5 <= time.monotonic() - began_s < 9
    eventually(lambda: gaps(own_pod) == 3)


def test_a_disk_that_hangs_holds_up_nobody_for_longer(
    hanging_disk: HangingDisk, own_pod: LogPod, dockerd: Dockerd
) -> None:
    assert hanging_disk.directory == own_pod.directory
    log = own_pod.run(f"echo one; {PAUSE}; echo two")
    eventually(lambda: log.texts == [b"one"])
    with hanging_disk.hanging():
        go_on(dockerd, log)
        log.await_exit(timeout_s=10)
        began_s = time.monotonic()
        own_pod.client.remove_container(log.container.id)

        assert 5 <= time.monotonic() - began_s < 9
        assert log.texts == [b"one"]
    eventually(lambda: log.texts == [b"one", b"two"])


def test_a_disk_that_is_full_blocks_nobody_and_loses_nothing(
    small_disk: SmallDisk, own_pod: LogPod
) -> None:
    log = own_pod.run("seq 20000; exec sleep 60")
    eventually(lambda: log.container.output("ps").count("sleep 60"))
    assert log.count < LINES

    small_disk.grow()

    eventually(lambda: log.numbers == [*range(1, 20_001)])
    assert not gaps(own_pod)


@pytest.mark.parametrize("count", [10, pytest.param(200, marks=pytest.mark.endurance)])
@pytest.mark.timeout(600)
def test_the_line_of_a_container_that_ends_at_once_is_there_at_its_end(
    pod: LogPod, count: int
) -> None:
    for number in range(count):
        log = pod.run(f"echo {number}", path=f"app-{number}/0.log")
        while log.state != cri.CONTAINER_EXITED:
            time.sleep(0.001)
        assert log.numbers == [number]
        pod.client.remove_container(log.container.id)
