"""The endpoints of execs: processes that are added to a running container."""

from typing import cast

from pydockershim.dockerapi import ExecInspect, Json
from pydockershim.engine import time_limits
from pydockershim.engine.hijack import DETACH_KEYS, Hijacked
from pydockershim.engine.session import Session
from pydockershim.engine.urls import checked_id


class ExecApi:
    """`engine.execs`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, container_id: str, config: Json) -> str:
        """Create an exec and return its id. FailedPrecondition: not running, or paused."""
        body = {"DetachKeys": DETACH_KEYS, **config}
        created: Json = self._session.call(
            f"create an exec in container {container_id}",
            time_limits.CHANGE,
            lambda docker: docker.post(
                f"{docker.base_url}/v{docker.api_version}/containers/{checked_id(container_id)}/exec",
                json=body,
            ).json(),
        )
        exec_id: str = created["Id"]
        return exec_id

    def start(self, exec_id: str, *, tty: bool) -> Hijacked:
        """Start the process; returns its streams, multiplexed (`rawstream`) unless `tty`."""
        body = {"Detach": False, "Tty": tty}
        return self._session.hijack(
            f"start exec {exec_id}", f"/exec/{checked_id(exec_id)}/start", body=body
        )

    def inspect(self, exec_id: str) -> ExecInspect:
        """Return the state of a process. NotFound: its container is gone."""
        inspect = self._session.call(
            f"inspect exec {exec_id}",
            time_limits.READ,
            lambda docker: docker.exec_inspect(checked_id(exec_id)),
        )
        return cast("ExecInspect", inspect)

    def resize(self, exec_id: str, *, height: int, width: int) -> None:
        """Set the size of a process's terminal; only once it has been started."""
        self._session.call(
            f"resize the terminal of exec {exec_id}",
            time_limits.CHANGE,
            lambda docker: docker.exec_resize(checked_id(exec_id), height=height, width=width),
        )
