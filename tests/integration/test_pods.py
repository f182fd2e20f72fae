"""A pod's life: run, listed, stopped, removed; and what becomes of a second request for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.waiting import eventually

pytestmark = pytest.mark.engine

UNKNOWN_ID = "f" * 64


@pytest.fixture(params=["v1", "v1alpha2"])
def either_pods(shim: Shim, request: pytest.FixtureRequest) -> Iterator[Pods]:
    with CriClient(shim.url, service=request.param) as client:
        pods = Pods(client)
        yield pods
        pods.close()


def test_pod_of_two_containers_lives_and_ends_through_both_services(either_pods: Pods) -> None:
    client = either_pods.client
    pod = either_pods.run()
    first, second = pod.start(name="first"), pod.start(name="second")

    assert pod.status.state == cri.SANDBOX_READY
    assert [each.id for each in client.list_pod_sandboxes()] == [pod.id]
    assert {each.id for each in client.list_containers()} == {first.id, second.id}
    assert first.output("hostname") == "pod"
    assert len({each.output("readlink", "/proc/self/ns/net") for each in (first, second)}) == 1

    client.stop_pod_sandbox(pod.id)
    assert pod.status.state == cri.SANDBOX_NOTREADY
    assert first.status.state == second.status.state == cri.CONTAINER_EXITED
    client.remove_pod_sandbox(pod.id)
    assert not client.list_pod_sandboxes()
    assert not client.list_containers()


def test_status_returns_what_was_sent(pods: Pods) -> None:
    labels = {
        "app": "web",
        "io.kubernetes.docker.type": "container",
        "annotation.x": "label",
        "": "",
    }
    annotations = {"x": "annotation", "io.pydockershim.record": "{}", "üml": "=,\n"}

    pod = pods.run(name="with_under_scores", labels=labels, annotations=annotations)

    status = pod.status
    assert status.metadata == pod.config.metadata
    assert dict(status.labels) == labels
    assert dict(status.annotations) == annotations
    assert status.created_at > 1_600_000_000_000_000_000
    assert status.network.ip.count(".") == 3
    (listed,) = pods.client.list_pod_sandboxes()
    assert (listed.created_at, listed.metadata) == (status.created_at, status.metadata)


def test_stop_and_remove_are_idempotent(pods: Pods) -> None:
    pod = pods.run()

    for _ in range(2):
        pods.client.stop_pod_sandbox(pod.id)
    for _ in range(2):
        pods.client.remove_pod_sandbox(pod.id)
    pods.client.stop_pod_sandbox(UNKNOWN_ID)
    pods.client.remove_pod_sandbox(UNKNOWN_ID)


def test_removing_a_running_pod_takes_its_containers_with_it(pods: Pods, dockerd: Dockerd) -> None:
    pod = pods.run()
    pod.start()

    pods.client.remove_pod_sandbox(pod.id)

    assert not dockerd.leftovers()


def test_ready_sandbox_that_is_asked_for_again_is_left_alone(pods: Pods) -> None:
    pod = pods.run()

    with pytest.raises(CriError) as refused:
        pods.client.run_pod_sandbox(pod.config)

    assert refused.value.code is grpc.StatusCode.ALREADY_EXISTS
    assert pod.id in str(refused.value)
    assert pod.status.state == cri.SANDBOX_READY


def test_ended_sandbox_with_a_container_is_left_alone(pods: Pods) -> None:
    pod = pods.run()
    container = pod.start()
    pods.client.stop_pod_sandbox(pod.id)

    with pytest.raises(CriError, match=pod.id):
        pods.client.run_pod_sandbox(pod.config)

    assert container.status.state == cri.CONTAINER_EXITED


def test_ended_sandbox_without_containers_is_made_anew(pods: Pods) -> None:
    pod = pods.run()
    pods.client.stop_pod_sandbox(pod.id)

    again = pods.run(pod.config)

    assert again.id != pod.id
    assert [each.id for each in pods.client.list_pod_sandboxes()] == [again.id]


def test_sandbox_of_another_pod_with_the_same_docker_name_is_left_alone(pods: Pods) -> None:
    pod, other = (
        pods.sandbox_config(
            metadata=cri.PodSandboxMetadata(name=name, namespace=namespace, uid="1")
        )
        for name, namespace in (("a_b", "c"), ("a", "b_c"))
    )
    ended = pods.run(pod)
    pods.client.stop_pod_sandbox(ended.id)

    with pytest.raises(CriError, match=f"taken by sandbox {ended.id} of pod c/a_b") as refused:
        pods.client.run_pod_sandbox(other)

    assert refused.value.code is grpc.StatusCode.ALREADY_EXISTS
    assert ended.status.metadata == pod.metadata


def test_half_made_sandbox_is_not_ready_and_is_made_anew(pods: Pods, dockerd: Dockerd) -> None:
    pod = pods.run()
    name = dockerd.api.inspect_container(pod.id)["Name"]
    dockerd.api.rename(pod.id, f"{name}_setup")
    eventually(lambda: pod.status.state == cri.SANDBOX_NOTREADY)

    again = pods.run(pod.config)

    assert again.status.state == cri.SANDBOX_READY
    assert [each.id for each in pods.client.list_pod_sandboxes()] == [again.id]


def test_two_requests_at_once_make_one_sandbox(pods: Pods) -> None:
    config = pods.sandbox_config()

    def attempt(_: int) -> str:
        try:
            return pods.run(config).id
        except CriError as error:
            return error.code.name

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(4)))

    assert outcomes.count("ALREADY_EXISTS") == 3
    (listed,) = pods.client.list_pod_sandboxes()
    assert listed.id in outcomes


def test_failed_run_leaves_nothing_behind(pods: Pods, dockerd: Dockerd) -> None:
    taken = pods.run(port_mappings=[cri.PortMapping(container_port=80, host_port=18080)])
    config = pods.sandbox_config(
        port_mappings=[cri.PortMapping(container_port=81, host_port=18080)]
    )

    before = dockerd.leftovers()

    with pytest.raises(CriError, match="18080"):
        pods.client.run_pod_sandbox(config)

    assert dockerd.leftovers() == before
    assert taken.status.state == cri.SANDBOX_READY


def test_container_id_is_no_sandbox_id(pods: Pods) -> None:
    container = pods.run().start()

    with pytest.raises(CriError) as refused:
        pods.client.pod_sandbox_status(container.id)

    assert refused.value.code is grpc.StatusCode.NOT_FOUND
    pods.client.remove_pod_sandbox(container.id)
    assert container.status.state == cri.CONTAINER_RUNNING


def test_sandbox_is_found_by_the_beginning_of_its_id(pods: Pods) -> None:
    pod = pods.run()

    assert pods.client.pod_sandbox_status(pod.id[:13]).status.id == pod.id


def test_verbose_status_tells_a_person_more(pods: Pods) -> None:
    pod = pods.run()
    container = pod.start()

    assert '"pid"' in pods.client.pod_sandbox_status(pod.id, verbose=True).info["info"]
    assert pod.id in pods.client.container_status(container.id, verbose=True).info["info"]
