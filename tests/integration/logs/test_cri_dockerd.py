"""Logs of pods that cri-dockerd has made: a link to Docker's own JSON file, which stays one.

A kubelet reads such a file; what cannot be done with it (rotation) could not be done before either.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.bed.shim import Shim
from tests.integration.cri_dockerd import await_listed, start_as_cri_dockerd
from tests.integration.logs.logged import Log
from tests.integration.pods import Container
from tests.waiting import eventually

pytestmark = pytest.mark.engine


@dataclass
class Peers:
    """A pod of cri-dockerd's with one container, and its log."""

    sandbox_id: str
    log: Log

    @property
    def client(self) -> CriClient:
        """A client of the shim that takes them over."""
        return self.log.container.client

    @property
    def json_file(self) -> Path:
        """Docker's own file."""
        return self.log.path.readlink()


@pytest.fixture
def client(own: Shim) -> Iterator[CriClient]:
    """A client of a shim that the test may end."""
    with CriClient(own.url) as client:
        yield client


@pytest.fixture
def peers(dockerd: Dockerd, client: CriClient, tmp_path: Path) -> Iterator[Peers]:
    path = tmp_path / "pod/main/0.log"
    path.parent.mkdir(parents=True)
    labels = {"io.kubernetes.docker.type": "podsandbox", "io.kubernetes.container.name": "POD"}
    sandbox_id = start_as_cri_dockerd(dockerd, "k8s_POD_web_default_uid-1_0", labels)
    container_id = start_as_cri_dockerd(
        dockerd,
        "k8s_main_web_default_uid-1_0",
        {
            "io.kubernetes.docker.type": "container",
            "io.kubernetes.sandbox.id": sandbox_id,
            "io.kubernetes.container.logpath": str(path),
        },
        command=["sh", "-c", "echo one; exec sleep 3600"],
        network_mode=f"container:{sandbox_id}",
    )
    path.symlink_to(dockerd.api.inspect_container(container_id)["LogPath"])
    await_listed(client, container_id)
    yield Peers(sandbox_id, Log(Container(client, container_id), path))
    client.remove_pod_sandbox(sandbox_id)


def test_its_log_is_read_where_it_is_and_left_as_it_is(peers: Peers, own: Shim) -> None:
    for end in (own.stop, own.kill):
        end()
        own.start()
    eventually(peers.log.path.read_bytes)

    assert peers.log.container.status.log_path == str(peers.log.path)
    assert peers.json_file.read_bytes().startswith(b'{"log":"one\\n","stream":"stdout"')
    assert peers.json_file.read_bytes().count(b"\n") == 1


def test_it_cannot_be_reopened_and_goes_on(peers: Peers) -> None:
    """COMPAT(kubelet): it renames the link, and on the refusal renames it back."""
    renamed = peers.log.rename()

    with pytest.raises(CriError) as refused:
        peers.log.reopen()

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert not peers.log.path.exists()
    renamed.rename(peers.log.path)
    assert peers.log.path.is_symlink()


def test_it_ends_and_goes_without_delay(peers: Peers, dockerd: Dockerd) -> None:
    """The link stays for the kubelet to delete, as all that is in its log directories."""
    json_file = peers.json_file
    eventually(json_file.read_bytes)

    peers.client.stop_container(peers.log.container.id)
    assert peers.log.state == cri.CONTAINER_EXITED
    assert json_file.read_bytes()
    peers.client.remove_container(peers.log.container.id)

    assert not json_file.exists()
    assert peers.log.path.is_symlink()
    assert [each.id for each in peers.client.list_containers()] == []
    assert len(dockerd.leftovers()) == 1


def test_a_container_that_joins_its_pod_has_a_log_of_ours(peers: Peers, tmp_path: Path) -> None:
    """cri-dockerd remembers no log directory of a sandbox: each request has it."""
    config = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="late"),
        image=cri.ImageSpec(image=BUSYBOX.name),
        command=["sh", "-c", "echo late; exec sleep 60"],
        log_path="late/0.log",
    )
    sandbox_config = cri.PodSandboxConfig(log_directory=str(tmp_path / "pod"))

    container_id = peers.client.create_container(peers.sandbox_id, config, sandbox_config)
    peers.client.start_container(container_id)

    log = Log(Container(peers.client, container_id), tmp_path / "pod/late/0.log")
    eventually(lambda: log.texts == [b"late"])
    assert log.container.status.log_path == str(log.path)
    log.rename()
    log.reopen()
    assert log.path.exists()


def test_a_log_directory_that_leads_elsewhere_is_refused(peers: Peers) -> None:
    config = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="late"),
        image=cri.ImageSpec(image=BUSYBOX.name),
        log_path="late/0.log",
    )
    sandbox_config = cri.PodSandboxConfig(log_directory="/var/log/../../etc")

    with pytest.raises(CriError) as refused:
        peers.client.create_container(peers.sandbox_id, config, sandbox_config)

    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "log_directory" in refused.value.message
