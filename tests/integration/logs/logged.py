"""Containers with a CRI log each, run through a shim, and what their logs hold."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriClient
from pydockershim.containers.container_logs import ContainerLogs
from pydockershim.engine.engine import Engine
from pydockershim.errors import Unavailable
from pydockershim.logs.writers import LogWriters
from pydockershim.view.image_cache import ImageCache
from pydockershim.view.reflector import Reflector
from pydockershim.view.store import Store
from pydockershim.view.view import View
from tests.bed.dockerd import Dockerd
from tests.integration.pods import Container, Pods
from tests.waiting import eventually

_LINE = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([FP]) ([^\n]*)\n", re.DOTALL
)


# In a script: wait until the test says `go_on`.
PAUSE = "until rm /go 2>/dev/null; do usleep 10000; done"


class Log:
    """A container and its log."""

    def __init__(self, container: Container, path: Path) -> None:
        self.container = container
        self.path = path
        self._rotations = 0

    @property
    def files(self) -> list[Path]:
        """Its files, the oldest first."""
        return [*sorted(self.path.parent.glob(f"{self.path.name}.*")), self.path]

    @property
    def lines(self) -> list[tuple[str, str, str, bytes]]:
        """(time, stream, tag, text) of each line; ValueError when anything is no CRI line."""
        content = b"".join(path.read_bytes() for path in self.files)
        found, end = [], 0
        for match in _LINE.finditer(content):
            if match.start() != end:
                break
            end = match.end()
            found.append((match[1].decode(), match[2].decode(), match[3].decode(), match[4]))
        if end != len(content):
            raise ValueError(f"{self.path} has at {end}: {content[end : end + 200]!r}")
        return found

    @property
    def shape(self) -> list[tuple[str, str, bytes]]:
        """(stream, tag, text) of each line."""
        return [line[1:] for line in self.lines]

    @property
    def texts(self) -> list[bytes]:
        """The text of each line."""
        return [text for _, _, _, text in self.lines]

    @property
    def count(self) -> int:
        """How many lines there are, also in the middle of an append."""
        return sum(path.read_bytes().count(b"\n") for path in self.files)

    @property
    def numbers(self) -> list[int]:
        """The text of each line, where all are numbers."""
        return [int(text) for text in self.texts]

    @property
    def state(self) -> int:
        """The container's, as the shim tells it."""
        return self.container.status.state

    def start(self) -> None:
        """Start the container."""
        self.container.client.start_container(self.container.id)

    def await_exit(self, *, lines: int = 0, timeout_s: float = 60) -> None:
        """Return as soon as the shim calls the container EXITED, and so many lines are there.

        That is the same, unless the machine is so slow that the end is told after 5 s before them.
        """
        eventually(lambda: self.state == cri.CONTAINER_EXITED, within_s=timeout_s)
        if lines:
            self.await_lines(lines)

    def await_lines(self, count: int, *, timeout_s: float = 30) -> None:
        """Return as soon as so many lines are there."""
        eventually(lambda: self.count >= count, within_s=timeout_s)

    def rename(self) -> Path:
        """Rename the file as the kubelet does to rotate it; return where it is now."""
        self._rotations += 1
        old = Path(f"{self.path}.20260901-{self._rotations:06}")
        self.path.rename(old)
        return old

    def reopen(self) -> None:
        """Call ReopenContainerLog."""
        request = cri.ReopenContainerLogRequest(container_id=self.container.id)
        self.container.client.call(request, cri.ReopenContainerLogResponse)


class LogPod:
    """A pod that runs, with a directory for logs."""

    def __init__(self, pods: Pods, directory: Path) -> None:
        self.directory = directory
        self.client = pods.client
        self._pod = pods.run(log_directory=str(directory))
        self.id = self._pod.id

    def create(self, script: str | Sequence[str], *, path: str = "app/0.log", **fields: Any) -> Log:
        """Create a container that runs a shell script or a command; `path` is its log's."""
        command = ["sh", "-c", script] if isinstance(script, str) else script
        name = path.strip("/").partition("/")[0] or "app"
        container = self._pod.create(command, name=name, log_path=path, **fields)
        return Log(container, self.directory / path)

    def run(self, script: str | Sequence[str], **fields: Any) -> Log:
        """Create a container and start it."""
        log = self.create(script, **fields)
        log.start()
        return log


@contextmanager
def log_pod(url: str, directory: Path) -> Iterator[LogPod]:
    """Run such a pod through the shim at a URL, and remove it in the end."""
    with CriClient(url) as client:
        pods = Pods(client)
        try:
            yield LogPod(pods, directory)
        finally:
            pods.close()


def gaps(pod: LogPod) -> int:
    """Return in how many places, says the shim, lines may be missing in its containers' logs."""
    count: int = json.loads(pod.client.status(verbose=True).info["logs"])["gaps"]
    return count


def go_on(dockerd: Dockerd, log: Log) -> None:
    """Let the script go on behind its next PAUSE, past the shim."""
    execution = dockerd.api.exec_create(log.container.id, ["touch", "/go"])
    # Detached: 20.10 never ends the stream of one whose container ends at that moment.
    dockerd.api.exec_start(execution, detach=True)


def docker_lines(dockerd: Dockerd, log: Log) -> list[str]:
    """Return what Docker itself says of a log: time, space and text of each line."""
    output: bytes = dockerd.api.logs(log.container.id, timestamps=True)
    return output.decode().splitlines()


def spool_of(dockerd: Dockerd, log: Log) -> list[Path]:
    """Return the files of Docker's `local` driver for a container, the oldest first."""
    folder = dockerd.directory / "data/containers" / log.container.id / "local-logs"
    return sorted(folder.iterdir(), reverse=True)


@contextmanager
def shown_and_written(docker_socket: Path) -> Iterator[None]:
    """Have the view and the logs kept by this process, as the shim's does; the view is right."""
    engine = Engine(str(docker_socket))
    writers = LogWriters(engine)
    logs = ContainerLogs(writers)
    images = ImageCache(engine, pinned=())
    store = Store(engine.containers.inspect, is_drained=logs.is_drained)
    view = View(store, images)
    follower = Reflector(engine, store=store, image_cache=images, on_list=logs.take_up)
    writers.start()
    follower.start()
    try:
        eventually(lambda: _is_right(view))
        yield
    finally:
        follower.stop()
        writers.stop()
        engine.close()


def _is_right(view: View) -> bool:
    try:
        view.list_sandboxes(cri.PodSandboxFilter())
    except Unavailable:
        return False
    return True
