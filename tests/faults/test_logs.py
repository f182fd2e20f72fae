"""Whatever the shim hears of a container too late or never: its log is whole, and let go of."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pydockershim.client.client import CriError
from pydockershim.engine.engine import Engine
from pydockershim.logs.stream_source import StreamSource
from pydockershim.logs.window import NO_LINES
from pydockershim.view import reflector
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy, cut, dropped, hanging
from tests.integration.logs.logged import PAUSE, LogPod, go_on, shown_and_written
from tests.integration.pods import Pods
from tests.waiting import eventually

EVENTS = "GET .*/events"
START = "POST .*/containers/[0-9a-f]{64}/start"
FOLLOW = "GET .*/logs.*follow=1"


@pytest.fixture
def pod(pods: Pods, tmp_path: Path) -> LogPod:
    """A pod of the shim behind the proxy."""
    return LogPod(pods, tmp_path / "pod")


@pytest.fixture
def source(proxy: Proxy, pod: LogPod) -> Iterator[StreamSource]:
    """The log stream of a container that prints nothing."""
    log = pod.run("exec sleep 60")
    engine = Engine(str(proxy.path))
    source = StreamSource(engine, log.container.id, tty=False, loses_lf=False)
    yield source
    source.close()
    engine.close()


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


def test_stream_that_is_closed_while_it_is_opened_ends(source: StreamSource, proxy: Proxy) -> None:
    """The guard: what is opened for nobody is closed at once."""
    with proxy.fault(FOLLOW, hanging):
        before = proxy.count(FOLLOW)
        source.open(NO_LINES)
        eventually(lambda: proxy.count(FOLLOW) > before)
        source.close()

    eventually(lambda: not any(each.name == "log" for each in threading.enumerate()))


def is_open(path: Path) -> bool:
    """Say whether this process has a file open."""
    return str(path) in {*map(target_of, Path("/proc/self/fd").iterdir())}


def target_of(descriptor: Path) -> str:
    with suppress(FileNotFoundError):
        return str(descriptor.readlink())
    return ""
