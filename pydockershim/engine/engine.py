"""The Docker engine on this host: one method per endpoint that we use.

This is all that the other rooms see of dockerd. Every failure is an error of `pydockershim.errors`.
The engine may come, go and change its version at any time: nothing is asked of it before the first
call, and what is known of it is found out anew after a lost connection.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar, cast

from pydockershim import calls, errors
from pydockershim.dockerapi import (
    ContainerInspect,
    ContainerSummary,
    EngineFeatures,
    ExecInspect,
    ImageInspect,
    ImageSummary,
    Json,
)
from pydockershim.engine import archive, json_stream, pulls, time_limits
from pydockershim.engine.auth import Credentials
from pydockershim.engine.event_stream import EventStream
from pydockershim.engine.hijack import Hijacked, hijack
from pydockershim.engine.log_stream import LogStream, open_log
from pydockershim.engine.session import Session
from pydockershim.engine.time_limits import TimeLimit, time_limit_s
from pydockershim.engine.transport import DockerClient
from pydockershim.engine.unix_http import UnixHttpConnection
from pydockershim.engine.urls import checked_id, checked_image_name, timestamp, url_path

T = TypeVar("T")

# Docker's own ctrl-p,ctrl-q would swallow keys that a shell needs. A key that may begin the
# sequence is held back until the next one; a NUL (set mark) is not missed meanwhile.
_DETACH_KEYS = "ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_"

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
    """What a create answers with."""

    id: str
    warnings: tuple[str, ...]


class Engine:
    """A Docker engine; any number of threads may use it.

    A call that only reads ends with its caller: Cancelled or DeadlineExceeded. A change, once
    begun, runs to its end. Unavailable: the engine does not answer (in time).
    """

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._session = Session(socket_path)

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()

    # The engine itself.

    @property
    def features(self) -> EngineFeatures:
        """What the engine can do; asks it when that is not known (any more)."""
        return self._session.features

    def renewed_features(self) -> EngineFeatures:
        """Ask it anew: it may have read its configuration again, and has other runtimes now."""
        return self._session.renew()

    def ping(self) -> None:
        """Return when the engine answers, at most after 3 s; notices an upgraded one."""
        self._session.ping()

    def version(self) -> Json:
        """Return `/version`."""
        return self._session.version()

    def info(self) -> Json:
        """Return `/info`."""
        return self._session.call(
            "ask what the Docker engine is", time_limits.READ, lambda docker: docker.info()
        )

    def disk_usage(self) -> Json:
        """Return `/system/df`; may take minutes."""
        return self._session.call(
            "measure the disk usage", time_limits.DISK_USAGE, lambda docker: docker.df()
        )

    def events(self, *, filters: Mapping[str, list[str]] | None = None) -> EventStream:
        """Subscribe to the events from now on; `filters` are the endpoint's."""
        # COMPAT(dockerd): it answers before it has subscribed; its history fills the gap.
        since = timestamp(time.time_ns())

        def subscribe(connection: UnixHttpConnection, api_version: str) -> EventStream:
            url = url_path(api_version, "/events", since=since, filters=json.dumps(filters or {}))
            return EventStream(connection, json_stream.send(connection, "GET", url))

        return self._session.call_apart("subscribe to the events", time_limits.READ, subscribe)

    # Containers.

    def create_container(self, config: Json, *, name: str) -> CreatedContainer:
        """Create a container; NameTaken, NotFound (no such image), InvalidArgument."""
        created = self._naming(
            f"create container {name}",
            time_limits.CREATE,
            lambda docker: docker.create_container_from_config(config, name),  # type: ignore[no-untyped-call]
        )
        return CreatedContainer(created["Id"], tuple(created.get("Warnings") or ()))

    def start_container(self, container_id: str) -> None:
        """Start a container; FailedPrecondition when it runs already (HTTP 304).

        Unknown, with Docker's reason, when it cannot be started.
        """
        self._session.call(
            f"start container {container_id}",
            time_limits.START,
            lambda docker: docker.start(checked_id(container_id)),
            statuses=_FAILED_START,
        )

    def kill_container(self, container_id: str, *, signal: str) -> bool:
        """Send a signal; False when the container does not run. After KILL it has ended."""
        try:
            self._session.call(
                f"send {signal} to container {container_id}",
                time_limits.CHANGE,
                lambda docker: docker.kill(checked_id(container_id), signal),
            )
        except errors.FailedPrecondition:
            return False
        return True

    def rename_container(self, container_id: str, name: str) -> None:
        """Give a container another name; NameTaken."""
        self._naming(
            f"rename container {container_id} to {name}",
            time_limits.CHANGE,
            lambda docker: docker.rename(checked_id(container_id), name),
        )

    def inspect_container(self, container_id: str) -> ContainerInspect:
        """Return all about a container. NotFound; the id has to be the full one."""
        inspect: ContainerInspect = self._session.call(
            f"inspect container {container_id}",
            time_limits.READ,
            lambda docker: docker.inspect_container(checked_id(container_id)),
        )
        return inspect

    def list_containers(
        self,
        *,
        all: bool = True,  # noqa: A002 -- the endpoint's own name
        filters: Mapping[str, list[str]] | None = None,
    ) -> list[ContainerSummary]:
        """Return the containers, or only the running ones."""
        summaries: list[ContainerSummary] = self._session.call(
            "list the containers",
            time_limits.READ,
            lambda docker: docker.containers(all=all, filters=dict(filters or {})),
        )
        return summaries

    def remove_container(self, container_id: str) -> None:
        """Remove a container with its anonymous volumes, running or not; fine if it is gone.

        Waits for somebody else's removal of it to end, and for a busy file system.
        """
        end_s = time.monotonic() + time_limits.REMOVE.seconds
        while not self._removed(container_id, last_try=time.monotonic() > end_s):
            time.sleep(_REMOVE_POLL_S)

    def wait_not_running(self, container_id: str, *, timeout_s: float) -> bool:
        """Wait until a container has ended (at once if it never ran); False when it runs on."""
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
        return open_log(self._session, container_id, since_ns=since_ns, follow=follow)

    # Processes in containers.

    def create_exec(self, container_id: str, config: Json) -> str:
        """Prepare a process and return its exec id. FailedPrecondition: not running, or paused."""
        body = {"DetachKeys": _DETACH_KEYS, **config}
        created: Json = self._session.call(
            f"prepare a process in container {container_id}",
            time_limits.CHANGE,
            lambda docker: docker.post(
                f"{docker.base_url}/v{docker.api_version}/containers/{checked_id(container_id)}/exec",
                json=body,
            ).json(),
        )
        exec_id: str = created["Id"]
        return exec_id

    def start_exec(self, exec_id: str, *, tty: bool) -> Hijacked:
        """Start the process; returns its streams, multiplexed (`rawstream`) unless `tty`."""
        body = {"Detach": False, "Tty": tty}
        return self._hijack(
            f"start exec {exec_id}", f"/exec/{checked_id(exec_id)}/start", body=body
        )

    def inspect_exec(self, exec_id: str) -> ExecInspect:
        """Return the state of a process. NotFound: its container is gone."""
        inspect = self._session.call(
            f"inspect exec {exec_id}",
            time_limits.READ,
            lambda docker: docker.exec_inspect(checked_id(exec_id)),
        )
        return cast("ExecInspect", inspect)

    def resize_exec(self, exec_id: str, *, height: int, width: int) -> None:
        """Set the size of a process's terminal; only once it has been started."""
        self._session.call(
            f"resize the terminal of exec {exec_id}",
            time_limits.CHANGE,
            lambda docker: docker.exec_resize(checked_id(exec_id), height=height, width=width),
        )

    def resize_container(self, container_id: str, *, height: int, width: int) -> None:
        """Set the size of the terminal of a running container's own process."""
        self._session.call(
            f"resize the terminal of container {container_id}",
            time_limits.CHANGE,
            lambda docker: docker.resize(checked_id(container_id), height=height, width=width),
        )

    def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool) -> Hijacked:
        """Join a container's streams from now on; multiplexed unless it has a TTY."""
        wanted = {"stream": True, "stdin": stdin, "stdout": stdout, "stderr": stderr}
        parameters = {name: "1" for name, value in wanted.items() if value}
        parameters["detachKeys"] = _DETACH_KEYS
        return self._hijack(
            f"attach to container {container_id}",
            f"/containers/{checked_id(container_id)}/attach",
            parameters=parameters,
        )

    # Images.

    def list_images(self) -> list[ImageSummary]:
        """Return the images, the untagged ones too, without intermediate layers."""
        summaries: list[ImageSummary] = self._session.call(
            "list the images", time_limits.IMAGES, lambda docker: docker.images()
        )
        return summaries

    def inspect_image(self, ref: str) -> ImageInspect:
        """Return all about an image, by id or name. NotFound."""
        inspect: ImageInspect = self._session.call(
            f"inspect image {ref}",
            time_limits.READ,
            lambda docker: docker.inspect_image(checked_image_name(ref)),  # type: ignore[no-untyped-call]
        )
        return inspect

    def pull_image(
        self,
        *,
        repository: str,
        tag: str,
        credentials: Credentials | None,
        no_progress_s: float,
        on_progress: Callable[[Json], None] = lambda _record: None,
    ) -> None:
        """Pull an image by tag or digest; it stops with its caller.

        NotFound: the registry has no such image. PermissionDenied: it wants other credentials.
        Unknown with `RegistryUnavailable: `: it does not answer. DeadlineExceeded: no progress.
        """
        pulls.pull_image(
            self._session,
            repository=repository,
            tag=tag,
            credentials=credentials,
            no_progress_s=no_progress_s,
            on_progress=on_progress,
        )

    def load_image(self, tar: bytes) -> None:
        """Load images from the bytes of a `docker save`."""
        archive.load_images(self._session, tar)

    def remove_image(self, ref: str, *, force: bool) -> None:
        """Remove an image or one name of it. NotFound; FailedPrecondition when it is in use."""
        self._session.call(
            f"remove image {ref}",
            time_limits.REMOVE,
            lambda docker: docker.remove_image(checked_image_name(ref), force=force),
        )

    # What several of them share.

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

    def _hijack(
        self,
        what: str,
        path: str,
        *,
        body: Json | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Hijacked:
        def start(docker: DockerClient) -> Hijacked:
            url = url_path(docker.api_version, path, **(parameters or {}))
            return hijack(self._socket_path, url, body, timeout_s=time_limit_s(time_limits.START))

        return self._session.call(what, time_limits.START, start)
