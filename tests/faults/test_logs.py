"""Whatever the shim hears of a container too late or never: its log is whole, and let go of."""

from contextlib import suppress
from pathlib import Path

import pytest

from pydockershim.client.client import CriError
from pydockershim.view import reflector
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, cut, dropped
from tests.integration.logs.logged import PAUSE, LogPod, go_on, shown_and_written
from tests.integration.pods import Pods
from tests.waiting import eventually

EVENTS = "GET .*/events"
START = "POST .*/containers/[0-9a-f]{64}/start"


@pytest.fixture
def pod(pods: Pods, tmp_path: Path) -> LogPod:
    """A pod of the shim behind the proxy."""
    return LogPod(pods, tmp_path / "pod")


@pytest.mark.engine
def test_log_is_written_to_its_end_though_the_answer_to_its_start_was_lost(
    dockerd: Dockerd, pod: LogPod, proxy: Proxy
) -> None:
    """The guard: what has started is found out before its log is given up."""
    log = pod.create(f"echo one; {PAUSE}; echo two")
    with proxy.fault(START, cut(after_bytes=0)), pytest.raises(CriError):
        log.start()

    go_on(dockerd, log)
    log.await_exit()

    assert log.texts == [b"one", b"two"]


@pytest.mark.engine
def test_log_of_a_container_that_vanished_unseen_is_let_go(
    dockerd: Dockerd, shim: Shim, pod: LogPod, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard: lists tell of it, too."""
    log = pod.run("exec sleep 60")
    shim.stop()
    monkeypatch.setattr(reflector, "_RELIST_S", 1.0)  # it is a minute

    with shown_and_written(proxy.path):
        eventually(lambda: is_open(log.path))
        with proxy.fault(EVENTS, dropped):
            dockerd.api.remove_container(log.container.id, force=True)
            eventually(lambda: not is_open(log.path))

    shim.start()


def is_open(path: Path) -> bool:
    """Say whether this process has a file open."""
    return str(path) in {*map(target_of, Path("/proc/self/fd").iterdir())}


def target_of(descriptor: Path) -> str:
    with suppress(FileNotFoundError):
        return str(descriptor.readlink())
    return ""
