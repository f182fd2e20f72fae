"""ReopenContainerLog under the kubelet's way of rotating: rename, reopen, compress later."""

import time
from pathlib import Path

import pytest

from pydockershim.errors import FailedPrecondition
from pydockershim.logs.writers import ContainerLog
from tests.integration.logs.rig import LogRig, files_of, texts_of, wait_for

COUNTING = 'i=0; while :; do i=$((i+1)); echo "$i"; done'


def rename(log: ContainerLog, number: int) -> Path:
    old = Path(f"{log.path}.20260901-{number:06}")
    Path(log.path).rename(old)
    return old


def test_the_old_file_never_grows_once_reopen_has_returned(rig: LogRig) -> None:
    log = rig.run(COUNTING)
    for number in range(20):
        wait_for(lambda: Path(log.path).stat().st_size > 0)
        old = rename(log, number)
        rig.writers.reopen(log.container_id)
        size = old.stat().st_size
        assert Path(log.path).exists()
        time.sleep(0.05)
        assert old.stat().st_size == size

    rig.dockerd.api.kill(log.container_id)
    rig.wait(log)

    assert len(files_of(log)) == 21
    numbers = [int(text) for text in texts_of(log) if text]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_log_that_was_deleted_is_made_again(rig: LogRig) -> None:
    log = rig.run("exec sleep 60")
    Path(log.path).unlink()

    rig.writers.reopen(log.container_id)

    assert Path(log.path).exists()


def test_a_container_that_does_not_run_has_nothing_to_reopen(rig: LogRig) -> None:
    log = rig.run("echo one")
    rig.wait(log)
    old = rename(log, 1)

    with pytest.raises(FailedPrecondition):
        rig.writers.reopen(log.container_id)

    assert not Path(log.path).exists()
    assert old.read_bytes().endswith(b" one\n")


def test_no_symbolic_link_is_reopened(rig: LogRig, tmp_path: Path) -> None:
    """Whoever writes to the pod's log directory may be quicker than the kubelet's second step."""
    log = rig.run("exec sleep 60")
    rename(log, 1)
    (tmp_path / "target").touch()
    Path(log.path).symlink_to(tmp_path / "target")

    with pytest.raises(FailedPrecondition):
        rig.writers.reopen(log.container_id)
