"""The log writers of all containers: one thread, and the facade for the rest of the program.

    follow(log)      before a container starts; and for every container when the shim starts
    reopen(id)       ReopenContainerLog
    note_exit(id)    the container has exited: drain its log, then stop writing it
    finish(ids)      before the containers are removed, or after their start has failed

The thread polls the sizes of Docker's files, which costs less than a microsecond per container and
none of the kernel's few inotify instances: every 20 ms while there is output, backing off to every
200 ms when there is none. Each container gets one block per turn, so that a flood delays neither
the other logs nor the RPCs.
"""

import logging
import os
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydockershim.config.config import flag
from pydockershim.engine.engine import Engine
from pydockershim.errors import FailedPrecondition
from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.follower import Follower
from pydockershim.logs.log_path import LogPath
from pydockershim.logs.source import Progress, Source
from pydockershim.logs.spool import Spool
from pydockershim.logs.spool_source import SpoolSource
from pydockershim.logs.stream_source import StreamSource
from pydockershim.translate.log_config import spool_size

logger = logging.getLogger(__name__)

# How long a removal waits for unread lines.
_DRAIN_TIMEOUT_S = 5.0
# Nearly every drain takes less, so the caller need not ask again.
_USUAL_DRAIN_S = 0.01
_STOP_TIMEOUT_S = 5.0

# Other drivers' output is read from files in `local` format: their own, or Docker's cached copy.
_OWN_FORMATS = frozenset({"json-file", "journald"})

_BLOCKS_PER_SWEEP = 8
_SHORTEST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.2


@dataclass(frozen=True, kw_only=True)
class ContainerLog:
    """Where a container's output comes from and where it goes.

    `directory` is the pod's log directory (empty: unknown, another shim's pod), `path` the log's
    absolute path. `driver` and `options` are the container's own LogConfig.
    """

    container_id: str
    directory: str
    path: str
    driver: str
    options: Mapping[str, str] = field(default_factory=dict)
    tty: bool = False


class LogWriters:
    """All writers; thread-safe.

    `gaps` counts the gaps reported since the start.
    """

    def __init__(self, engine: Engine) -> None:
        self.gaps = 0
        self._engine = engine
        self._followers: dict[str, Follower] = {}
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)

    def start(self) -> None:
        """Start to write."""
        self._thread.start()

    def stop(self) -> None:
        """Stop writing; the rest is written after the next start."""
        self._stopping = True
        self._wake.set()
        self._thread.join(_STOP_TIMEOUT_S)
        if self._thread.is_alive():
            logger.warning(
                "the log disk is not responding; exiting without waiting for writes in progress"
            )
            return
        for follower in self._followers.values():
            follower.close()

    def follow(self, log: ContainerLog, *, resumes: bool) -> None:
        """Write a container's log from now on, until it is drained; nothing without a path.

        `resumes`: go on writing an existing log, unless another process writes it or it is a
        symbolic link, as other runtimes make. Otherwise the container is about to start and its log
        file is created: FailedPrecondition when that fails, InvalidArgument when it would be
        outside the pod's log directory.
        """
        if not log.path or log.container_id in self._followers:
            return
        follower = self._follower(log, resumes=resumes)
        if not resumes:
            try:
                follower.create_file()
            except OSError as error:
                raise FailedPrecondition(
                    f"cannot create log file {log.path} of container {log.container_id}: {error}; "
                    "it must be a regular file that only this process writes, on a writable disk"
                ) from error
        self._followers[log.container_id] = follower
        self._wake.set()

    def reopen(self, container_id: str) -> None:
        """Switch to a new file; the old one never grows again.

        FailedPrecondition when the log is not written here, or when the new file cannot be created;
        then nothing has changed.
        """
        follower = self._followers.get(container_id)
        if follower is None:
            raise FailedPrecondition(
                f"cannot reopen the log of container {container_id}: it is not written here; the "
                "container is not running, has no log path, or another process writes its log"
            )
        try:
            follower.reopen()
        except OSError as error:
            raise FailedPrecondition(
                f"cannot reopen the log of container {container_id}: {error}; output still goes to "
                "the old file"
            ) from error

    def is_drained(self, container_id: str) -> bool:
        """Return whether all output of a container that has exited is in its log.

        Notes the exit, and waits up to 10 ms, which is enough for nearly every drain.
        """
        return self._drained([container_id], within_s=_USUAL_DRAIN_S)

    def note_exit(self, container_id: str) -> None:
        """Note that a container has exited; its log is closed when drained."""
        if follower := self._followers.get(container_id):
            follower.exited = True
            self._wake.set()

    def finish(self, container_ids: Collection[str]) -> None:
        """Drain the logs of exited containers within 5 s; report a gap for what is left unread."""
        if self._drained(container_ids, within_s=_DRAIN_TIMEOUT_S):
            return
        for container_id in container_ids:
            if follower := self._followers.get(container_id):
                follower.abandoned = True
        self._wake.set()

    def _drained(self, container_ids: Collection[str], *, within_s: float) -> bool:
        for container_id in container_ids:
            self.note_exit(container_id)
        with self._changed:
            return self._changed.wait_for(
                lambda: self._followers.keys().isdisjoint(container_ids), within_s
            )

    def _follower(self, log: ContainerLog, *, resumes: bool) -> Follower:
        return Follower(
            log.container_id,
            file=CriFile(LogPath(log.directory, log.path)),
            source=self._source(log),
            resumes=resumes,
            report_gap=self._report_gap,
        )

    def _source(self, log: ContainerLog) -> Source:
        size = spool_size(log.driver, log.options)
        features = self._engine.features
        directory = Path(features.root_dir, "containers", log.container_id)
        if size and os.access(directory, os.R_OK | os.X_OK):
            return SpoolSource(Spool(directory / "local-logs" / "container.log", size))
        return StreamSource(
            self._engine,
            log.container_id,
            tty=log.tty,
            loses_lf=log.driver not in _OWN_FORMATS and not features.local_logs_keep_lf,
        )

    def _run(self) -> None:
        pause_s = _SHORTEST_PAUSE_S
        while not self._stopping:
            progress = self._sweep()
            quiet = progress is Progress.QUIET
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S) if quiet else _SHORTEST_PAUSE_S
            if progress is not Progress.MORE and self._wake.wait(pause_s):
                self._wake.clear()

    def _sweep(self) -> Progress:
        """Let each follower take a step; those with more to read get up to 8 turns."""
        progress = Progress.QUIET
        followers = list(self._followers.values())
        for _ in range(_BLOCKS_PER_SWEEP):
            found = [(self._step(follower), follower) for follower in followers]
            progress = max(progress, *(each for each, _ in found), Progress.QUIET)
            followers = [follower for each, follower in found if each is Progress.MORE]
        return Progress.MORE if followers else min(progress, Progress.MOVED)

    def _step(self, follower: Follower) -> Progress:
        try:
            progress = follower.step()
        except Exception:  # a failure of one log must not stop the others
            logger.exception(
                "container %s: unexpected error in its log, resuming it in 1 s",
                follower.container_id,
            )
            follower.start_over()
            progress = Progress.QUIET
        if follower.drained or follower.abandoned:
            follower.close()
            with self._changed:
                self._followers.pop(follower.container_id, None)
                self._changed.notify_all()
            return Progress.MOVED
        return progress

    def _report_gap(self, container_id: str, before: str, after: str) -> None:
        self.gaps += 1
        logger.warning(
            "container %s: lines may be missing in its log between %s and %s: Docker dropped them "
            "before they were written; increase %s to let it keep more",
            container_id,
            before or "its beginning",
            after,
            flag("log_file_bytes"),
        )
