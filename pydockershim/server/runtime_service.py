"""RuntimeService: the table of contents of the runtime calls, a few lines per method.

A method that is missing here is answered with UNIMPLEMENTED.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.containers import create, exec_sync, remove, reopen_log, start, stop
from pydockershim.containers.deps import ContainerDeps
from pydockershim.pods import remove as remove_pod
from pydockershim.pods import run as run_pod
from pydockershim.pods import stop as stop_pod
from pydockershim.pods import update as update_pod
from pydockershim.pods.deps import PodDeps
from pydockershim.server.required_fields import require
from pydockershim.server.runtime_info import RuntimeInfo
from pydockershim.server.streaming_urls import StreamingUrls
from pydockershim.server.verbose import VerboseInfo
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class RuntimeService:
    """The CRI's RuntimeService, for both of its versions."""

    view: View
    pod_deps: PodDeps
    container_deps: ContainerDeps
    runtime: RuntimeInfo
    verbose: VerboseInfo
    streaming: StreamingUrls

    def Version(self, _: cri.VersionRequest) -> cri.VersionResponse:
        return self.runtime.version()

    def Status(self, request: cri.StatusRequest) -> cri.StatusResponse:
        return self.runtime.status(verbose=request.verbose)

    def RuntimeConfig(self, _: cri.RuntimeConfigRequest) -> cri.RuntimeConfigResponse:
        return self.runtime.runtime_config()

    def UpdateRuntimeConfig(
        self, _: cri.UpdateRuntimeConfigRequest
    ) -> cri.UpdateRuntimeConfigResponse:
        # Docker's own bridge has its address range already; the pod CIDR is for CNI to use.
        return cri.UpdateRuntimeConfigResponse()

    def RunPodSandbox(self, request: cri.RunPodSandboxRequest) -> cri.RunPodSandboxResponse:
        require(request, "config.metadata.name")
        sandbox_id = run_pod.run(self.pod_deps, request.config, handler=request.runtime_handler)
        return cri.RunPodSandboxResponse(pod_sandbox_id=sandbox_id)

    def StopPodSandbox(self, request: cri.StopPodSandboxRequest) -> cri.StopPodSandboxResponse:
        require(request, "pod_sandbox_id")
        stop_pod.stop(self.pod_deps, request.pod_sandbox_id)
        return cri.StopPodSandboxResponse()

    def RemovePodSandbox(
        self, request: cri.RemovePodSandboxRequest
    ) -> cri.RemovePodSandboxResponse:
        require(request, "pod_sandbox_id")
        remove_pod.remove(self.pod_deps, request.pod_sandbox_id)
        return cri.RemovePodSandboxResponse()

    def UpdatePodSandboxResources(
        self, request: cri.UpdatePodSandboxResourcesRequest
    ) -> cri.UpdatePodSandboxResourcesResponse:
        require(request, "pod_sandbox_id")
        update_pod.update(self.pod_deps, request)
        return cri.UpdatePodSandboxResourcesResponse()

    def PodSandboxStatus(
        self, request: cri.PodSandboxStatusRequest
    ) -> bytes | cri.PodSandboxStatusResponse:
        require(request, "pod_sandbox_id")
        if request.verbose:
            return self.verbose.sandbox(request.pod_sandbox_id)
        return self.view.sandbox_status(request.pod_sandbox_id)

    def ListPodSandbox(self, request: cri.ListPodSandboxRequest) -> bytes:
        return self.view.list_sandboxes(request.filter)

    def StreamPodSandboxes(self, request: cri.StreamPodSandboxesRequest) -> Iterator[bytes]:
        return self.view.stream_sandboxes(request.filter)

    def CreateContainer(self, request: cri.CreateContainerRequest) -> cri.CreateContainerResponse:
        require(request, "pod_sandbox_id", "config.metadata.name", "config.image.image")
        require(request, "sandbox_config")
        container_id = create.create(self.container_deps, request)
        return cri.CreateContainerResponse(container_id=container_id)

    def StartContainer(self, request: cri.StartContainerRequest) -> cri.StartContainerResponse:
        require(request, "container_id")
        start.start(self.container_deps, request.container_id)
        return cri.StartContainerResponse()

    def StopContainer(self, request: cri.StopContainerRequest) -> cri.StopContainerResponse:
        require(request, "container_id")
        stop.stop(self.container_deps, request.container_id, grace_s=request.timeout)
        return cri.StopContainerResponse()

    def RemoveContainer(self, request: cri.RemoveContainerRequest) -> cri.RemoveContainerResponse:
        require(request, "container_id")
        remove.remove(self.container_deps, request.container_id)
        return cri.RemoveContainerResponse()

    def ContainerStatus(
        self, request: cri.ContainerStatusRequest
    ) -> bytes | cri.ContainerStatusResponse:
        require(request, "container_id")
        if request.verbose:
            return self.verbose.container(request.container_id)
        return self.view.container_status(request.container_id)

    def ListContainers(self, request: cri.ListContainersRequest) -> bytes:
        return self.view.list_containers(request.filter)

    def StreamContainers(self, request: cri.StreamContainersRequest) -> Iterator[bytes]:
        return self.view.stream_containers(request.filter)

    def ReopenContainerLog(
        self, request: cri.ReopenContainerLogRequest
    ) -> cri.ReopenContainerLogResponse:
        require(request, "container_id")
        reopen_log.reopen_log(self.container_deps, request.container_id)
        return cri.ReopenContainerLogResponse()

    def GetContainerEvents(self, _: cri.GetEventsRequest) -> Iterator[bytes]:
        return self.view.subscribe()

    def ExecSync(self, request: cri.ExecSyncRequest) -> cri.ExecSyncResponse:
        require(request, "container_id", "cmd")
        return exec_sync.exec_sync(
            self.container_deps, request.container_id, list(request.cmd), timeout_s=request.timeout
        )

    def Exec(self, request: cri.ExecRequest) -> cri.ExecResponse:
        require(request, "container_id", "cmd")
        return self.streaming.exec(request)

    def Attach(self, request: cri.AttachRequest) -> cri.AttachResponse:
        require(request, "container_id")
        return self.streaming.attach(request)

    def PortForward(self, request: cri.PortForwardRequest) -> cri.PortForwardResponse:
        require(request, "pod_sandbox_id")
        return self.streaming.port_forward(request)
