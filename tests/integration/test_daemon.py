"""The daemon: its start and end, its socket, its flags and its log."""

import ctypes
import grp
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from pydockershim import __version__
from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.images import BUSYBOX
from tests.bed.program import BedError, accepts
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.waiting import eventually

UNKNOWN_ID = "f" * 64


@pytest.fixture
def own(dockerd: Dockerd, tmp_path: Path) -> Iterator[Shim]:
    """A shim that the test may end."""
    with Shim(dockerd, tmp_path / "own") as shim:
        yield shim


def run_to_its_end(*flags: str) -> subprocess.CompletedProcess[str]:
    """Run the program with flags that keep it from serving."""
    program = Path(sys.executable).with_name("pydockershim")
    return subprocess.run(
        [program, *flags], check=False, capture_output=True, text=True, timeout=60
    )


def serves(shim: Shim) -> bool:
    with CriClient(shim.url) as client:
        return client.version().runtime_name == "docker"


# Start


def test_starts_before_the_engine_and_waits_for_it(engine: Engine, tmp_path: Path) -> None:
    dockerd = Dockerd(engine, namespaces.PRIVATE / "late", private_network=True)
    shim = Shim(dockerd, tmp_path)
    shim.program.start(ready=lambda: accepts(socket.AF_UNIX, str(shim.socket)), timeout_s=30)
    with CriClient(shim.url) as client:
        conditions = {each.type: each for each in client.status().status.conditions}
        assert not conditions["RuntimeReady"].status
        assert conditions["RuntimeReady"].message
        with pytest.raises(CriError) as unknown:
            client.list_containers()
        assert unknown.value.code is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(CriError) as unreachable:
            client.version()
        assert unreachable.value.code is grpc.StatusCode.UNAVAILABLE

        with dockerd:
            eventually(lambda: all(each.status for each in client.status().status.conditions))
            assert client.version().runtime_name == "docker"
            assert shim.stop() == 0


def test_is_not_ready_where_the_processes_of_containers_cannot_be_seen(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    apart = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    with (
        Shim(dockerd, tmp_path / "apart", prefix=apart) as shim,
        CriClient(shim.url) as client,
    ):
        eventually(lambda: all(each.status for each in client.status().status.conditions))
        pods = Pods(client)
        pods.run()

        conditions = {each.type: each for each in client.status().status.conditions}
        pods.close()
        shim.kill()

    assert not conditions["RuntimeReady"].status
    assert "PID namespace" in conditions["RuntimeReady"].message


@pytest.mark.parametrize("taken", ["socket", "state"])
def test_second_instance_is_refused(own: Shim, tmp_path: Path, taken: str) -> None:
    endpoint = own.url if taken == "socket" else f"unix://{tmp_path}/second.sock"
    state = own.state_directory if taken == "state" else tmp_path / "second"

    ended = run_to_its_end(f"--container-runtime-endpoint={endpoint}", f"--state-dir={state}")

    lock = f"{own.socket}.lock" if taken == "socket" else f"{state}/lock"
    assert ended.returncode == 1
    assert f"another pydockershim is running (it holds {lock})" in ended.stderr
    assert serves(own)


def test_socket_that_a_dead_instance_left_is_replaced(own: Shim) -> None:
    own.kill()
    assert own.socket.is_socket()

    own.start()

    assert serves(own)


def test_file_in_the_sockets_place_is_left_alone(dockerd: Dockerd, tmp_path: Path) -> None:
    shim = Shim(dockerd, tmp_path)
    shim.socket.write_text("precious")

    with pytest.raises(BedError, match=f"cannot listen on {shim.socket}"):
        shim.start()

    assert shim.socket.read_text() == "precious"


def test_socket_is_roots_and_the_docker_groups_whatever_the_umask(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    with umask(0), docker_group() as group, Shim(dockerd, tmp_path) as shim:
        socket_is = shim.socket.stat()
        lock_mode = Path(f"{shim.socket}.lock").stat().st_mode

    assert stat.S_IMODE(socket_is.st_mode) == 0o660
    assert (socket_is.st_uid, socket_is.st_gid) == (0, group)
    assert stat.S_IMODE(lock_mode) == 0o600
    assert stat.S_IMODE(shim.state_directory.stat().st_mode) == 0o700


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def docker_group() -> Iterator[int]:
    """See to it that there is a group `docker`; /etc is the session's own."""
    try:
        yield grp.getgrnam("docker").gr_gid
    except KeyError:
        before = Path("/etc/group").read_text()
        Path("/etc/group").write_text(f"{before}docker:x:4242:\n")
        yield 4242
        Path("/etc/group").write_text(before)


# End, and what is there after the next start


def test_what_is_under_way_is_finished_and_pods_live_on(own: Shim, dockerd: Dockerd) -> None:
    with CriClient(own.url) as client:
        pods = Pods(client)
        pod = pods.run()
        container = pod.start(labels={"app": "web"})
        before = container.status
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(container.execute, ["sh", "-c", "sleep 5; echo done"])
            eventually(lambda: "sleep 5" in container.output("ps"))
            assert own.stop() == 0
        assert answer.result().stdout == b"done\n"
        assert not own.socket.exists()
        assert dockerd.api.inspect_container(container.id)["State"]["Running"]

        own.start()
        assert pod.status.state == cri.SANDBOX_READY
        assert container.status == before
        assert container.output("echo", "again") == "again"
        second = pod.start(name="second")
        client.stop_container(container.id)
        client.remove_container(container.id)
        assert second.status.state == cri.CONTAINER_RUNNING
        pods.close()


def test_signal_ends_it_whichever_thread_gets_it(own: Shim) -> None:
    pid = own.program.pid
    other = min(
        int(each.name) for each in Path(f"/proc/{pid}/task").iterdir() if each.name != f"{pid}"
    )

    assert ctypes.CDLL(None).tgkill(pid, other, signal.SIGTERM) == 0

    eventually(lambda: not own.program.is_running)
    assert own.stop() == 0


def test_client_that_sleeps_holds_up_no_end(own: Shim) -> None:
    """Its end of the connection answers nothing, not even that it has heard of the end."""
    program = "import sys, time; from pydockershim.client.client import CriClient\n"
    program += "CriClient(sys.argv[1]).version(); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, own.url], stdout=subprocess.PIPE) as it:
        assert it.stdout
        assert it.stdout.readline() == b"\n"
        it.send_signal(signal.SIGSTOP)

        begun_s = time.monotonic()
        try:
            assert own.stop() == 0
            assert time.monotonic() - begun_s < 15
        finally:
            it.kill()


def test_shim_that_was_killed_comes_back_to_its_pods(own: Shim) -> None:
    with CriClient(own.url) as client:
        pods = Pods(client)
        container = pods.run().start()
        before = container.status

        own.kill()
        own.start()

        assert container.status == before
        pods.close()


def test_what_a_killed_run_left_half_read_is_removed(own: Shim, dockerd: Dockerd) -> None:
    name = "pydockershim_identity_0123abcd_left"
    dockerd.api.create_container(BUSYBOX.name, name=name)
    # Docker does not know an image's groups where a group is asked for, so the image is read.
    context = cri.LinuxContainerSecurityContext(
        run_as_user=cri.Int64Value(value=1000), run_as_group=cri.Int64Value(value=33)
    )

    with CriClient(own.url) as client:
        pods = Pods(client)
        pods.run().create(linux=cri.LinuxContainerConfig(security_context=context))

        assert not dockerd.api.containers(all=True, filters={"name": "pydockershim_identity"})
        pods.close()


# Flags


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["--network-plugin", "cni"],
            "--network-plugin cni: CNI is not implemented yet; use docker",
        ),
        (["--network-plugin=kubenet"], "--network-plugin kubenet: use docker"),
        (
            ["--docker-endpoint", "tcp://127.0.0.1:2375"],
            "--docker-endpoint tcp://127.0.0.1:2375: .*unix:///",
        ),
        (["--container-runtime-endpoint", "tcp://:1"], "--container-runtime-endpoint tcp://:1: "),
        (["--container-runtime-endpoint", f"/{'x' * 108}"], "at most 107 bytes"),
        (["--state-dir", "relative"], "--state-dir relative: use an absolute path"),
        (["--image-pull-progress-deadline", "1 week"], "--image-pull-progress-deadline '1 week': "),
        (
            ["--image-pull-progress-deadline", "0"],
            "--image-pull-progress-deadline 0: must be above",
        ),
        (
            ["--pod-infra-container-image", "Not An Image"],
            "'Not An Image' is not a valid image reference",
        ),
        (["--no-such-flag"], "unrecognized arguments: --no-such-flag"),
        (["--log-level", "loud"], "--log-level loud: use one of trace, debug, info"),
        (["an-argument"], "unrecognized arguments: an-argument"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_wrong_flag_is_refused_with_a_sentence(
    tmp_path: Path, flags: list[str], sentence: str
) -> None:
    ended = run_to_its_end(
        f"--state-dir={tmp_path}", f"--container-runtime-endpoint={tmp_path}/x.sock", *flags
    )

    assert ended.returncode in {1, 2}
    assert "Traceback" not in ended.stderr
    assert re.search(sentence, ended.stderr)


def test_version_is_told() -> None:
    assert run_to_its_end("--version").stdout == f"pydockershim {__version__}\n"


def test_flags_of_cri_dockerd_are_accepted_and_said_to_be_ignored(
    dockerd: Dockerd, tmp_path: Path
) -> None:
    flags = {
        "--cni-conf-dir": "/etc/cni/net.d",
        "--cni-bin-dir": "/opt/cni/bin,/usr/lib/cni",
        "--cni-cache-dir": "/var/lib/cni/cache",
        "--pod-cidr": "10.88.0.0/16",
        "--ipv6-dual-stack": "true",
        "--hairpin-mode": "none",
        "--network-plugin-mtu": "1450",
        "--runtime-request-timeout": "2m0s",
        "--runtime-cgroups": "/docker",
    }

    with Shim(dockerd, tmp_path, flags=[f"{flag}={value}" for flag, value in flags.items()]) as it:
        said = it.program.logged()

    sentence = "is accepted for compatibility with cri-dockerd and ignored"
    assert all(f"{flag} {sentence}" in said for flag in flags)


# The log


def test_changes_are_logged_at_info_with_ids_and_duration(shim: Shim, pods: Pods) -> None:
    before = len(shim.program.logged().encode())

    pod = pods.run(name="told")
    container = pod.start(name="main")
    pods.client.stop_container(container.id)

    lines = lines_of(shim, before)
    (run,) = (line for line in lines if "RunPodSandbox" in line)
    (create,) = (line for line in lines if "CreateContainer" in line)
    (stop,) = (line for line in lines if "StopContainer" in line)
    assert " INFO " in run
    assert f"pod=tests/told pod_sandbox_id={pod.id} in " in run
    assert run.endswith(" ms: ok")
    assert f"pod_sandbox_id={pod.id} container=main container_id={container.id}" in create
    assert " INFO " in stop
    assert container.id in stop


def test_reads_and_execs_are_logged_at_debug(shim: Shim, pods: Pods) -> None:
    container = pods.run().start()
    before = len(shim.program.logged().encode())

    pods.client.list_containers()
    pods.client.status()
    pods.client.list_images()
    pods.client.container_status(container.id)
    container.output("echo", "s3cret-argument")

    lines = lines_of(shim, before)
    names = ("ListContainers", "Status", "ListImages", "ContainerStatus", "ExecSync")
    assert all(any(f": {name}" in line for line in lines) for name in names)
    assert all(" DEBUG " in line for line in lines if any(f": {name}" in line for name in names))
    assert not [line for line in lines if "s3cret-argument" in line]


def test_failures_are_logged_as_warnings_unless_something_is_not_there(
    shim: Shim, pods: Pods
) -> None:
    pod = pods.run()
    before = len(shim.program.logged().encode())

    with pytest.raises(CriError):
        pod.create(working_dir="relative")
    with pytest.raises(CriError):
        pods.client.container_status(UNKNOWN_ID)
    with pytest.raises(CriError):
        pods.client.start_container(UNKNOWN_ID)

    lines = lines_of(shim, before)
    (create,) = (line for line in lines if "CreateContainer" in line)
    (status,) = (line for line in lines if "ContainerStatus" in line)
    (start,) = (line for line in lines if "StartContainer" in line)
    assert " WARNING " in create
    assert "INVALID_ARGUMENT: working_dir" in create
    assert " DEBUG " in status
    assert " INFO " in start
    assert "NOT_FOUND" in start


def test_level_of_the_log_is_a_flag(dockerd: Dockerd, tmp_path: Path) -> None:
    with Shim(dockerd, tmp_path, flags=["--log-level=info"]) as shim, CriClient(shim.url) as client:
        client.remove_container(UNKNOWN_ID)
        client.list_containers()
        said = shim.program.logged()

    assert "RemoveContainer" in said
    assert "ListContainers" not in said


def lines_of(shim: Shim, since: int) -> list[str]:
    return shim.program.logged(since=since).splitlines()
