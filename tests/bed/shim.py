"""The program under test, started as its users start it."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from pydockershim.client.client import CriClient, CriError
from tests.bed.dockerd import Dockerd
from tests.bed.program import Program


class Shim:
    """A pydockershim process on its own socket; it may be stopped, killed and started again.

    Args:
        dockerd: the engine that it drives.
        directory: for its socket, state and log; give it again to come back to the same state.
        flags: more command line flags; they win over the ones given here.
        env: more environment variables.
        prefix: a program that runs it, and that program's arguments.
    """

    def __init__(
        self,
        dockerd: Dockerd,
        directory: Path,
        *,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.socket = directory / "cri.sock"
        self.state_directory = directory / "state"
        self.program = Program(
            [
                *prefix,
                Path(sys.executable).with_name("pydockershim"),
                f"--container-runtime-endpoint={self.url}",
                f"--docker-endpoint={dockerd.url}",
                f"--cri-dockerd-root-directory={self.state_directory}",
                "--network-plugin=docker",
                "--log-level=debug",
                *flags,
            ],
            log=directory / "shim.log",
            # Its user has no credentials for any registry, whatever the developer has.
            env={"DOCKER_CONFIG": str(directory)} | dict(env or {}),
        )

    @property
    def url(self) -> str:
        """Its endpoint, as --container-runtime-endpoint takes it."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it and wait until it knows what is in the engine."""
        self.program.start(ready=lambda: _lists(self.url), timeout_s=60)

    def stop(self) -> int:
        """End it in order (SIGTERM) and return its exit code."""
        return self.program.stop(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self.program.stop(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it in order and start it again."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.is_running:
            self.stop()


def _lists(url: str) -> bool:
    try:
        with CriClient(url) as client:
            client.list_pod_sandboxes()
    except CriError:
        return False
    return True
