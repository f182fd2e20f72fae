"""Two callers at once, and callers who leave: nothing is half done, nothing hangs."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.pods import Container, Pods
from tests.waiting import eventually

pytestmark = pytest.mark.engine

IGNORES_TERM = ("sh", "-c", "trap '' TERM; echo > /tmp/ready; while :; do sleep 0.1; done")


def outcome(done: Future[Any]) -> grpc.StatusCode:
    """Return how a call ended; it has less time than the grace periods here."""
    error = done.exception(30)
    if error is None:
        return grpc.StatusCode.OK
    assert isinstance(error, CriError), error
    return error.code


def stubborn(pods: Pods) -> Container:
    """Start a container that does not end by SIGTERM."""
    container = pods.run().start(IGNORES_TERM)
    container.output("sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.05; done")
    return container


def test_removal_ends_a_stop_that_waits(pods: Pods) -> None:
    container = stubborn(pods)
    with ThreadPoolExecutor(1) as pool:
        stop = pool.submit(pods.client.stop_container, container.id, grace_period_s=60)
        pods.client.remove_container(container.id)

        assert outcome(stop) is grpc.StatusCode.OK


def test_stop_of_the_pod_ends_a_stop_that_waits(pods: Pods) -> None:
    container = stubborn(pods)
    (sandbox,) = pods.client.list_pod_sandboxes()
    with ThreadPoolExecutor(1) as pool:
        stop = pool.submit(pods.client.stop_container, container.id, grace_period_s=60)

        pods.client.stop_pod_sandbox(sandbox.id)

        assert outcome(stop) is grpc.StatusCode.OK
    assert container.status.exit_code == 137


def test_many_stops_and_removals_at_once_all_succeed(pods: Pods, dockerd: Dockerd) -> None:
    pod = pods.run()
    container = pod.start()
    act = [
        lambda: pods.client.stop_container(container.id, grace_period_s=1),
        lambda: pods.client.remove_container(container.id),
        lambda: pods.client.stop_pod_sandbox(pod.id),
        lambda: pods.client.remove_pod_sandbox(pod.id),
    ]
    with ThreadPoolExecutor(12) as pool:
        done = [pool.submit(each) for each in act * 3]

        assert {outcome(each) for each in done} == {grpc.StatusCode.OK}

    assert not dockerd.leftovers()


def test_nothing_runs_in_a_pod_that_was_stopped_while_containers_started(pods: Pods) -> None:
    pod = pods.run()
    containers = [pod.create(name=f"c{number}") for number in range(6)]
    with ThreadPoolExecutor(8) as pool:
        starts = [pool.submit(pods.client.start_container, each.id) for each in containers]
        creation = pool.submit(pod.create, name="late")
        stop = pool.submit(pods.client.stop_pod_sandbox, pod.id)

        allowed = {grpc.StatusCode.OK, grpc.StatusCode.FAILED_PRECONDITION}
        assert {outcome(each) for each in starts} | {outcome(creation)} <= allowed
        assert outcome(stop) is grpc.StatusCode.OK

    states = {each.state for each in pods.client.list_containers()}
    assert cri.CONTAINER_RUNNING not in states


@pytest.mark.parametrize("end", ["stop_container", "remove_container"])
def test_command_ends_with_its_container(pods: Pods, end: str) -> None:
    container = pods.run().start()
    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(container.execute, ["sleep", "50"], timeout_s=60)
        eventually(lambda: "sleep 50" in container.output("ps"))

        getattr(pods.client, end)(container.id)

        error = command.exception(30)
    if error is None:
        assert command.result().exit_code == 137
    else:
        assert isinstance(error, CriError)
        assert error.code in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNKNOWN}


def test_removal_and_a_new_request_for_the_pod(pods: Pods) -> None:
    config = pods.sandbox_config()
    for _ in range(3):
        pod = pods.run(config)
        with ThreadPoolExecutor(2) as pool:
            removal = pool.submit(pods.client.remove_pod_sandbox, pod.id)
            again = pool.submit(pods.run, config)
            assert outcome(removal) is grpc.StatusCode.OK
            assert outcome(again) in {grpc.StatusCode.OK, grpc.StatusCode.ALREADY_EXISTS}
        for each in pods.client.list_pod_sandboxes():
            assert each.state == cri.SANDBOX_READY
            pods.client.remove_pod_sandbox(each.id)


@pytest.mark.parametrize("after_s", [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7])
def test_sandbox_of_a_caller_who_left_is_finished_or_gone(
    shim: Shim, pods: Pods, dockerd: Dockerd, after_s: float
) -> None:
    before = len(shim.program.logged().encode())
    config = pods.sandbox_config(name=f"left-after-{after_s}")
    request = cri.RunPodSandboxRequest(config=config)
    leaves(pods.client, request, cri.RunPodSandboxResponse, after_s=after_s)
    await_line(shim, f"RunPodSandbox pod=tests/{config.metadata.name} ", since=before)

    eventually(lambda: states(pods.client) <= {cri.SANDBOX_READY})

    for each in pods.client.list_pod_sandboxes():
        pods.client.remove_pod_sandbox(each.id)
    assert not dockerd.leftovers()


@pytest.mark.parametrize("after_s", [0.005, 0.02, 0.05, 0.1])
def test_container_of_a_caller_who_left_is_the_retrys(pods: Pods, after_s: float) -> None:
    pod = pods.run()
    config = cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name="main"),
        image=cri.ImageSpec(image="pydockershim.test/busybox:1"),
        command=["sleep", "3600"],
    )
    request = cri.CreateContainerRequest(
        pod_sandbox_id=pod.id, config=config, sandbox_config=pod.config
    )
    leaves(pods.client, request, cri.CreateContainerResponse, after_s=after_s)

    container_id = pods.client.create_container(pod.id, config, pod.config)
    pods.client.start_container(container_id)

    assert [each.id for each in pods.client.list_containers()] == [container_id]


def test_removal_goes_on_without_its_caller(shim: Shim, pods: Pods, dockerd: Dockerd) -> None:
    pod = pods.run()
    for name in "abc":
        pod.start(name=name)
    request = cri.RemovePodSandboxRequest(pod_sandbox_id=pod.id)
    running = len(dockerd.api.containers())

    with grpc.insecure_channel(shim.url) as channel:
        remove: Any = channel.unary_unary("/runtime.v1.RuntimeService/RemovePodSandbox")
        under_way = remove.future(request.SerializeToString())
        eventually(lambda: len(dockerd.api.containers()) < running)
        under_way.cancel()

    eventually(lambda: not dockerd.leftovers())
    eventually(lambda: not pods.client.list_pod_sandboxes())


@pytest.mark.parametrize("seconds", [2**31, 2**62])
def test_waits_may_be_longer_than_the_kernel_counts(pods: Pods, seconds: int) -> None:
    container = pods.run().start(
        ["sh", "-c", "trap 'exit 3' TERM; sleep 1; echo > /tmp/ready; while :; do sleep 0.05; done"]
    )
    until_ready = ["sh", "-c", "until [ -e /tmp/ready ]; do sleep 0.05; done"]
    request = cri.ExecSyncRequest(container_id=container.id, cmd=until_ready, timeout=seconds)
    assert not pods.client.call(request, cri.ExecSyncResponse).exit_code

    stop = cri.StopContainerRequest(container_id=container.id, timeout=seconds)
    pods.client.call(stop, cri.StopContainerResponse)

    assert container.status.exit_code == 3


def leaves(client: CriClient, request: Any, response: Any, *, after_s: float) -> None:
    """Make a call and leave it, unless it has ended before."""
    with suppress(CriError):
        client.call(request, response, timeout_s=after_s)


def await_line(shim: Shim, words: str, *, since: int) -> None:
    """Wait for the end of a call, which the log tells; one that never reached the shim has none."""
    deadline_s = time.monotonic() + 10
    while words not in shim.program.logged(since=since) and time.monotonic() < deadline_s:
        time.sleep(0.02)


def states(client: CriClient) -> set[int]:
    return {each.state for each in client.list_pod_sandboxes()}
