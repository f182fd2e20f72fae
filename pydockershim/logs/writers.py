"""The log writers of all containers: one thread, and the facade for the rest of the program.

    follow(log)     before a container starts; and for every container when the program starts
    reopen(id)      ReopenContainerLog
    ended(id)       the container does not run any more: its log is drained
    finish(ids)     before the containers are removed, or when their start has failed

The thread looks at the sizes of Docker's files, which costs less than a microsecond a container and
needs none of the kernel's scarce inotify instances: every 20 ms while anything moves, and ever more
seldom, down to every 200 ms, when all is quiet. Containers take turns of one block, so that a flood
delays neither the others nor the RPCs.
"""

import logging
import os
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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

# What a removal waits for lines that are still unread.
_PATIENCE_S = 5.0
# A drain nearly always takes less: whoever asks need not ask again.
_DRAIN_S = 0.01

# What other drivers print is read from files of `local`: their own, or the copy that Docker keeps.
_OWN_FORMATS = frozenset({"json-file", "journald"})

_TURNS = 8
_SHORTEST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.2


@dataclass(frozen=True, kw_only=True)
class ContainerLog:
    """Where a container's output is and where it goes.

    `directory` is the pod's log directory (empty: unknown, it is not ours), `path` the log's
    absolute path. `driver` and `options` are the container's own LogConfig.
    """

    container_id: str
    directory: str
    path: str
    driver: str
    options: Mapping[str, str] = field(default_factory=dict)
    tty: bool = False


class LogWriters:
    """All writers; any thread may call.

    `gaps` counts the places where lines may be missing.
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
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more; what is left is written after the next start."""
        self._stopping = True
        self._wake.set()
        self._thread.join(_PATIENCE_S)
        if self._thread.is_alive():
            logger.warning("the log files' disk hangs: what is under way there is left to it")
            return
        for follower in self._followers.values():
            follower.close()

    def follow(self, log: ContainerLog, *, resumes: bool) -> None:
        """Write a container's log from now on, until it has ended; none without a path.

        `fresh`: it is about to be started, so its file is made now. FailedPrecondition when that
        cannot be done, InvalidArgument when it would not lie in the pod's log directory. Otherwise
        its writing is resumed, unless another process writes it or it is a symbolic link: that is
        another runtime's way.
        """
        if not log.path or log.container_id in self._followers:
            return
        follower = self._follower(log, resumes=resumes)
        if not resumes:
            try:
                follower.create_file()
            except OSError as error:
                raise FailedPrecondition(f"log file {log.path}: {error}") from error
        self._followers[log.container_id] = follower
        self._wake.set()

    def reopen(self, container_id: str) -> None:
        """Go on in a new file; the one before never grows again. FailedPrecondition: not written.

        FailedPrecondition also when the new file cannot be made; then nothing has changed.
        """
        follower = self._followers.get(container_id)
        if follower is None:
            raise FailedPrecondition(
                f"no log of container {container_id} is written here: it does not run, has no log, "
                "or another process writes it"
            )
        try:
            follower.reopen()
        except OSError as error:
            raise FailedPrecondition(f"log of container {container_id}: {error}") from error

    def is_drained(self, container_id: str) -> bool:
        """Say whether all output of a container that has ended is in its log.

        That it has ended is noted; may wait for 10 ms, in which nearly all are drained.
        """
        return self._drained([container_id], within_s=_DRAIN_S)

    def note_exit(self, container_id: str) -> None:
        """Note that a container does not run any more; its writer ends when it has drained it."""
        if follower := self._followers.get(container_id):
            follower.exited = True
            self._wake.set()

    def finish(self, container_ids: Collection[str]) -> None:
        """Wait at most 5 s for what is unread of containers that have ended; the rest is a gap."""
        if self._drained(container_ids, within_s=_PATIENCE_S):
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
        folder = Path(features.root_dir, "containers", log.container_id)
        if size and os.access(folder, os.R_OK | os.X_OK):
            return SpoolSource(Spool(folder / "local-logs" / "container.log", size))
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
        """Let each follower take a step; those that have more take turns for some more."""
        progress = Progress.QUIET
        followers = list(self._followers.values())
        for _ in range(_TURNS):
            found = [(self._step(follower), follower) for follower in followers]
            progress = max(progress, *(each for each, _ in found), Progress.QUIET)
            followers = [follower for each, follower in found if each is Progress.MORE]
        return Progress.MORE if followers else min(progress, Progress.MOVED)

    def _step(self, follower: Follower) -> Progress:
        try:
            progress = follower.step()
        except Exception:  # a fault with one log must not end the others
            logger.exception("the log of container %s is taken up anew", follower.container_id)
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
            "container %s: lines may be missing in its log between %s and %s: Docker did not keep "
            "them until they could be written; a larger --log-file-size lets it keep more",
            container_id,
            before or "its beginning",
            after,
        )
