"""Version, Status and RuntimeConfig: what the runtime as a whole is and supports."""

from dataclasses import dataclass

from pydockershim import calls
from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import EngineFeatures
from pydockershim.engine.engine import Engine
from pydockershim.engine.readiness import Readiness
from pydockershim.errors import ShimError
from pydockershim.logs.writers import LogWriters
from pydockershim.network.interface import PodNetwork
from pydockershim.translate import runtime

_FEATURES_S = 2.0  # for an engine whose connection has just been lost


@dataclass(frozen=True, kw_only=True)
class RuntimeInfo:
    """Reads the rooms below; changes nothing. `pause_image` is the configured one."""

    engine: Engine
    network: PodNetwork
    readiness: Readiness
    log_writers: LogWriters
    pause_image: str

    def version(self) -> cri.VersionResponse:
        """Return the versions, in the API version that the client called."""
        return runtime.cri_version(self.engine.features, service=calls.current().service)

    def runtime_config(self) -> cri.RuntimeConfigResponse:
        """Return the cgroup driver."""
        return runtime.cri_runtime_config(self.engine.features)

    def status(self, *, verbose: bool) -> cri.StatusResponse:
        """Return the conditions from memory; an engine that hangs delays it by two seconds."""
        runtime_problem = self.readiness.reason or None
        network_problem = runtime_problem or self.network.unready_reason()
        features = self._features() if runtime_problem is None else None
        response = runtime.cri_status(
            features, runtime_problem=runtime_problem, network_problem=network_problem
        )
        if verbose:
            response.info.update(
                runtime.status_info(
                    features, sandbox_image=self.pause_image, log_gaps=self.log_writers.gaps
                )
            )
        return response

    def _features(self) -> EngineFeatures | None:
        try:
            with calls.entered(calls.Call(timeout_s=_FEATURES_S)):
                return self.engine.features
        except ShimError:
            return None
