"""The endpoints of containers."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from pydockershim import calls, errors
from pydockershim.dockerapi import ContainerInspect, ContainerSummary, Json
from pydockershim.engine import archive, json_stream, time_limits
from pydockershim.engine.hijack import DETACH_KEYS, Hijacked
from pydockershim.engine.log_stream import LogStream, log_parameters
from pydockershim.engine.sdk_adapter import DockerClient
from pydockershim.engine.session import Session
from pydockershim.engine.time_limits import TimeLimit
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import checked_id, url_path

T = TypeVar("T")

_HOLDER = re.compile(r"already in use by container \"?([0-9a-f]{64})")

# Engines differ in how they answer a start that fails, and a 404 may be about another container.
_FAILED_START: dict[int, type[errors.ShimError]] = {
    HTTPStatus.BAD_REQUEST: errors.Unknown,
    HTTPStatus.NOT_FOUND: errors.Unknown,
    HTTPStatus.CONFLICT: errors.Unknown,
}
_NOT_REMOVED_YET = ("already in progress", "device or resource busy")
_REMOVE_POLL_S = 0.1


class NameTaken(errors.AlreadyExists):
    """The container name is in use; `holder_id` is the full id of its container, if known."""

    def __init__(self, message: str, *, holder_id: str | None) -> None:
        super().__init__(message)
        self.holder_id = holder_id


@dataclass(frozen=True)
class CreatedContainer:
    """The answer to a create."""

    id: str
    warnings: tuple[str, ...]


class ContainerApi:
    """`engine.containers`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, config: Json, *, name: str) -> CreatedContainer:
        """Create a container; NameTaken, NotFound (no such image), InvalidArgument."""
        created = self._naming(
            f"create container {name}",
            time_limits.CREATE,
            lambda docker: docker.create_container_from_config(config, name),  # type: ignore[no-untyped-call]
        )
        return CreatedContainer(created["Id"], tuple(created.get("Warnings") or ()))

    def start(self, container_id: str) -> None:
        """Start a container; FailedPrecondition when it already runs (HTTP 304).

        Unknown, with Docker's reason, when it cannot be started.
        """
        self._session.call(
            f"start container {container_id}",
            time_limits.START,
            lambda docker: docker.start(checked_id(container_id)),
            statuses=_FAILED_START,
        )

    def kill(self, container_id: str, *, signal: str) -> bool:
        """Send a signal; False when the container does not run. After KILL it has exited."""
        try:
            self._session.call(
                f"send {signal} to container {container_id}",
                time_limits.CHANGE,
                lambda docker: docker.kill(checked_id(container_id), signal),
            )
        except errors.FailedPrecondition:
            return False
        return True

    def rename(self, container_id: str, name: str) -> None:
        """Rename a container; NameTaken."""
        self._naming(
            f"rename container {container_id} to {name}",
            time_limits.CHANGE,
            lambda docker: docker.rename(checked_id(container_id), name),
        )

    def inspect(self, container_id: str) -> ContainerInspect:
        """Inspect a container by its full id. NotFound."""
        inspect: ContainerInspect = self._session.call(
            f"inspect container {container_id}",
            time_limits.READ,
            lambda docker: docker.inspect_container(checked_id(container_id)),
        )
        return inspect

    def list(
        self,
        *,
        all: bool = True,  # noqa: A002 -- the endpoint's own name
        filters: Mapping[str, Sequence[str]] | None = None,
    ) -> Sequence[ContainerSummary]:
        """Return the containers, or only the running ones."""
        summaries: Sequence[ContainerSummary] = self._session.call(
            "list the containers",
            time_limits.READ,
            lambda docker: docker.containers(all=all, filters=dict(filters or {})),
        )
        return summaries

    def remove(self, container_id: str) -> None:
        """Remove a container, running or not, with its anonymous volumes; no error if it is gone.

        Retries while another removal of it is in progress or its file system is busy.
        """
        deadline_s = time.monotonic() + time_limits.REMOVE.seconds
        while not self._removed(container_id, last_try=time.monotonic() > deadline_s):
            time.sleep(_REMOVE_POLL_S)

    def wait_not_running(self, container_id: str, *, timeout_s: float) -> bool:
        """Wait until a container has exited (at once if it never ran); False at the timeout."""
        path = f"/containers/{checked_id(container_id)}/wait"

        def wait(connection: UnixHttpConnection, api_version: str) -> bool:
            url = url_path(api_version, path, condition="not-running")
            try:
                with closing(connection):
                    json_stream.send(connection, "POST", url).read()
            except TimeoutError:
                calls.current().check()
                return False
            return True

        limit = TimeLimit(timeout_s, read=True)
        return self._session.call_apart(f"wait for container {container_id}", limit, wait)

    def read_file(self, container_id: str, path: str) -> bytes | None:
        """Return a file of a container, running or not; None when it has no such regular file.

        NotFound: no such container. FailedPrecondition: the file is larger than 1 MiB.
        """
        return archive.read_file(self._session, container_id, path)

    def read_log(self, container_id: str, *, since_ns: int, follow: bool) -> LogStream:
        """Read a log with timestamps, from the first message that is not older than `since_ns`."""
        path = f"/containers/{checked_id(container_id)}/logs"
        parameters = log_parameters(since_ns=since_ns, follow=follow)

        def read(connection: UnixHttpConnection, api_version: str) -> LogStream:
            url = url_path(api_version, path, **parameters)
            return LogStream(connection, json_stream.send(connection, "GET", url))

        return self._session.call_apart(
            f"read the log of container {container_id}", time_limits.READ, read
        )

    def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool) -> Hijacked:
        """Attach to a container's streams from now on; multiplexed unless it has a TTY."""
        wanted = {"stream": True, "stdin": stdin, "stdout": stdout, "stderr": stderr}
        parameters = {name: "1" for name, value in wanted.items() if value}
        parameters["detachKeys"] = DETACH_KEYS
        return self._session.hijack(
            f"attach to container {container_id}",
            f"/containers/{checked_id(container_id)}/attach",
            parameters=parameters,
        )

    def resize(self, container_id: str, *, height: int, width: int) -> None:
        """Set the size of the terminal of a running container's main process."""
        self._session.call(
            f"resize the terminal of container {container_id}",
            time_limits.CHANGE,
            lambda docker: docker.resize(checked_id(container_id), height=height, width=width),
        )

    def _naming(self, what: str, limit: TimeLimit, use: Callable[[DockerClient], T]) -> T:
        try:
            return self._session.call(what, limit, use)
        except errors.FailedPrecondition as error:
            if holder := _HOLDER.search(str(error)):
                raise NameTaken(str(error), holder_id=holder[1]) from error
            raise

    def _removed(self, container_id: str, *, last_try: bool) -> bool:
        try:
            self._session.call(
                f"remove container {container_id}",
                time_limits.REMOVE,
                lambda docker: docker.remove_container(
                    checked_id(container_id), v=True, force=True
                ),
            )
        except errors.NotFound:
            return True
        except (errors.FailedPrecondition, errors.Unknown) as error:
            if last_try or not any(sign in str(error) for sign in _NOT_REMOVED_YET):
                raise
            return False
        return True
