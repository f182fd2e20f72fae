"""Whatever the shim hears of a container too late or never: its log is whole."""

from pathlib import Path

import pytest

from pydockershim.client.client import CriError
from tests.bed.dockerd import Dockerd
from tests.faults.proxy import Proxy, cut
from tests.integration.logs.logged import PAUSE, LogPod, go_on
from tests.integration.pods import Pods

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
