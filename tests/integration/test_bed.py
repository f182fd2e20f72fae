"""The bed does what its docstrings say: otherwise no other test here means anything."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from tests.bed import cgroups, images, namespaces
from tests.bed.dockerd import BRIDGE_ADDRESS, Dockerd
from tests.bed.engines import Engine
from tests.bed.images import Image
from tests.bed.program import BedError, Program
from tests.bed.registry import Registry
from tests.waiting import eventually


def test_engine_is_the_selected_one(dockerd: Dockerd, engine: Engine) -> None:
    version = dockerd.api.version()["Version"]

    assert version.startswith(engine.version)
    assert version.startswith(f"{engine.name}.")


@pytest.mark.store
def test_images_are_in_the_selected_store(dockerd: Dockerd, engine: Engine) -> None:
    in_containerd = ["driver-type", "io.containerd.snapshotter.v1"] in dockerd.api.info()[
        "DriverStatus"
    ]

    expected = engine.store or ("containerd" if engine.name == "29" else "graph-driver")
    assert in_containerd == (expected == "containerd")


def test_engine_keeps_to_its_own_directory_and_addresses(dockerd: Dockerd) -> None:
    info = dockerd.api.info()
    bridge = dockerd.api.inspect_network("bridge")

    assert info["DockerRootDir"] == f"{dockerd.directory}/data"
    assert info["CgroupDriver"] == "cgroupfs"
    assert bridge["IPAM"]["Config"][0]["Gateway"] == BRIDGE_ADDRESS.partition("/")[0]


@pytest.mark.parametrize(
    ("image", "ids"),
    [
        (images.BUSYBOX, "0:0 0"),
        (images.USER_BY_ID, "1000:1000 1000 50000"),
        (images.USER_BY_NAME, "33:33 33"),
    ],
    ids=["root", "by id", "by name"],
)
def test_image_runs_as_its_user(dockerd: Dockerd, image: Image, ids: str) -> None:
    output = _run(dockerd, image.name, "sh", "-c", "echo $(id -u):$(id -g) $(id -G)")

    assert output.decode().strip() == ids


def test_image_is_made_with_files_of_its_own(dockerd: Dockerd) -> None:
    image = Image(
        f"{images.REPOSITORY}/hello:1",
        {"Entrypoint": ["/hello"], "Env": ["WHO=world"]},
        files={"/hello": b'#!/bin/sh\necho "hello $WHO $1"\n'},
    )

    images.load(dockerd, [image])

    assert _run(dockerd, image.name, "again") == b"hello world again\n"


def test_registry_serves_anybody(dockerd: Dockerd, registry: Registry) -> None:
    reference = registry.push(dockerd, images.VOLUME)

    dockerd.api.pull(reference, auth_config={"username": "", "password": ""})

    pulled = dockerd.api.inspect_image(reference)
    dockerd.api.remove_image(reference)
    assert pulled["Id"] == dockerd.api.inspect_image(images.VOLUME.name)["Id"]
    assert pulled["RepoDigests"]


def test_private_registry_wants_its_password(dockerd: Dockerd, private_registry: Registry) -> None:
    reference = private_registry.push(dockerd, images.VOLUME)
    wrong = {"username": "tester", "password": "wrong"}

    with pytest.raises(docker.errors.APIError, match=r"no basic auth credentials|[Uu]nauthorized"):
        dockerd.api.pull(reference, auth_config=wrong)
    dockerd.api.pull(reference, auth_config=private_registry.credentials)

    dockerd.api.remove_image(reference)


def test_containers_outlive_a_restart_of_the_engine(dockerd: Dockerd) -> None:
    container = dockerd.api.create_container(images.BUSYBOX.name, ["sleep", "3600"])
    dockerd.api.start(container)
    before = dockerd.api.inspect_container(container)["State"]["Pid"]

    for each in (signal.SIGTERM, signal.SIGKILL):
        dockerd.restart(each)

    after = dockerd.api.inspect_container(container)["State"]
    dockerd.api.remove_container(container, force=True)
    assert after["Running"]
    assert after["Pid"] == before


def test_mounts_propagate_into_containers_that_ask_for_it(dockerd: Dockerd, tmp_path: Path) -> None:
    binds = dockerd.api.create_host_config(binds=[f"{tmp_path}:/shared:rslave"])
    command = ["sh", "-c", "until [ -e /shared/mount/file ]; do sleep 0.05; done"]
    container = dockerd.api.create_container(images.BUSYBOX.name, command, host_config=binds)
    dockerd.api.start(container)
    mount = tmp_path / "mount"
    mount.mkdir()

    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mount], check=True)
    (mount / "file").touch()

    ended = dockerd.api.wait(container, timeout=60)
    dockerd.api.remove_container(container, force=True)
    subprocess.run(["umount", mount], check=True)
    assert ended["StatusCode"] == 0


def test_leftovers_are_named(dockerd: Dockerd) -> None:
    dockerd.api.create_container(images.BUSYBOX.name, ["true"], name="forgotten")
    dockerd.api.create_network("lost")
    dockerd.api.create_volume("misplaced")

    named = dockerd.leftovers()
    dockerd.remove_leftovers()

    assert named == ["container /forgotten", "network lost", "volume misplaced"]
    assert dockerd.leftovers() == []


def test_second_engine_runs_in_a_network_of_its_own(dockerd: Dockerd, engine: Engine) -> None:
    chains_before = _docker_chains()

    with Dockerd(engine, namespaces.PRIVATE / "second", private_network=True) as second:
        assert second.api.images() == []
        assert dockerd.api.images() != []

    assert _docker_chains() == chains_before


def test_failed_start_shows_the_end_of_the_log(tmp_path: Path) -> None:
    program = Program(["sh", "-c", "echo cannot go on; exit 3"], log=tmp_path / "log")

    with pytest.raises(BedError, match=r"ended with 3 at its start(.|\n)*cannot go on"):
        program.start(ready=lambda: False, timeout_s=60)


def test_session_sees_only_its_own_network_processes_and_cgroups() -> None:
    interfaces = {path.name for path in Path("/sys/class/net").iterdir()}
    namespace_of_init = Path("/proc/1/ns/net").readlink()

    assert interfaces <= {"lo", "docker0"} | {name for name in interfaces if "veth" in name}
    assert namespace_of_init == Path("/proc/self/ns/net").readlink()
    assert b"tests.bed.init" in Path("/proc/1/cmdline").read_bytes()
    assert not [path for path in Path("/run").iterdir() if path.name == "systemd"]
    assert "pydockershim-bed" not in Path("/proc/self/cgroup").read_text()


def test_what_is_written_to_fixed_paths_stays_inside() -> None:
    directories = ("/run", "/dev/shm", "/var/log", "/etc", "/opt")
    written = [Path(directory) / "written-inside" for directory in directories]

    subprocess.run([sys.executable, "-m", "tests.bed", "touch", *written], check=True)

    assert not [path for path in written if path.exists()]


def _end_its_command(session: subprocess.Popen[str]) -> None:
    assert session.stdin
    session.stdin.close()


@pytest.mark.parametrize(
    "end",
    [subprocess.Popen.kill, subprocess.Popen.terminate, _end_its_command],
    ids=["SIGKILL", "SIGTERM", "by itself"],
)
def test_ended_session_leaves_nothing_behind_and_the_engine_outside_alone(
    dockerd: Dockerd, tmp_path: Path, end: Callable[[subprocess.Popen[str]], None]
) -> None:
    script = tmp_path / "nested.py"
    script.write_text(_NESTED)
    engine = dockerd.api.inspect_network("bridge")
    chains, mounts, processes = _docker_chains(), _mounts(), _processes()

    session = subprocess.Popen(
        [sys.executable, "-m", "tests.bed", sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with session:
        assert session.stdout
        assert session.stdout.readline() == "running\n"
        assert _session_cgroups()
        end(session)

    eventually(lambda: not _session_cgroups() and _processes() <= processes, within_s=60)
    assert (_docker_chains(), _mounts()) == (chains, mounts)
    assert dockerd.api.inspect_network("bridge") == engine


# Runs in a session inside this one: an engine and two containers, one of them paused, in a cgroup
# like a pod's; it cleans nothing up.
_NESTED = """
import os, sys
from tests.bed import engines, images, namespaces
from tests.bed.dockerd import Dockerd

dockerd = Dockerd(engines.selected(), namespaces.PRIVATE / "dockerd")
dockerd.start()
images.load(dockerd, [images.BUSYBOX])
limits = dockerd.api.create_host_config(cgroup_parent="/kubepods/pod1")
for _ in range(2):
    container = dockerd.api.create_container(
        images.BUSYBOX.name, ["sleep", "3600"], host_config=limits
    )
    dockerd.api.start(container)
dockerd.api.pause(container)
print("running", flush=True)
sys.stdin.read()
os._exit(0)
"""


def _run(dockerd: Dockerd, image: str, *command: str) -> bytes:
    """Return what a container of the image prints when it runs the command."""
    container = dockerd.api.create_container(image, command)
    try:
        dockerd.api.start(container)
        dockerd.api.wait(container)
        output: bytes = dockerd.api.logs(container)
        return output
    finally:
        dockerd.api.remove_container(container, force=True)


def _docker_chains() -> list[str]:
    rules = subprocess.run(["iptables-save"], check=True, capture_output=True, text=True).stdout
    return sorted(line for line in rules.splitlines() if line.startswith("-"))


def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text()


def _processes() -> set[str]:
    return {path.name for path in Path("/proc").iterdir() if path.name.isdigit()}


def _session_cgroups() -> list[Path]:
    points = [hierarchy.mount_point for hierarchy in cgroups.hierarchies()]
    return [path for point in points for path in point.glob("pydockershim-bed-*")]
