"""ReopenContainerLog under the kubelet's way of rotating: rename, reopen, compress later."""

import gzip
import time
from pathlib import Path

import grpc
import pytest

from pydockershim.client.client import CriError
from tests.bed.dockerd import Dockerd
from tests.integration.logs.logged import PAUSE, Log, LogPod, docker_lines, go_on
from tests.waiting import eventually

pytestmark = pytest.mark.engine

COUNTING = 'i=0; while :; do i=$((i+1)); echo "$i"; done'


def test_the_old_file_never_grows_once_reopen_has_returned(pod: LogPod, dockerd: Dockerd) -> None:
    log = pod.run(COUNTING)
    for _ in range(20):
        eventually(lambda: log.path.stat().st_size)
        old = log.rename()
        log.reopen()
        size = old.stat().st_size
        assert log.path.exists()
        time.sleep(0.05)
        assert old.stat().st_size == size

    pod.client.stop_container(log.container.id)
    eventually(lambda: log.count >= len(docker_lines(dockerd, log)))

    assert len(log.files) == 21
    numbers = [int(text) for text in log.texts if text]
    assert numbers == [*range(1, len(numbers) + 1)]


def test_a_log_that_was_deleted_is_made_again(pod: LogPod, dockerd: Dockerd) -> None:
    log = pod.run(f"echo one; {PAUSE}; echo two; exec sleep 60")
    eventually(lambda: log.texts == [b"one"])
    log.path.unlink()

    log.reopen()
    go_on(dockerd, log)

    eventually(lambda: log.texts == [b"two"])


@pytest.mark.parametrize("has_run", [True, False])
def test_a_container_that_does_not_run_has_nothing_to_reopen(pod: LogPod, *, has_run: bool) -> None:
    log = pod.create("echo one")
    if has_run:
        log.start()
        log.await_exit()
        log.rename()

    assert refusal_to_reopen(log) is grpc.StatusCode.FAILED_PRECONDITION

    assert not log.path.exists()


def test_a_container_that_does_not_exist_has_nothing_to_reopen(pod: LogPod) -> None:
    log = pod.run("exec sleep 60")
    pod.client.remove_container(log.container.id)
    log.rename()

    assert refusal_to_reopen(log) is grpc.StatusCode.NOT_FOUND

    assert not log.path.exists()


def test_no_symbolic_link_is_reopened(pod: LogPod, tmp_path: Path) -> None:
    """Whoever writes to the pod's log directory may be quicker than the kubelet's second step."""
    log = pod.run("sleep 1; echo one; exec sleep 60")
    old = log.rename()
    (tmp_path / "target").touch()
    log.path.symlink_to(tmp_path / "target")

    assert refusal_to_reopen(log) is grpc.StatusCode.FAILED_PRECONDITION

    eventually(lambda: old.read_bytes().endswith(b" one\n"))
    assert not (tmp_path / "target").read_bytes()


def test_no_file_of_the_kubelets_is_ever_removed(pod: LogPod) -> None:
    log = pod.run("seq 10; exec sleep 60")
    eventually(lambda: len(log.texts) == 10)
    compressed = Path(f"{log.rename()}.gz")
    compressed.write_bytes(gzip.compress(b"older lines"))
    log.reopen()
    before = {*log.files, compressed}

    pod.client.remove_container(log.container.id)
    pod.client.remove_pod_sandbox(pod.id)

    assert {*log.path.parent.iterdir()} == before


def refusal_to_reopen(log: Log) -> grpc.StatusCode:
    with pytest.raises(CriError) as refused:
        log.reopen()
    return refused.value.code
