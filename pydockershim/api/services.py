"""The methods of the CRI as plain data, for the server and the client alike.

- Read from the compiled descriptor, so that proto/ is the only place that lists them.
- `runtime.v1alpha2` has the messages of `runtime.v1` and only the methods of its last version.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from pydockershim.api import runtime_v1

V1 = "runtime.v1"
V1ALPHA2 = "runtime.v1alpha2"

# COMPAT(kubelet < 1.26): v1alpha2 was frozen before these; a client of it expects UNIMPLEMENTED.
_ONLY_IN_V1 = frozenset(
    {
        "CheckpointContainer",
        "CheckpointPod",
        "GetContainerEvents",
        "ListMetricDescriptors",
        "ListPodSandboxMetrics",
        "RestorePod",
        "RuntimeConfig",
        "StreamContainerStats",
        "StreamContainers",
        "StreamImages",
        "StreamPodSandboxMetrics",
        "StreamPodSandboxStats",
        "StreamPodSandboxes",
        "UpdatePodSandboxResources",
    }
)


class CallKind(Enum):
    """What a call does, which decides how it is limited, awaited at shutdown and logged."""

    READ = "answered from memory or with a single call to the engine"
    CHANGE = "changes something, and is finished before the server stops"
    LONG = "a change of any duration, called very often"
    STREAM = "open until the client or the server closes it"


_READS = frozenset(
    {
        "ContainerStats",
        "ContainerStatus",
        "ImageFsInfo",
        "ImageStatus",
        "ListContainerStats",
        "ListContainers",
        "ListImages",
        "ListMetricDescriptors",
        "ListPodSandbox",
        "ListPodSandboxMetrics",
        "ListPodSandboxStats",
        "PodSandboxStats",
        "PodSandboxStatus",
        "RuntimeConfig",
        "Status",
        "StreamContainerStats",
        "StreamContainers",
        "StreamImages",
        "StreamPodSandboxMetrics",
        "StreamPodSandboxStats",
        "StreamPodSandboxes",
        "Version",
    }
)
_CHANGES = frozenset(
    {
        "Attach",
        "CheckpointContainer",
        "CheckpointPod",
        "CreateContainer",
        "Exec",
        "PortForward",
        "PullImage",
        "RemoveContainer",
        "RemoveImage",
        "RemovePodSandbox",
        "ReopenContainerLog",
        "RestorePod",
        "RunPodSandbox",
        "StartContainer",
        "StopContainer",
        "StopPodSandbox",
        "UpdateContainerResources",
        "UpdatePodSandboxResources",
        "UpdateRuntimeConfig",
    }
)
_KINDS = {
    **dict.fromkeys(_READS, CallKind.READ),
    **dict.fromkeys(_CHANGES, CallKind.CHANGE),
    "ExecSync": CallKind.LONG,
    "GetContainerEvents": CallKind.STREAM,
}


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of one service; `service_name` is such as runtime.v1.ImageService."""

    service_name: str
    name: str
    request: type[Message]
    response: type[Message]
    kind: CallKind
    streams: bool
    """The answer is a stream of `response`; the request never is."""

    @property
    def path(self) -> str:
        """Return the HTTP/2 path of the call."""
        return f"/{self.service_name}/{self.name}"


def _methods() -> Iterator[Method]:
    for service in runtime_v1.DESCRIPTOR.services_by_name.values():
        for method in service.methods:
            yield _method(method, V1)
            if method.name not in _ONLY_IN_V1:
                yield _method(method, V1ALPHA2)


def _method(method: MethodDescriptor, package: str) -> Method:
    return Method(
        service_name=f"{package}.{method.containing_service.name}",
        name=method.name,
        request=GetMessageClass(method.input_type),
        response=GetMessageClass(method.output_type),
        kind=_KINDS[method.name],
        streams=method.server_streaming,
    )


METHODS = tuple(_methods())
