"""Every byte of a container's output is in its CRI log, with Docker's own times."""

import stat
from pathlib import Path

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.logs.logged import (
    PAUSE,
    LogPod,
    docker_lines,
    go_on,
    log_pod,
    spool_of,
)
from tests.integration.pods import Pods
from tests.waiting import eventually

pytestmark = pytest.mark.engine

PART = 16 * 1024


def test_both_streams_with_dockers_own_times(dockerd: Dockerd, pod: LogPod) -> None:
    log = pod.run(f"echo one; echo; {PAUSE}; echo two >&2")
    eventually(lambda: log.texts == [b"one", b""])
    go_on(dockerd, log)

    log.await_exit()

    lines = [f"{time} {text.decode()}" for time, _, _, text in log.lines]
    assert lines == docker_lines(dockerd, log)
    assert log.shape == [
        ("stdout", "F", b"one"),
        ("stdout", "F", b""),
        ("stderr", "F", b"two"),
    ]


def test_an_unterminated_last_line_is_a_part(pod: LogPod) -> None:
    log = pod.run("echo one; printf two")

    log.await_exit()

    assert log.shape == [("stdout", "F", b"one"), ("stdout", "P", b"two")]


@pytest.mark.parametrize("length", [PART - 1, PART, PART + 1, 40_000])
def test_long_lines_come_in_parts_of_16_kib(pod: LogPod, length: int) -> None:
    log = pod.run(f"head -c {length} /dev/zero | tr '\\0' x; echo; echo end")

    log.await_exit()

    *parts, last, end = log.shape
    assert parts == [("stdout", "P", b"x" * PART)] * (length // PART)
    assert last == ("stdout", "F", b"x" * (length % PART))
    assert end == ("stdout", "F", b"end")


def test_bytes_that_are_not_text_are_kept(pod: LogPod) -> None:
    log = pod.run(r"printf '\377\376\000\303\r\n'; printf 'a\315'")

    log.await_exit()

    assert log.texts == [b"\xff\xfe\x00\xc3\r", b"a\xcd"]


def test_a_terminal_is_all_stdout(pod: LogPod) -> None:
    log = pod.run("echo one; echo two >&2; printf prompt", tty=True)

    log.await_exit()

    assert log.shape == [
        ("stdout", "F", b"one\r"),
        ("stdout", "F", b"two\r"),
        ("stdout", "P", b"prompt"),
    ]


def test_a_line_is_there_while_the_container_runs(pod: LogPod) -> None:
    log = pod.run("echo one; exec sleep 60")

    eventually(lambda: log.texts == [b"one"])


def test_the_file_is_there_before_the_container_starts(pod: LogPod) -> None:
    """The container itself sees it, from the first moment on."""
    mount = cri.Mount(container_path="/logs", host_path=str(pod.directory.parent))
    log = pod.run("ls /logs/pod/app", mounts=[mount])

    log.await_exit()

    assert log.texts == [b"0.log"]
    assert log.container.status.log_path == str(log.path)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o640
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o755


def test_a_start_that_fails_has_an_empty_log(pod: LogPod) -> None:
    log = pod.create(["/no/such/program"])

    with pytest.raises(CriError, match="no such file"):
        log.start()

    assert log.state == cri.CONTAINER_EXITED
    assert log.path.read_bytes() == b""


def test_a_start_right_after_one_that_failed_has_its_log(pod: LogPod, tmp_path: Path) -> None:
    """Also when the writer is busy with others."""
    for number in range(2):
        pod.run("while :; do echo line; done", path=f"flood-{number}/0.log")
    for number in range(5):
        source = tmp_path / f"source-{number}"
        source.mkdir()
        mount = cri.Mount(container_path="/source", host_path=str(source))
        log = pod.create("echo one", path=f"app-{number}/0.log", mounts=[mount])
        source.rmdir()
        with pytest.raises(CriError):
            log.start()
        assert log.state == cri.CONTAINER_CREATED
        source.mkdir()

        log.start()

        log.await_exit(lines=1)
        assert log.texts == [b"one"]


def test_dockers_files_are_as_large_as_the_flag_says(dockerd: Dockerd, tmp_path: Path) -> None:
    flags = ["--log-file-size=1m"]
    with (
        Shim(dockerd, tmp_path / "own", flags=flags) as shim,
        log_pod(shim.url, tmp_path / "pod") as pod,
    ):
        log = pod.run("seq 60000; exec sleep 60")
        eventually(lambda: log.numbers == [*range(1, 60_001)])

        assert 2**20 <= spool_of(dockerd, log)[0].stat().st_size < 2**20 + 100


# Paths


@pytest.mark.parametrize("path", ["../outside.log", "app/../../outside.log", "/outside.log"])
def test_a_log_outside_of_the_pods_directory_is_refused(pod: LogPod, path: str) -> None:
    with pytest.raises(CriError) as refused:
        pod.create("true", path=path)

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "log_path" in refused.value.message
    assert not (pod.directory.parent / "outside.log").exists()


@pytest.mark.parametrize("directory", ["/var/log/pods/../../../etc", "var/log/pods/x"])
def test_a_log_directory_that_leads_elsewhere_is_refused(pods: Pods, directory: str) -> None:
    with pytest.raises(CriError) as refused:
        pods.run(log_directory=directory)

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "log_directory" in refused.value.message


def test_no_symbolic_link_is_followed(pod: LogPod, tmp_path: Path) -> None:
    """Who may write to the log directory (a hostPath volume) must not lead a log elsewhere."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "0.log").touch()
    pod.directory.mkdir()
    (pod.directory / "linked").symlink_to(target)
    (pod.directory / "app").mkdir()
    (pod.directory / "app/0.log").symlink_to(target / "0.log")

    for number, path in enumerate(("linked/0.log", "linked/new.log", "app/0.log")):
        log = pod.create("echo one", path=path, attempt=number)
        with pytest.raises(CriError) as refused:
            log.start()
        assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
        assert log.state == cri.CONTAINER_CREATED

    assert [each.name for each in target.iterdir()] == ["0.log"]
    assert (target / "0.log").read_bytes() == b""
