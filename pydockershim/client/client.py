"""A typed CRI client over a unix socket, built from the descriptor.

One method for each RPC that the demo, the tests and the tools use; `call` reaches the others. The
time limits are the kubelet's, so that what is too slow for a kubelet fails here.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self, TypeVar

import grpc
from google.protobuf.message import Message

from pydockershim.api import runtime_v1 as cri
from pydockershim.api.services import METHODS, V1
from pydockershim.errors import ShimError

ApiVersion = Literal["v1", "v1alpha2"]
_Response = TypeVar("_Response", bound=Message)

TIMEOUT_S = 120.0
"""The default timeout of a call."""

_METHODS = {
    method.request: method for method in METHODS if method.service_name.startswith(f"{V1}.")
}
# The largest message of the kubelet's client; more is RESOURCE_EXHAUSTED.
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024


class CriError(ShimError):
    """An RPC has failed; `message` is the server's error."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


class CriClient:
    """A connection to a CRI server; close it with `close` or as a context manager.

    `endpoint` is a socket such as `unix:///run/pydockershim.sock`. The connection is made by the
    first call. Every method raises CriError, UNAVAILABLE when nothing listens there.
    """

    def __init__(self, endpoint: str, *, service: ApiVersion = "v1") -> None:
        self._package = f"runtime.{service}"
        options = (("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),)
        self._channel = grpc.insecure_channel(endpoint, options=options)

    def close(self) -> None:
        """Close the connection; calls in progress are cancelled."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self, request: Message, response: type[_Response], *, timeout_s: float | None = TIMEOUT_S
    ) -> _Response:
        """Make the unary RPC that takes this request; None waits without a timeout."""
        invoke: grpc.UnaryUnaryMultiCallable[Message, _Response] = self._channel.unary_unary(
            _METHODS[type(request)].path.replace(V1, self._package),
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return invoke(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise CriError(error.code(), error.details() or "") from error

    def stream(self, request: Message, response: type[_Response]) -> Iterator[_Response]:
        """Make the streaming RPC that takes this request; it has no time limit.

        The server has accepted it when this returns; the call ends with its last message, or when
        the iterator is closed.
        """
        invoke: grpc.UnaryStreamMultiCallable[Message, _Response] = self._channel.unary_stream(
            _METHODS[type(request)].path.replace(V1, self._package),
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        call: Any = invoke(request)
        call.initial_metadata()
        return _messages(call)

    # The runtime

    def version(self) -> cri.VersionResponse:
        """Return the names and versions of the runtime."""
        return self.call(cri.VersionRequest(version="0.1.0"), cri.VersionResponse)

    def status(self, *, verbose: bool = False) -> cri.StatusResponse:
        """Return the conditions and features of the runtime."""
        return self.call(cri.StatusRequest(verbose=verbose), cri.StatusResponse)

    def runtime_config(self) -> cri.RuntimeConfigResponse:
        """Return what the kubelet takes over from the runtime: the cgroup driver."""
        return self.call(cri.RuntimeConfigRequest(), cri.RuntimeConfigResponse)

    # Sandboxes

    def run_pod_sandbox(self, config: cri.PodSandboxConfig, *, handler: str = "") -> str:
        """Create and start a sandbox; return its id."""
        request = cri.RunPodSandboxRequest(config=config, runtime_handler=handler)
        response = self.call(request, cri.RunPodSandboxResponse, timeout_s=2 * TIMEOUT_S)
        return response.pod_sandbox_id

    def stop_pod_sandbox(self, sandbox_id: str) -> None:
        """Kill the sandbox's containers and release its network."""
        self.call(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox_id), cri.StopPodSandboxResponse)

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Remove the sandbox and its containers."""
        self.call(
            cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox_id), cri.RemovePodSandboxResponse
        )

    def pod_sandbox_status(
        self, sandbox_id: str, *, verbose: bool = False
    ) -> cri.PodSandboxStatusResponse:
        """Return the state of one sandbox."""
        request = cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id, verbose=verbose)
        return self.call(request, cri.PodSandboxStatusResponse)

    def list_pod_sandboxes(
        self, filter_: cri.PodSandboxFilter | None = None
    ) -> Sequence[cri.PodSandbox]:
        """Return the sandboxes that match every part of the filter."""
        return self.call(
            cri.ListPodSandboxRequest(filter=filter_), cri.ListPodSandboxResponse
        ).items

    # Containers

    def create_container(
        self, sandbox_id: str, config: cri.ContainerConfig, sandbox_config: cri.PodSandboxConfig
    ) -> str:
        """Create a container in a sandbox; return its id."""
        request = cri.CreateContainerRequest(
            pod_sandbox_id=sandbox_id, config=config, sandbox_config=sandbox_config
        )
        return self.call(request, cri.CreateContainerResponse).container_id

    def start_container(self, container_id: str) -> None:
        """Start a created container."""
        self.call(cri.StartContainerRequest(container_id=container_id), cri.StartContainerResponse)

    def stop_container(self, container_id: str, *, grace_period_s: int = 0) -> None:
        """Stop a container, and kill it after the grace period; at once when it is 0."""
        request = cri.StopContainerRequest(container_id=container_id, timeout=grace_period_s)
        self.call(request, cri.StopContainerResponse, timeout_s=TIMEOUT_S + grace_period_s)

    def remove_container(self, container_id: str) -> None:
        """Remove a container, running or not."""
        self.call(
            cri.RemoveContainerRequest(container_id=container_id), cri.RemoveContainerResponse
        )

    def container_status(
        self, container_id: str, *, verbose: bool = False
    ) -> cri.ContainerStatusResponse:
        """Return the state of one container."""
        request = cri.ContainerStatusRequest(container_id=container_id, verbose=verbose)
        return self.call(request, cri.ContainerStatusResponse)

    def list_containers(
        self, filter_: cri.ContainerFilter | None = None
    ) -> Sequence[cri.Container]:
        """Return the containers that match every part of the filter."""
        return self.call(
            cri.ListContainersRequest(filter=filter_), cri.ListContainersResponse
        ).containers

    def exec_sync(
        self, container_id: str, command: Sequence[str], *, timeout_s: int = 0
    ) -> cri.ExecSyncResponse:
        """Run a command in a container; 0 waits without a timeout."""
        request = cri.ExecSyncRequest(container_id=container_id, cmd=command, timeout=timeout_s)
        limit_s = TIMEOUT_S + timeout_s if timeout_s else None
        return self.call(request, cri.ExecSyncResponse, timeout_s=limit_s)

    # Images

    def list_images(self, image: str = "") -> Sequence[cri.Image]:
        """Return all images, or those that this reference names."""
        filter_ = cri.ImageFilter(image=cri.ImageSpec(image=image)) if image else None
        return self.call(cri.ListImagesRequest(filter=filter_), cri.ListImagesResponse).images

    def image_status(self, image: str) -> cri.Image | None:
        """Return the image, or None when it does not exist."""
        request = cri.ImageStatusRequest(image=cri.ImageSpec(image=image))
        response = self.call(request, cri.ImageStatusResponse)
        return response.image if response.HasField("image") else None

    def pull_image(self, image: str, *, auth: cri.AuthConfig | None = None) -> str:
        """Pull an image, with no timeout; return its reference."""
        request = cri.PullImageRequest(image=cri.ImageSpec(image=image), auth=auth)
        return self.call(request, cri.PullImageResponse, timeout_s=None).image_ref

    def remove_image(self, image: str) -> None:
        """Remove an image; do nothing if it does not exist."""
        self.call(cri.RemoveImageRequest(image=cri.ImageSpec(image=image)), cri.RemoveImageResponse)


def _messages(call: Any) -> Iterator[Any]:
    """Yield the messages of a streaming call; cancel it when the reader stops."""
    try:
        yield from call
    except grpc.RpcError as error:
        raise CriError(error.code(), error.details() or "") from error
    finally:
        call.cancel()
