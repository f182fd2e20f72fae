"""Sandboxes and containers as the engine would tell of them, and what answers in its place."""

from collections.abc import Callable, Mapping

from pydockershim.dockerapi import ContainerInspect, ContainerSummary
from pydockershim.errors import NotFound
from pydockershim.labels import naming
from pydockershim.labels.record import ContainerRecord, Record, SandboxRecord
from pydockershim.labels.schema import encode

SANDBOX_ID = "5" * 64
CONTAINER_ID = "c" * 64


class Engine:
    """Answers inspects from a dict; `before_answer` runs between looking and answering."""

    def __init__(self) -> None:
        self.containers: dict[str, ContainerInspect] = {}
        self.before_answer: Callable[[], None] = lambda: None
        self.inspects = 0

    def inspect(self, container_id: str) -> ContainerInspect:
        """Look, then answer."""
        self.inspects += 1
        found = self.containers.get(container_id)
        self.before_answer()
        if found is None:
            raise NotFound(f"no such container {container_id}")
        return found


def sandbox_record(pod: str = "web", *, labels: Mapping[str, str] | None = None) -> SandboxRecord:
    return SandboxRecord(
        name=naming.sandbox_name(pod=pod, namespace="default", uid=f"uid-{pod}", attempt=0),
        pod=pod,
        namespace="default",
        uid=f"uid-{pod}",
        attempt=0,
        labels=labels or {},
        namespaces={"network": "POD"},
    )


def container_record(container: str = "app", *, sandbox_id: str = SANDBOX_ID) -> ContainerRecord:
    return ContainerRecord(
        name=naming.container_name(
            container=container, pod="web", namespace="default", uid="uid-web", attempt=0
        ),
        container=container,
        pod="web",
        namespace="default",
        uid="uid-web",
        attempt=0,
        sandbox_id=sandbox_id,
    )


def inspect_of(
    object_id: str, record: Record, *, state: str = "running", exit_code: int = 0
) -> ContainerInspect:
    running = state == "running"
    return {
        "Id": object_id,
        "Name": f"/{record.name}",
        "Created": "2026-01-02T03:04:05.123456789Z",
        "Image": "sha256:" + "1" * 64,
        "State": {
            "Status": state,
            "Running": running,
            "Paused": False,
            "OOMKilled": False,
            "Pid": 4711 if running else 0,
            "ExitCode": exit_code,
            "Error": "",
            "StartedAt": "2026-01-02T03:04:06Z",
            "FinishedAt": "0001-01-01T00:00:00Z" if running else "2026-01-02T03:04:07Z",
        },
        "Config": {"Image": "busybox", "Labels": encode(record), "StopSignal": "SIGINT"},
        "HostConfig": {"NetworkMode": "bridge", "OomScoreAdj": 7},
        "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "10.1.2.3"}}},
        "Mounts": [],
        "ResolvConfPath": "",
        "HostnamePath": "",
        "LogPath": "",
    }


def summary_of(object_id: str, record: Record, *, state: str = "running") -> ContainerSummary:
    return {
        "Id": object_id,
        "Names": [f"/{record.name}"],
        "Image": "busybox",
        "ImageID": "sha256:" + "1" * 64,
        "Created": 1767323045,
        "State": state,
        "Status": "Up 2 seconds",
        "Labels": encode(record),
    }
