"""UpdatePodSandboxResources: remembered with the sandbox, for a person to see."""

import json
from typing import Any

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient, CriError
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.integration.pods import Pods
from tests.waiting import eventually

OVERHEAD = cri.LinuxContainerResources(memory_limit_in_bytes=1 << 20)
RESOURCES = cri.LinuxContainerResources(cpu_shares=512, unified={"memory.high": "1G"})


def update(client: CriClient, sandbox_id: str, **resources: cri.LinuxContainerResources) -> None:
    request = cri.UpdatePodSandboxResourcesRequest(pod_sandbox_id=sandbox_id, **resources)
    client.call(request, cri.UpdatePodSandboxResourcesResponse)


def verbose(client: CriClient, sandbox_id: str) -> dict[str, Any]:
    info: dict[str, Any] = json.loads(
        client.pod_sandbox_status(sandbox_id, verbose=True).info["info"]
    )
    return info


def test_last_update_is_shown(client: CriClient, pods: Pods) -> None:
    pod = pods.run()
    assert "resources" not in verbose(client, pod.id)

    update(client, pod.id, overhead=OVERHEAD)
    update(client, pod.id, overhead=OVERHEAD, resources=RESOURCES)

    info = verbose(client, pod.id)
    assert info["overhead"] == {"memory_limit_in_bytes": "1048576"}
    assert info["resources"] == {"cpu_shares": "512", "unified": {"memory.high": "1G"}}


def test_update_goes_with_its_sandbox(
    client: CriClient, shim: Shim, pods: Pods, dockerd: Dockerd
) -> None:
    ours, foreign, last = pods.run(), pods.run(), pods.run()
    for pod in (ours, foreign):
        update(client, pod.id, resources=RESOURCES)
    client.remove_pod_sandbox(ours.id)
    dockerd.api.remove_container(foreign.id, force=True)
    eventually(lambda: foreign.id not in {each.id for each in client.list_pod_sandboxes()})

    update(client, last.id, resources=RESOURCES)

    kept = {path.stem for path in (shim.state_directory / "accepted").iterdir()}
    assert last.id in kept
    assert kept.isdisjoint({ours.id, foreign.id})


def test_unknown_sandbox_is_not_found(client: CriClient) -> None:
    with pytest.raises(CriError) as refused:
        update(client, "../" * 5, resources=RESOURCES)

    assert refused.value.code is grpc.StatusCode.NOT_FOUND
