"""Pods as cri-dockerd makes them: its names and labels, and no record of ours."""

from collections.abc import Sequence
from typing import Any

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX
from tests.waiting import eventually


def start_as_cri_dockerd(
    dockerd: Dockerd,
    name: str,
    labels: dict[str, str],
    *,
    command: Sequence[str] = ("sleep", "3600"),
    **host_config: Any,
) -> str:
    """Create and start a container; return its id."""
    created = dockerd.api.create_container(
        BUSYBOX.name,
        list(command),
        name=name,
        labels=labels,
        host_config=dockerd.api.create_host_config(ipc_mode="shareable", **host_config),
    )
    dockerd.api.start(created["Id"])
    return str(created["Id"])


def await_listed(client: CriClient, *object_ids: str) -> None:
    """Wait until what was made behind the shim's back runs in its eyes, too."""
    eventually(lambda: _running(client).issuperset(object_ids))


def _running(client: CriClient) -> set[str]:
    containers, sandboxes = client.list_containers(), client.list_pod_sandboxes()
    return {
        *(each.id for each in containers if each.state == cri.CONTAINER_RUNNING),
        *(each.id for each in sandboxes if each.state == cri.SANDBOX_READY),
    }
