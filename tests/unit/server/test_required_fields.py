"""What every request of a kind must have."""

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.errors import InvalidArgument
from pydockershim.server.required_fields import require


@pytest.mark.parametrize(
    "config",
    [
        None,
        cri.PodSandboxConfig(),
        cri.PodSandboxConfig(metadata=cri.PodSandboxMetadata()),
        cri.PodSandboxConfig(metadata=cri.PodSandboxMetadata(uid="x")),
    ],
)
def test_what_is_missing_at_any_depth_is_named(config: cri.PodSandboxConfig | None) -> None:
    with pytest.raises(
        InvalidArgument, match=r"^RunPodSandboxRequest: required field config\.metadata"
    ):
        require(cri.RunPodSandboxRequest(config=config), "config.metadata.name")


def test_first_of_several_is_named() -> None:
    with pytest.raises(InvalidArgument, match="ExecSyncRequest: required field cmd is missing"):
        require(cri.ExecSyncRequest(container_id="a"), "container_id", "cmd")


def test_what_is_there_passes() -> None:
    request = cri.CreateContainerRequest(pod_sandbox_id="a", sandbox_config=cri.PodSandboxConfig())

    require(request, "pod_sandbox_id", "sandbox_config")
