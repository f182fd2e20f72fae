"""Pods of other shims: of cri-dockerd, which have no record, and of a newer version."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.labels.record import SandboxRecord
from pydockershim.labels.schema import encode
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.integration.cri_dockerd import await_listed, start_as_cri_dockerd
from tests.integration.pods import Container

pytestmark = pytest.mark.engine


def test_pod_of_cri_dockerd_is_taken_over(client: CriClient, dockerd: Dockerd) -> None:
    sandbox_id = start_as_cri_dockerd(
        dockerd,
        "k8s_POD_web_default_uid-1_2",
        {
            "io.kubernetes.docker.type": "podsandbox",
            "io.kubernetes.container.name": "POD",
            "io.kubernetes.pod.name": "web",
            "app": "web",
            "annotation.note": "x",
        },
    )
    container_id = start_as_cri_dockerd(
        dockerd,
        "k8s_main_web_default_uid-1_5",
        {
            "io.kubernetes.docker.type": "container",
            "io.kubernetes.sandbox.id": sandbox_id,
            "io.kubernetes.container.logpath": "/var/log/pods/x/main/5.log",
            "annotation.hash": "y",
        },
        network_mode=f"container:{sandbox_id}",
    )
    await_listed(client, sandbox_id, container_id)

    sandbox = client.pod_sandbox_status(sandbox_id).status
    assert sandbox.state == cri.SANDBOX_READY
    assert sandbox.metadata == cri.PodSandboxMetadata(
        name="web", namespace="default", uid="uid-1", attempt=2
    )
    assert dict(sandbox.labels) == {"app": "web", "io.kubernetes.pod.name": "web"}
    assert dict(sandbox.annotations) == {"note": "x"}
    assert sandbox.network.ip.count(".") == 3
    container = Container(client, container_id)
    status = container.status
    assert status.state == cri.CONTAINER_RUNNING
    assert status.metadata == cri.ContainerMetadata(name="main", attempt=5)
    assert status.log_path == "/var/log/pods/x/main/5.log"
    assert (dict(status.labels), dict(status.annotations)) == ({}, {"hash": "y"})
    assert status.image.image == BUSYBOX.name
    assert container.output("echo", "hello") == "hello"

    client.stop_pod_sandbox(sandbox_id)
    assert container.status.state == cri.CONTAINER_EXITED
    client.remove_pod_sandbox(sandbox_id)
    assert not dockerd.leftovers()


def test_container_joins_a_pod_of_cri_dockerd(client: CriClient, dockerd: Dockerd) -> None:
    labels = {"io.kubernetes.docker.type": "podsandbox", "io.kubernetes.container.name": "POD"}
    sandbox_id = start_as_cri_dockerd(dockerd, "k8s_POD_web_default_uid-2_0", labels)
    await_listed(client, sandbox_id)
    config = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="late"),
        image=cri.ImageSpec(image=BUSYBOX.name),
        command=["sleep", "3600"],
    )

    container_id = client.create_container(sandbox_id, config, cri.PodSandboxConfig())
    client.start_container(container_id)

    inspect = dockerd.api.inspect_container(container_id)
    assert inspect["Name"] == "/k8s_late_web_default_uid-2_0"
    assert inspect["HostConfig"]["NetworkMode"] == f"container:{sandbox_id}"
    client.remove_pod_sandbox(sandbox_id)


def test_pod_on_a_network_of_an_unknown_kind_has_its_address_and_can_be_removed(
    client: CriClient, dockerd: Dockerd
) -> None:
    record = SandboxRecord(
        name="k8s_POD_web_default_uid-3_0",
        pod="web",
        namespace="default",
        uid="uid-3",
        attempt=0,
        namespaces={"network": "POD", "pid": "CONTAINER", "ipc": "POD"},
        network="of-a-newer-version",
    )
    sandbox_id = start_as_cri_dockerd(dockerd, record.name, encode(record))
    await_listed(client, sandbox_id)

    assert client.pod_sandbox_status(sandbox_id).status.network.ip.count(".") == 3
    client.stop_pod_sandbox(sandbox_id)
    assert client.pod_sandbox_status(sandbox_id).status.state == cri.SANDBOX_NOTREADY
    client.remove_pod_sandbox(sandbox_id)
    assert not dockerd.leftovers()
