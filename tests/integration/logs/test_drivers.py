"""`--log-driver=inherit`: any driver of the daemon's works that Docker can read back.

Its log stream is read then, unless its driver keeps files as our own default does.
"""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import grpc
import pytest

from pydockershim.client.client import CriError
from pydockershim.dockerapi import Json
from tests.bed import images, namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.shim import Shim
from tests.integration.logs.logged import (
    PAUSE,
    LogPod,
    docker_lines,
    gaps,
    go_on,
    log_pod,
    spool_of,
)
from tests.waiting import eventually

pytestmark = pytest.mark.engine

PART = 16 * 1024
LENGTHS = (PART - 1, PART, 40_000)
# Nobody need listen there.
SYSLOG = {"syslog-address": "udp://127.0.0.1:514"}
ROTATING = {"max-size": "1m", "max-file": "3"}
SPOOL = {"max-file": "2", "compress": "false"}
SIZES = ("1000000", "1m", "1MiB")

READABLE: list[Json] = [
    {"log-driver": "json-file", "log-opts": {"max-size": "64m"}},
    {"log-driver": "local"},
    # From the copy that Docker keeps, unless told otherwise only of what does not come too fast.
    {"log-driver": "syslog", "log-opts": {**SYSLOG, "mode": "blocking"}},
]
UNREADABLE: list[Json] = [
    {"log-driver": "none"},
    {"log-driver": "syslog", "log-opts": {**SYSLOG, "cache-disabled": "true"}},
]


@pytest.fixture(scope="module")
def configurable(engine: Engine) -> Iterator[Dockerd]:
    """A daemon of this module's own."""
    directory = namespaces.PRIVATE / "configurable"
    with Dockerd(engine, directory, live_restore=True, private_network=True) as dockerd:
        images.load(dockerd)
        yield dockerd


@pytest.fixture
def daemon_config(request: pytest.FixtureRequest) -> Json:
    """The daemon's log driver and options; `of` gives them to a test."""
    config: Json = request.param
    return config


def of(configs: list[Json]) -> pytest.MarkDecorator:
    """Run a test once with each of these in daemon.json."""
    names = [str(each["log-driver"]) for each in configs]
    return pytest.mark.parametrize("daemon_config", configs, ids=names, indirect=True)


@pytest.fixture
def configured(configurable: Dockerd, daemon_config: Json) -> Dockerd:
    if configurable.config != daemon_config:
        configurable.config = daemon_config
        configurable.restart()
    return configurable


@pytest.fixture
def inheriting(configured: Dockerd, tmp_path: Path) -> Iterator[Shim]:
    """A shim that leaves the driver to the daemon."""
    with Shim(configured, tmp_path / "own", flags=["--log-driver=inherit"]) as shim:
        yield shim


@pytest.fixture
def inherited(inheriting: Shim, tmp_path: Path) -> Iterator[LogPod]:
    """A pod of that shim."""
    with log_pod(inheriting.url, tmp_path / "pod") as pod:
        yield pod


def cpu_s(shim: Shim) -> float:
    """Return the processor time that it has used, whatever else runs (proc_pid_stat(5))."""
    fields = Path(f"/proc/{shim.program.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@of(READABLE)
def test_lines_of_both_streams(inherited: LogPod, configured: Dockerd) -> None:
    log = inherited.run(f"echo one; echo; {PAUSE}; echo two >&2; {PAUSE}; printf three")
    for count in (2, 3):
        log.await_lines(count)
        go_on(configured, log)

    log.await_exit()

    lines = [f"{time} {text.decode()}" for time, _, _, text in log.lines]
    assert lines == docker_lines(configured, log)
    assert [(stream, text) for stream, _, text in log.shape] == [
        ("stdout", b"one"),
        ("stdout", b""),
        ("stderr", b"two"),
        ("stdout", b"three"),
    ]


@of(READABLE)
def test_long_lines(inherited: LogPod) -> None:
    for number, (length, tty) in enumerate(product(LENGTHS, (False, True))):
        script = f"head -c {length} /dev/zero | tr '\\0' x; echo; echo end"
        log = inherited.run(script, tty=tty, path=f"app-{number}/0.log")

        log.await_exit()

        whole = b"".join(text + b"\n" * (tag == "F") for _, tag, text in log.shape)
        assert whole.replace(b"\r", b"") == b"x" * length + b"\nend\n"


@of(READABLE)
@pytest.mark.parametrize("mib", [1, 6])
def test_the_equal_parts_of_a_line_without_end_are_written_once(
    inherited: LogPod, mib: int
) -> None:
    line = b"x" * (mib * 1024 * 1024)
    log = inherited.run(f"echo; head -c {len(line)} /dev/zero | tr '\\0' x")

    log.await_exit()
    eventually(lambda: len(b"".join(log.texts)) >= len(line))

    assert len(b"".join(log.texts)) == len(line)


@of(READABLE)
def test_a_burst_of_small_lines_takes_seconds(inherited: LogPod, inheriting: Shim) -> None:
    """While it runs: at its end Docker gives up what a slow driver has not taken within 10 s."""
    begun_s = cpu_s(inheriting)
    log = inherited.run("seq 200000; exec sleep 120")

    log.await_lines(200_000, timeout_s=80)

    assert cpu_s(inheriting) - begun_s < 20
    assert log.numbers == [*range(1, 200_001)]


@of(READABLE)
def test_lines_come_while_the_container_runs(inherited: LogPod, configured: Dockerd) -> None:
    log = inherited.run(f"echo one; {PAUSE}; echo two; exec sleep 60")

    eventually(lambda: log.texts == [b"one"])
    go_on(configured, log)
    eventually(lambda: log.texts == [b"one", b"two"])
    log.rename()
    log.reopen()
    assert not log.path.read_bytes()


@of(READABLE)
def test_each_line_once_after_restarts_of_the_shim(inherited: LogPod, inheriting: Shim) -> None:
    log = inherited.run(
        "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo same; echo $i; done; exec sleep 60"
    )
    for _ in range(3):
        inheriting.kill()
        inheriting.start()

    log.await_lines(40_000, timeout_s=60)
    inherited.client.stop_container(log.container.id)

    assert [int(text) for text in log.texts if text != b"same"] == [*range(1, 20_001)]
    assert len(log.texts) == 40_000
    assert not gaps(inherited)


@of([{"log-driver": driver, "log-opts": ROTATING} for driver in ("json-file", "local")])
def test_rotation_by_docker_repeats_nothing(inherited: LogPod) -> None:
    log = inherited.run(
        "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); printf '%0800d\\n' $i; usleep 500; done"
    )

    log.await_exit(lines=3000)

    assert log.numbers == [*range(1, 3001)]


@of(READABLE)
def test_an_engine_that_restarts_under_a_running_container(
    inherited: LogPod, configured: Dockerd
) -> None:
    log = inherited.run('i=0; while :; do i=$((i+1)); echo "$i"; usleep 200; done')
    log.await_lines(100)

    configured.restart()

    log.await_lines(log.count + 100)
    configured.api.kill(log.container.id)
    log.await_exit()
    lines = [f"{stamp} {text.decode()}" for stamp, _, _, text in log.lines]
    assert lines == docker_lines(configured, log)
    assert not gaps(inherited)


@of([{"log-driver": "local", "log-opts": {**SPOOL, "max-size": size}} for size in SIZES])
def test_the_size_of_dockers_files_is_read_as_docker_does(
    inherited: LogPod, configured: Dockerd
) -> None:
    """A file that is thought to have room left would be waited for, and the next one never read."""
    log = inherited.run("seq 60000; exec sleep 60")

    eventually(lambda: log.numbers == [*range(1, 60_001)])

    assert 1_000_000 <= spool_of(configured, log)[0].stat().st_size < 1_000_100


@of(UNREADABLE)
def test_a_driver_that_cannot_be_read_back_is_refused(
    inherited: LogPod, configured: Dockerd
) -> None:
    driver = configured.config["log-driver"]

    with pytest.raises(CriError) as refused:
        inherited.run("echo one")

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert f"its log driver {driver}, " in refused.value.message
    assert "--log-driver local" in refused.value.message
    assert not inherited.client.list_containers()
    assert len(configured.api.containers(all=True)) == 1


@of(UNREADABLE)
def test_without_a_log_path_any_driver_will_do(inherited: LogPod) -> None:
    log = inherited.run("exit 3", path="")

    log.await_exit()

    assert log.container.status.exit_code == 3
    assert log.container.status.log_path == ""
    assert not inherited.directory.exists()


@of(UNREADABLE)
def test_our_own_default_does_not_care(configured: Dockerd, tmp_path: Path) -> None:
    with Shim(configured, tmp_path / "own") as shim, log_pod(shim.url, tmp_path / "pod") as pod:
        log = pod.run("echo one")

        log.await_exit()

        assert log.texts == [b"one"]
