"""Containers with a CRI log each, and what their logs hold."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydockershim.dockerapi import Json
from pydockershim.engine.client import Engine
from pydockershim.logs.writers import ContainerLog, LogWriters
from pydockershim.translate.logs import LOCAL, docker_log_config
from tests.bed import images
from tests.bed.dockerd import Dockerd

_LINE = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([FP]) ([^\n]*)\n", re.DOTALL
)


@dataclass
class LogRig:
    """An engine, the writers of its containers' logs, and a pod's log directory."""

    dockerd: Dockerd
    pod: Path
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the writers."""
        self.engine = Engine(str(self.dockerd.socket))
        self.writers = self._started()

    def restart(self) -> None:
        """End the writers and start them again, as a new process would."""
        self.writers.stop()
        self.writers = self._started()

    def close(self) -> None:
        """End the writers and remove the containers."""
        self.writers.stop()
        self.engine.close()
        for container_id in self.made:
            self.dockerd.api.remove_container(container_id, force=True)

    def create(
        self,
        script: str | Sequence[str],
        *,
        name: str = "app/0.log",
        tty: bool = False,
        image: str = images.BUSYBOX.name,
        log_config: Json | None = None,
    ) -> ContainerLog:
        """Create a container that runs a shell script or a command."""
        body = {
            "Image": image,
            "Cmd": ["sh", "-c", script] if isinstance(script, str) else list(script),
            "Tty": tty,
            "HostConfig": {
                "NetworkMode": "none",
                "LogConfig": log_config or docker_log_config(LOCAL, has_log_path=True),
            },
        }
        container_id = self.dockerd.api.create_container_from_config(body)["Id"]
        self.made.append(container_id)
        used = self.inspect(container_id)["HostConfig"]["LogConfig"]
        return ContainerLog(
            container_id=container_id,
            directory=str(self.pod),
            path=str(self.pod / name),
            driver=used["Type"],
            options=used["Config"],
            tty=tty,
        )

    def start(self, log: ContainerLog) -> None:
        """Start a container, its log first."""
        self.writers.follow(log, fresh=True)
        self.dockerd.api.start(log.container_id)

    def run(self, script: str | Sequence[str], **options: Any) -> ContainerLog:
        """Create and start a container."""
        log = self.create(script, **options)
        self.start(log)
        return log

    def wait(self, log: ContainerLog, *, timeout_s: float = 60) -> None:
        """Return when the container has ended and its log is drained."""
        self.dockerd.api.wait(log.container_id, timeout=timeout_s)
        wait_for(lambda: self.writers.is_drained(log.container_id))

    def inspect(self, container_id: str) -> Any:
        """Return all that the engine says about a container."""
        return self.dockerd.api.inspect_container(container_id)

    def _started(self) -> LogWriters:
        writers = LogWriters(self.engine)
        writers.start()
        return writers


def files_of(log: ContainerLog) -> list[Path]:
    """Return the files of a log, the oldest first."""
    path = Path(log.path)
    return [*sorted(path.parent.glob(f"{path.name}.*")), path]


def lines_of(log: ContainerLog) -> list[tuple[str, str, str, bytes]]:
    """Return (time, stream, tag, text) of each line; ValueError when anything is no CRI line."""
    content = b"".join(path.read_bytes() for path in files_of(log))
    found, end = [], 0
    for match in _LINE.finditer(content):
        if match.start() != end:
            break
        end = match.end()
        found.append((match[1].decode(), match[2].decode(), match[3].decode(), match[4]))
    if end != len(content):
        raise ValueError(f"{log.path} has at {end}: {content[end : end + 200]!r}")
    return found


def texts_of(log: ContainerLog) -> list[bytes]:
    """Return the text of each line."""
    return [text for _, _, _, text in lines_of(log)]


def wait_for(condition: Callable[[], bool], *, timeout_s: float = 10) -> None:
    """Return as soon as it holds; AssertionError when it takes longer.

    A log that is just being appended to may be read in the middle of a line: not yet.
    """
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        with suppress(ValueError):
            if condition():
                return
        time.sleep(0.02)
    raise AssertionError("it did not come to that")
