"""Pods as cri-dockerd makes them: its names and labels, and no record of ours."""

import time
from collections.abc import Sequence
from typing import Any

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.dockerd import Dockerd
from tests.bed.images import BUSYBOX


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


def await_listed(client: CriClient, object_id: str) -> None:
    """Wait until what was made behind the shim's back runs in its eyes, too."""
    end_s = time.monotonic() + 5
    while True:
        running = {
            each.id for each in client.list_containers() if each.state == cri.CONTAINER_RUNNING
        }
        ready = {each.id for each in client.list_pod_sandboxes() if each.state == cri.SANDBOX_READY}
        if object_id in running | ready:
            return
        assert time.monotonic() < end_s, f"{object_id} does not run in the eyes of the shim"
        time.sleep(0.01)
