"""A container's life: created, started once, stopped, removed; and how each end is told."""

import time
from pathlib import Path

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX, EVERYTHING, HEALTHCHECK, HOSTILE_LABELS, STOP_SIGNAL, VOLUME
from tests.integration.pods import Container, Pods
from tests.waiting import eventually

pytestmark = pytest.mark.engine

UNKNOWN_ID = "f" * 64
READY_AND_WAITS = "echo > /tmp/ready; while :; do sleep 0.1; done"
IGNORES_TERM = ("sh", "-c", f"trap '' TERM; {READY_AND_WAITS}")


def ended(container: Container) -> cri.ContainerStatus:
    eventually(lambda: container.status.state == cri.CONTAINER_EXITED)
    return container.status


def test_states_of_a_life(pods: Pods, tmp_path: Path) -> None:
    pod = pods.run()
    container = pod.create(
        ["sh", "-c", "until [ -e /told/to-end ]; do sleep 0.05; done; exit 7"],
        mounts=[cri.Mount(container_path="/told", host_path=str(tmp_path))],
    )

    created = container.status
    pods.client.start_container(container.id)
    running = container.status
    (tmp_path / "to-end").touch()
    exited = ended(container)

    assert (created.state, created.started_at) == (cri.CONTAINER_CREATED, 0)
    assert running.state == cri.CONTAINER_RUNNING
    assert 0 < running.created_at < running.started_at
    assert running.finished_at == 0
    assert (exited.exit_code, exited.reason) == (7, "Error")
    assert exited.started_at == running.started_at < exited.finished_at


def test_success_is_completed(pods: Pods) -> None:
    assert ended(pods.run().start(["true"])).reason == "Completed"


def test_out_of_memory_is_told(pods: Pods) -> None:
    limit = cri.LinuxContainerResources(memory_limit_in_bytes=16 * 1024 * 1024)
    # The engine does not hear of it before a container has been started, nor, at times, when its
    # cgroup goes in the same moment: the one that is killed is not the last.
    script = """
        until [ -e /tmp/started ]; do sleep 0.05; done
        dd if=/dev/zero of=/dev/null bs=64M
        killed=$?
        sleep 2
        exit $killed
    """
    container = pods.run().start(
        ["sh", "-c", script], linux=cri.LinuxContainerConfig(resources=limit)
    )

    container.output("touch", "/tmp/started")

    status = ended(container)
    assert (status.reason, status.exit_code) == ("OOMKilled", 137)


def test_image_is_the_reference_that_was_asked_for(pods: Pods, dockerd: Dockerd) -> None:
    dockerd.api.tag(BUSYBOX.name, "pydockershim.test/another-name", "2")
    image_id = dockerd.api.inspect_image(BUSYBOX.name)["Id"]
    eventually(lambda: pods.client.image_status("pydockershim.test/another-name:2"))
    pod = pods.run()

    for number, name in enumerate((BUSYBOX.name, "pydockershim.test/another-name:2")):
        spec = cri.ImageSpec(image=image_id, user_specified_image=name)
        config = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=f"c{number}"), image=spec, command=["true"]
        )
        container_id = pods.client.create_container(pod.id, config, pod.config)
        status = pods.client.container_status(container_id).status
        assert (status.image.image, status.image_id) == (name, image_id)

    dockerd.api.remove_image("pydockershim.test/another-name:2")


def test_only_a_created_container_starts(pods: Pods) -> None:
    container = pods.run().start()

    with pytest.raises(CriError) as running:
        pods.client.start_container(container.id)
    pods.client.stop_container(container.id)
    with pytest.raises(CriError) as exited:
        pods.client.start_container(container.id)

    assert running.value.code is exited.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert container.status.exit_code == 137


def test_failed_start_is_an_exit(pods: Pods) -> None:
    container = pods.run().create(["/no/such/program"])

    with pytest.raises(CriError, match="no such file") as failed:
        pods.client.start_container(container.id)

    assert failed.value.code is grpc.StatusCode.UNKNOWN
    status = container.status
    assert (status.state, status.reason) == (cri.CONTAINER_EXITED, "ContainerCannotRun")
    assert status.exit_code == 127
    assert "no such file" in status.message
    assert status.finished_at > 0


def test_nothing_joins_a_sandbox_that_ended(pods: Pods) -> None:
    pod = pods.run()
    container = pod.create(name="early")
    pods.client.stop_pod_sandbox(pod.id)

    with pytest.raises(CriError, match=pod.id) as create:
        pod.create(name="late")
    with pytest.raises(CriError, match=pod.id) as start:
        pods.client.start_container(container.id)

    assert create.value.code is start.value.code is grpc.StatusCode.FAILED_PRECONDITION


def test_retry_of_create_returns_the_same_container(pods: Pods) -> None:
    pod = pods.run()

    assert pod.create().id == pod.create().id


def test_name_that_is_taken_is_refused(pods: Pods) -> None:
    pod = pods.run()
    container = pod.create()

    with pytest.raises(CriError, match=container.id) as refused:
        pod.create(["true"])

    assert refused.value.code is grpc.StatusCode.ALREADY_EXISTS


def test_grace_period_lets_a_container_end_by_itself(pods: Pods) -> None:
    container = pods.run().start(["sh", "-c", f"trap 'sleep 0.5; exit 5' TERM; {READY_AND_WAITS}"])
    _await_ready(container)

    pods.client.stop_container(container.id, grace_period_s=10)

    assert container.status.exit_code == 5


def test_grace_period_ends_with_a_kill(pods: Pods) -> None:
    container = pods.run().start(IGNORES_TERM)
    _await_ready(container)

    pods.client.stop_container(container.id, grace_period_s=1)

    assert container.status.exit_code == 137


def test_shorter_grace_period_of_a_second_stop_counts(pods: Pods) -> None:
    container = pods.run().start(IGNORES_TERM)
    _await_ready(container)
    request = cri.StopContainerRequest(container_id=container.id, timeout=60)
    with pytest.raises(CriError) as gone:
        pods.client.call(request, cri.StopContainerResponse, timeout_s=0.3)
    began_s = time.monotonic()

    pods.client.stop_container(container.id, grace_period_s=1)

    assert gone.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began_s < 30
    assert container.status.exit_code == 137


def test_stop_signal_is_the_images(pods: Pods) -> None:
    container = pods.run().start(
        [], args=[f"trap 'exit 42' USR1; {READY_AND_WAITS}"], image=STOP_SIGNAL.name
    )
    _await_ready(container)

    pods.client.stop_container(container.id, grace_period_s=10)

    assert container.status.exit_code == 42


def test_stop_and_remove_are_idempotent(pods: Pods) -> None:
    container = pods.run().start()

    for _ in range(2):
        pods.client.stop_container(container.id)
    for _ in range(2):
        pods.client.remove_container(container.id)
    pods.client.stop_container(UNKNOWN_ID)
    pods.client.remove_container(UNKNOWN_ID)
    with pytest.raises(CriError) as gone:
        pods.client.container_status(container.id)
    assert gone.value.code is grpc.StatusCode.NOT_FOUND


def test_running_container_can_be_removed_with_its_volumes(pods: Pods, dockerd: Dockerd) -> None:
    container = pods.run().start(image=VOLUME.name)
    container.output("touch", "/data/file")

    pods.client.remove_container(container.id)

    assert (dockerd.api.volumes()["Volumes"] or []) == []


def test_image_supplies_what_the_config_leaves_out(pods: Pods) -> None:
    variable = cri.KeyValue(key="OVERRIDE", value=b"config")
    container = pods.run().start([], image=EVERYTHING.name, envs=[variable])

    assert container.output("pwd") == "/srv/work"
    assert container.output("sh", "-c", "echo $FROM_IMAGE $OVERRIDE") == "yes config"


def test_health_check_of_an_image_never_runs(pods: Pods) -> None:
    container = pods.run().start([], image=HEALTHCHECK.name)

    assert container.output("sh", "-c", "sleep 1.5; ls /").count("healthchecked") == 0


def test_labels_of_an_image_are_neither_believed_nor_returned(pods: Pods) -> None:
    labels = {"mine": "yes"}
    pod = pods.run(log_directory="/var/log/pods/x")
    container = pod.start(
        [], image=HOSTILE_LABELS.name, labels=labels, annotations=labels, log_path="c/0.log"
    )

    status = container.status
    assert dict(status.labels) == labels == dict(status.annotations)
    assert status.log_path == "/var/log/pods/x/c/0.log"
    (listed,) = pods.client.list_containers()
    assert listed.pod_sandbox_id == pod.id
    assert len(pods.client.list_pod_sandboxes()) == 1


def _await_ready(container: Container) -> None:
    container.output("sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.05; done")
