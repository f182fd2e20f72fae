"""The client against a server in this process that answers every method of both services."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.api.services import METHODS, Method
from pydockershim.client.client import ApiVersion, CriClient, CriError


class Recorder:
    """A CRI server that notes each call and answers with what the test has put in `answers`."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Message]] = []
        self.time_limits_s: list[float] = []
        self.answers: dict[str, Message] = {}

    def serve(self, socket: Path) -> grpc.Server:
        """Start serving; the caller stops it."""
        server = grpc.server(ThreadPoolExecutor(max_workers=1))
        for method in METHODS:
            handler = grpc.unary_unary_rpc_method_handler(
                self._answer(method),
                request_deserializer=method.request.FromString,
                response_serializer=method.response.SerializeToString,
            )
            handlers = {method.name: handler}
            generic = grpc.method_handlers_generic_handler(method.service_name, handlers)
            server.add_generic_rpc_handlers((generic,))
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        return server

    def _answer(self, method: Method) -> Any:
        def answer(request: Message, context: grpc.ServicerContext) -> Message:
            self.calls.append((method.path, request))
            self.time_limits_s.append(context.time_remaining())
            return self.answers.get(method.name, method.response())

        return answer


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def endpoint(recorder: Recorder, tmp_path: Path) -> Iterator[str]:
    socket = tmp_path / "cri.sock"
    server = recorder.serve(socket)
    yield f"unix://{socket}"
    server.stop(grace=None).wait()


@pytest.fixture
def client(endpoint: str) -> Iterator[CriClient]:
    with CriClient(endpoint) as client:
        yield client


@pytest.mark.parametrize("service", ["v1", "v1alpha2"])
def test_a_client_speaks_the_service_that_it_is_told(
    recorder: Recorder, endpoint: str, service: ApiVersion
) -> None:
    recorder.answers["Version"] = cri.VersionResponse(runtime_name="docker")

    with CriClient(endpoint, service=service) as client:
        version = client.version()

    assert version.runtime_name == "docker"
    assert [path for path, _ in recorder.calls] == [f"/runtime.{service}.RuntimeService/Version"]


def test_image_methods_go_to_the_image_service(recorder: Recorder, client: CriClient) -> None:
    recorder.answers["PullImage"] = cri.PullImageResponse(image_ref="sha256:1")
    auth = cri.AuthConfig(username="me")

    reference = client.pull_image("app:1", auth=auth)

    assert reference == "sha256:1"
    assert recorder.calls == [
        (
            "/runtime.v1.ImageService/PullImage",
            cri.PullImageRequest(image=cri.ImageSpec(image="app:1"), auth=auth),
        )
    ]


def test_sandbox_and_container_methods_carry_their_arguments(
    recorder: Recorder, client: CriClient
) -> None:
    recorder.answers["RunPodSandbox"] = cri.RunPodSandboxResponse(pod_sandbox_id="s")
    recorder.answers["CreateContainer"] = cri.CreateContainerResponse(container_id="c")
    sandbox = cri.PodSandboxConfig(hostname="h")
    config = cri.ContainerConfig(working_dir="/w")

    sandbox_id = client.run_pod_sandbox(sandbox, handler="runc")
    container_id = client.create_container(sandbox_id, config, sandbox)
    client.start_container(container_id)
    client.stop_container(container_id, grace_period_s=3)
    client.remove_container(container_id)
    client.stop_pod_sandbox(sandbox_id)
    client.remove_pod_sandbox(sandbox_id)

    assert [request for _, request in recorder.calls] == [
        cri.RunPodSandboxRequest(config=sandbox, runtime_handler="runc"),
        cri.CreateContainerRequest(pod_sandbox_id="s", config=config, sandbox_config=sandbox),
        cri.StartContainerRequest(container_id="c"),
        cri.StopContainerRequest(container_id="c", timeout=3),
        cri.RemoveContainerRequest(container_id="c"),
        cri.StopPodSandboxRequest(pod_sandbox_id="s"),
        cri.RemovePodSandboxRequest(pod_sandbox_id="s"),
    ]


def test_lists_pass_the_filter_and_return_the_items(recorder: Recorder, client: CriClient) -> None:
    recorder.answers["ListContainers"] = cri.ListContainersResponse(
        containers=[cri.Container(id="c")]
    )
    filter_ = cri.ContainerFilter(pod_sandbox_id="s")

    containers = client.list_containers(filter_)

    assert [container.id for container in containers] == ["c"]
    assert recorder.calls[0][1] == cri.ListContainersRequest(filter=filter_)


def test_an_image_that_is_not_there_is_none(recorder: Recorder, client: CriClient) -> None:
    absent = client.image_status("app:1")
    recorder.answers["ImageStatus"] = cri.ImageStatusResponse(image=cri.Image(id="sha256:1"))
    present = client.image_status("app:1")

    assert absent is None
    assert present == cri.Image(id="sha256:1")


def test_time_limits_are_the_kubelets(recorder: Recorder, client: CriClient) -> None:
    client.status()
    client.run_pod_sandbox(cri.PodSandboxConfig())
    client.stop_container("c", grace_period_s=30)
    client.exec_sync("c", ["true"], timeout_s=10)
    client.exec_sync("c", ["true"])
    client.pull_image("app:1")

    limits = [round(limit, -1) for limit in recorder.time_limits_s]
    assert limits[:4] == [120, 240, 150, 130]
    assert min(limits[4:]) > 10**6


def test_an_error_has_the_code_and_the_servers_sentence(tmp_path: Path) -> None:
    def refuse(_request: Message, context: grpc.ServicerContext) -> NoReturn:
        context.abort(grpc.StatusCode.NOT_FOUND, "no such sandbox: s")

    handler: grpc.RpcMethodHandler[Any, Any] = grpc.unary_unary_rpc_method_handler(refuse)
    generic = grpc.method_handlers_generic_handler(
        "runtime.v1.RuntimeService", {"PodSandboxStatus": handler}
    )
    server = grpc.server(ThreadPoolExecutor(max_workers=1), handlers=[generic])
    server.add_insecure_port(f"unix://{tmp_path}/cri.sock")
    server.start()

    with (
        CriClient(f"unix://{tmp_path}/cri.sock") as client,
        pytest.raises(CriError) as caught,
    ):
        client.pod_sandbox_status("s")

    server.stop(grace=None).wait()
    assert (caught.value.code, caught.value.message) == (
        grpc.StatusCode.NOT_FOUND,
        "no such sandbox: s",
    )
    assert str(caught.value) == "NOT_FOUND: no such sandbox: s"


def test_nobody_at_the_socket_is_unavailable(tmp_path: Path) -> None:
    with (
        CriClient(f"unix://{tmp_path}/nobody.sock") as client,
        pytest.raises(CriError) as caught,
    ):
        client.version()

    assert caught.value.code is grpc.StatusCode.UNAVAILABLE
