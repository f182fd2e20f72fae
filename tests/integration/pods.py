"""Pods for the tests: configs as short as they can be, and everything removed afterwards."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from tests.bed.images import BUSYBOX

SLEEP = ("sleep", "3600")


@pytest.fixture
def pods(client: CriClient) -> "Iterator[Pods]":
    """Pods of the suite's `client`, removed when the test ends."""
    pods = Pods(client)
    yield pods
    pods.close()


class Pods:
    """Runs pods with the client that it is given, and removes them in `close`."""

    def __init__(self, client: CriClient) -> None:
        self.client = client
        self._made: list[str] = []

    def sandbox_config(self, name: str = "pod", **fields: Any) -> cri.PodSandboxConfig:
        """Return a pod config of a uid that no other has; `fields` are the message's."""
        metadata = cri.PodSandboxMetadata(name=name, namespace="tests", uid=uuid.uuid4().hex)
        return cri.PodSandboxConfig(**{"metadata": metadata, "hostname": "pod", **fields})

    def run(
        self, config: cri.PodSandboxConfig | None = None, *, handler: str = "", **fields: Any
    ) -> "Pod":
        """Run a sandbox."""
        config = config or self.sandbox_config(**fields)
        sandbox_id = self.client.run_pod_sandbox(config, handler=handler)
        self._made.append(sandbox_id)
        return Pod(self.client, sandbox_id, config)

    def close(self) -> None:
        """Remove what was run."""
        for sandbox_id in self._made:
            self.client.stop_pod_sandbox(sandbox_id)
            self.client.remove_pod_sandbox(sandbox_id)


class Pod:
    """A sandbox that runs, and the config that it came from."""

    def __init__(self, client: CriClient, sandbox_id: str, config: cri.PodSandboxConfig) -> None:
        self.client = client
        self.id = sandbox_id
        self.config = config

    @property
    def status(self) -> cri.PodSandboxStatus:
        """What the shim says of it now."""
        return self.client.pod_sandbox_status(self.id).status

    def create(
        self,
        command: Iterable[str] = SLEEP,
        *,
        name: str = "main",
        attempt: int = 0,
        image: str = BUSYBOX.name,
        **fields: Any,
    ) -> "Container":
        """Create a container; `fields` are those of ContainerConfig."""
        config = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=name, attempt=attempt),
            image=cri.ImageSpec(image=image),
            command=list(command),
            **fields,
        )
        return Container(self.client, self.client.create_container(self.id, config, self.config))

    def start(self, command: Iterable[str] = SLEEP, **fields: Any) -> "Container":
        """Create a container and start it."""
        container = self.create(command, **fields)
        self.client.start_container(container.id)
        return container


class Container:
    """A container that has been created."""

    def __init__(self, client: CriClient, container_id: str) -> None:
        self.client = client
        self.id = container_id

    @property
    def status(self) -> cri.ContainerStatus:
        """What the shim says of it now."""
        return self.client.container_status(self.id).status

    def output(self, *command: str) -> str:
        """Return what a command prints in it; fails when the command does."""
        answer = self.execute(command)
        assert answer.exit_code == 0, answer
        return answer.stdout.decode().strip()

    def execute(self, command: Sequence[str], *, timeout_s: int = 20) -> cri.ExecSyncResponse:
        """Run a command in it."""
        return self.client.exec_sync(self.id, command, timeout_s=timeout_s)
