"""The endpoints of execs: processes that are added to a running container."""

from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import cast

from pydockershim.dockerapi import EngineFeatures, ExecInspect, Json
from pydockershim.engine import time_limits
from pydockershim.engine.exec_queue import ExecQueues, no_queue, wait_for_turn
from pydockershim.engine.hijack import DETACH_KEYS, Hijacked
from pydockershim.engine.session import Session
from pydockershim.engine.urls import checked_id


class ExecApi:
    """`engine.execs`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._queues = ExecQueues()

    def run(self, container_id: str, config: Json, *, tty: bool) -> tuple[str, Hijacked]:
        """Create an exec and start it, in its turn; returns its id and its streams.

        As `create` and `start`. A caller that goes before its turn ends the wait: Cancelled or
        DeadlineExceeded, and no exec has been created.
        """
        with self.turn(container_id, self._session.features) as turn:
            wait_for_turn(turn)
            exec_id = self.create(container_id, config)
            return exec_id, self.start(exec_id, tty=tty)

    def turn(
        self, container_id: str, features: EngineFeatures
    ) -> AbstractContextManager[Future[None]]:
        """Hold a place in the queue of a container's execs; see `ExecQueues.turn`.

        For the event loop, which creates and starts when the future is done: with `run`, many execs
        of one container would occupy all its worker threads with waiting.
        """
        return no_queue() if features.execs_start_at_once else self._queues.turn(container_id)

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
