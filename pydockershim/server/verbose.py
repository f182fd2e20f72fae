"""Answers that need more than the view keeps: Status, and the verbose form of the others.

The verbose form is for a person with crictl; it asks the engine, and may show environment values.
"""

from dataclasses import dataclass

from pydockershim import calls
from pydockershim.api import runtime_v1 as cri
from pydockershim.config.config import Config
from pydockershim.dockerapi import EngineFeatures
from pydockershim.engine.engine import Engine
from pydockershim.engine.readiness import Readiness
from pydockershim.errors import ShimError
from pydockershim.host.state_files import StateFiles
from pydockershim.logs.writers import LogWriters
from pydockershim.network.interface import PodNetwork
from pydockershim.translate import runtime
from pydockershim.translate.image import image_info
from pydockershim.translate.status import container_info, sandbox_info
from pydockershim.view.view import View

_FEATURES_S = 2.0  # for an engine that has just been lost


@dataclass(frozen=True, kw_only=True)
class VerboseInfo:
    """Reads the rooms below; changes nothing."""

    config: Config
    engine: Engine
    view: View
    network: PodNetwork
    readiness: Readiness
    pod_resources: StateFiles
    log_writers: LogWriters

    def status(self, *, verbose: bool) -> cri.StatusResponse:
        """Return the conditions from memory; an engine that hangs costs two seconds at most."""
        runtime_problem = self.readiness.reason or None
        network_problem = runtime_problem or self.network.unready_reason()
        features = self._features() if runtime_problem is None else None
        response = runtime.cri_status(
            features, runtime_problem=runtime_problem, network_problem=network_problem
        )
        if verbose:
            info = runtime.status_info(
                features,
                sandbox_image=self.config.pause_image,
                log_gaps=self.log_writers.gaps,
            )
            response.info.update(info)
        return response

    def sandbox(self, sandbox_id: str) -> cri.PodSandboxStatusResponse:
        """Return a sandbox's status with what only a person asks for."""
        response = cri.PodSandboxStatusResponse.FromString(self.view.sandbox_status(sandbox_id))
        sandbox = self.view.sandbox(sandbox_id)
        inspect = self.engine.inspect_container(sandbox.id)
        response.info.update(
            sandbox_info(inspect, sandbox.record, self.pod_resources.read(sandbox.id))
        )
        return response

    def container(self, container_id: str) -> cri.ContainerStatusResponse:
        """Return a container's status with what only a person asks for."""
        response = cri.ContainerStatusResponse.FromString(self.view.container_status(container_id))
        container = self.view.container(container_id)
        inspect = self.engine.inspect_container(container.id)
        response.info.update(container_info(inspect, container.record))
        return response

    def image(self, name: str) -> cri.ImageStatusResponse:
        """Return an image's status with what only a person asks for."""
        response = cri.ImageStatusResponse.FromString(self.view.image_status(name))
        if response.HasField("image"):
            response.info.update(image_info(self.engine.inspect_image(response.image.id)))
        return response

    def _features(self) -> EngineFeatures | None:
        try:
            with calls.entered(calls.Call(timeout_s=_FEATURES_S)):
                return self.engine.features
        except ShimError:
            return None
