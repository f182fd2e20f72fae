"""The verbose form of statuses: for a person with crictl, more than the view keeps.

It asks the engine, and may show environment values.
"""

from dataclasses import dataclass

from pydockershim.api import runtime_v1 as cri
from pydockershim.engine.engine import Engine
from pydockershim.host.state_files import StateFiles
from pydockershim.translate.image import image_info
from pydockershim.translate.status import container_info, sandbox_info
from pydockershim.view.view import View


@dataclass(frozen=True, kw_only=True)
class VerboseInfo:
    """Reads the rooms below; changes nothing."""

    engine: Engine
    view: View
    pod_resources: StateFiles

    def sandbox(self, sandbox_id: str) -> cri.PodSandboxStatusResponse:
        """Return a sandbox's status with verbose info."""
        response = cri.PodSandboxStatusResponse.FromString(self.view.sandbox_status(sandbox_id))
        sandbox = self.view.sandbox(sandbox_id)
        inspect = self.engine.containers.inspect(sandbox.id)
        resources = self.pod_resources.read(sandbox.id)
        response.info.update(sandbox_info(inspect, sandbox.record, resources))
        return response

    def container(self, container_id: str) -> cri.ContainerStatusResponse:
        """Return a container's status with verbose info."""
        response = cri.ContainerStatusResponse.FromString(self.view.container_status(container_id))
        container = self.view.container(container_id)
        inspect = self.engine.containers.inspect(container.id)
        response.info.update(container_info(inspect, container.record))
        return response

    def image(self, name: str) -> cri.ImageStatusResponse:
        """Return an image's status with verbose info."""
        response = cri.ImageStatusResponse.FromString(self.view.image_status(name))
        if response.HasField("image"):
            response.info.update(image_info(self.engine.images.inspect(response.image.id)))
        return response
