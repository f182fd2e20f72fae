"""Each line is there exactly once, whoever dies in between."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.view import reflector
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, hanging
from tests.integration.logs.logged import (
    PAUSE,
    LogPod,
    docker_lines,
    gaps,
    go_on,
    log_pod,
    shown_and_written,
    spool_of,
)
from tests.unit.logs.spooling import entry
from tests.waiting import eventually

pytestmark = pytest.mark.engine

COUNTING = 'i=0; while :; do i=$((i+1)); echo "$i"; usleep 200; done'
EVERYTHING = ""
HOUR_NS = 3600 * 1_000_000_000


@pytest.fixture
def bounded_pod(dockerd: Dockerd, tmp_path: Path) -> Iterator[tuple[Shim, LogPod]]:
    """A shim whose spool holds 2 MiB, and a pod of it."""
    flags = ["--log-file-size=1m"]
    with (
        Shim(dockerd, tmp_path / "own", flags=flags) as shim,
        log_pod(shim.url, tmp_path / "pod") as pod,
    ):
        yield shim, pod


def test_what_was_printed_meanwhile_is_written_after_a_restart(
    own: Shim, own_pod: LogPod, dockerd: Dockerd
) -> None:
    log = own_pod.run(f"echo one; {PAUSE}; echo two; echo two; exec sleep 60")
    eventually(lambda: log.texts == [b"one"])
    own.kill()
    go_on(dockerd, log)
    eventually(lambda: len(docker_lines(dockerd, log)) == 3)

    own.start()

    eventually(lambda: log.texts == [b"one", b"two", b"two"])
    assert not gaps(own_pod)


def test_a_container_that_ended_meanwhile_is_completed_before_that_is_told(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    """It ends just before the shim looks: five seconds after its end it would be told anyway."""
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(dockerd.socket, tmp_path / "proxy.sock"))
        own = stack.enter_context(Shim(dockerd, tmp_path / "own", flags=[proxy.endpoint_flag]))
        pod = stack.enter_context(log_pod(own.url, tmp_path / "pod"))
        log = pod.run(f"echo one; {PAUSE}; seq 50000; printf end")
        eventually(lambda: log.texts == [b"one"])
        own.kill()
        with proxy.fault(EVERYTHING, hanging):
            before = proxy.count(EVERYTHING)
            own.program.start(ready=lambda: proxy.count(EVERYTHING) > before, timeout_s=30)
            go_on(dockerd, log)
            dockerd.api.wait(log.container.id)

        log.await_exit()

        assert log.texts == [b"one", *(b"%d" % number for number in range(1, 50_001)), b"end"]


def test_an_end_that_was_told_is_not_taken_back(own: Shim, own_pod: LogPod) -> None:
    log = own_pod.run("echo one; printf two")
    log.await_exit()
    before = log.path.read_bytes()
    for end in (own.stop, own.kill):
        end()

        own.start()

        assert log.state == cri.CONTAINER_EXITED
    assert log.path.read_bytes() == before
    assert not gaps(own_pod)


def test_equal_lines_are_counted(own: Shim, own_pod: LogPod) -> None:
    log = own_pod.run("i=0; while [ $i -lt 6000 ]; do i=$((i+1)); echo same; usleep 200; done")
    for count in range(0, 3000, 1000):
        log.await_lines(count + 1)
        own.kill()
        own.start()

    log.await_exit(lines=6000)

    assert log.texts == [b"same"] * 6000


def test_a_torn_line_is_written_again(own: Shim, own_pod: LogPod) -> None:
    log = own_pod.run("echo one; echo two; exec sleep 60")
    eventually(lambda: log.texts == [b"one", b"two"])
    own.kill()
    os.truncate(log.path, log.path.stat().st_size - 3)

    own.start()

    eventually(lambda: log.path.read_bytes().endswith(b"two\n"))
    assert log.texts == [b"one", b"two"]


def test_a_rotation_while_nobody_wrote_splits_the_log_and_no_more(
    own: Shim, own_pod: LogPod, dockerd: Dockerd
) -> None:
    log = own_pod.run(f"echo one; {PAUSE}; echo two; exec sleep 60")
    eventually(lambda: log.texts == [b"one"])
    own.kill()
    old = log.rename()
    go_on(dockerd, log)
    eventually(lambda: len(docker_lines(dockerd, log)) == 2)

    own.start()
    log.reopen()

    eventually(lambda: log.path.read_bytes().endswith(b" two\n"))
    assert old.read_bytes().endswith(b" one\n")
    assert log.texts == [b"one", b"two"]


def test_a_second_shim_leaves_a_log_to_the_first(
    own: Shim, own_pod: LogPod, dockerd: Dockerd, tmp_path: Path
) -> None:
    """It takes over when it starts and nobody else writes."""
    log = own_pod.run(COUNTING)
    log.await_lines(1)
    with Shim(dockerd, tmp_path / "second") as second:
        log.await_lines(log.count + 100)
        old = log.rename()
        log.reopen()
        log.await_lines(log.count + 100)
        size = old.stat().st_size
        own.kill()
        second.restart()
        log.await_lines(log.count + 100)
        own.start()
        log.await_lines(log.count + 100)
    dockerd.api.kill(log.container.id)
    log.await_exit()

    assert old.stat().st_size == size
    assert log.numbers == [*range(1, len(log.numbers) + 1)]


def test_a_clock_that_goes_back_changes_nothing(
    own: Shim, own_pod: LogPod, dockerd: Dockerd
) -> None:
    """Docker's spool is written to as Docker would if the clock were set back by an hour."""
    log = own_pod.run("echo one; exec sleep 60")
    eventually(lambda: log.texts == [b"one"])
    before_ns = time.time_ns() - HOUR_NS
    (spool,) = spool_of(dockerd, log)
    with spool.open("ab", buffering=0) as file:
        file.write(entry(before_ns, b"two"))
        eventually(lambda: log.texts == [b"one", b"two"])
        own.kill()
        file.write(entry(before_ns - HOUR_NS, b"three") + entry(before_ns, b"two"))

    own.start()

    eventually(lambda: log.texts == [b"one", b"two", b"three", b"two"])
    own.restart()
    assert log.texts == [b"one", b"two", b"three", b"two"]
    assert not gaps(own_pod)


def test_an_engine_that_restarts_under_a_running_container(
    own_pod: LogPod, dockerd: Dockerd
) -> None:
    log = own_pod.run(COUNTING)
    for each in (signal.SIGTERM, signal.SIGKILL):
        dockerd.restart(each)
        log.await_lines(log.count + 100)

    dockerd.api.kill(log.container.id)
    log.await_exit()

    # An engine that is killed loses what it had read and not yet kept.
    lines = [f"{stamp} {text.decode()}" for stamp, _, _, text in log.lines]
    assert lines == docker_lines(dockerd, log)
    assert not gaps(own_pod)


def test_a_container_that_docker_starts_again_goes_on_in_its_log(
    own: Shim, own_pod: LogPod, dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = own_pod.run("echo one; exec sleep 60")
    eventually(lambda: log.texts == [b"one"])
    dockerd.api.kill(log.container.id)
    log.await_exit()
    own.stop()
    monkeypatch.setattr(reflector, "_RELIST_S", 1.0)  # it is a minute

    with shown_and_written(dockerd.socket):
        dockerd.api.start(log.container.id)
        eventually(lambda: log.texts == [b"one", b"one"])

    own.start()


def test_output_beyond_the_spool_is_a_gap_and_never_doubled(
    bounded_pod: tuple[Shim, LogPod], dockerd: Dockerd
) -> None:
    own, pod = bounded_pod
    log = pod.run(f"seq 1000; {PAUSE}; seq 1001 200000")
    eventually(lambda: len(log.lines) == 1000)
    own.kill()
    go_on(dockerd, log)
    dockerd.api.wait(log.container.id)

    own.start()
    log.await_exit()
    eventually(lambda: log.path.read_bytes().endswith(b" 200000\n"))

    numbers = log.numbers
    assert numbers[:1000] == [*range(1, 1001)]
    assert numbers[-1] == 200_000
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 200_000
    assert gaps(pod) == 1
    (said,) = (line for line in own.program.logged().splitlines() if "may be missing" in line)
    assert log.container.id in said
    assert f"between {log.lines[999][0]} and {log.lines[1000][0]}" in said
