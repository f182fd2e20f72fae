"""Processes of a container, seen from the host: which they are, and how to end a tree of them.

Pids are the host's. A pid may have been reused by the time it is acted on, so a process is held by
a pidfd first, then checked to be in the container, and only then signalled.
"""

import os
import signal
from collections.abc import Container, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

_PROC = Path("/proc")
_PPID = 1  # of /proc/<pid>/stat, counted behind the bracket that closes the command's name


def process_exists(pid: int) -> bool:
    """Say whether this host, as we see it, has such a process."""
    return (_PROC / str(pid)).exists()


def in_container(pid: int, container_id: str) -> bool:
    """Say whether the process lives in the container's cgroup or in one below it.

    Docker's cgroupfs driver names the cgroup `<id>`, its systemd driver `docker-<id>.scope`.
    """
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return False
    names = {name for line in lines for name in line.split(":", 2)[-1].split("/")}
    return not names.isdisjoint({container_id, f"docker-{container_id}.scope"})


def kill_tree(pid: int, container_id: str) -> bool:
    """End a process of the container and everything it started; False when it had gone.

    All of the tree is stopped before any of it is killed: a process that is killed first would
    leave its children to the container's init, where nothing tells them from the others.
    """
    stopped: dict[int, int] = {}
    seen: set[int] = set()
    with ExitStack() as held:
        found = {pid}
        while found:
            seen |= found
            for each in found:
                pidfd = _hold(each, container_id, held)
                if pidfd >= 0:
                    _signal(pidfd, signal.SIGSTOP)
                    stopped[each] = pidfd
            # Only of what is the container's: a foreign process may be an ancestor of all of it.
            found = set(_children(stopped)) - seen
        for pidfd in stopped.values():
            _signal(pidfd, signal.SIGKILL)
    return bool(stopped)


def hang_up(pid: int, container_id: str) -> bool:
    """Tell a process of the container that its terminal has gone (SIGHUP); False: it had gone."""
    with ExitStack() as held:
        pidfd = _hold(pid, container_id, held)
        _signal(pidfd, signal.SIGHUP)
    return pidfd >= 0


def _hold(pid: int, container_id: str, held: ExitStack) -> int:
    """Return a pidfd that is surely the container's; -1 when the process is gone or foreign."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return -1
    held.callback(os.close, pidfd)
    return pidfd if in_container(pid, container_id) else -1


def _signal(pidfd: int, number: signal.Signals) -> None:
    if pidfd >= 0:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, number)


def _children(parents: Container[int]) -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and _parent(entry) in parents:
            yield int(entry.name)


def _parent(entry: Path) -> int:
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return -1
    return int(stat.rpartition(")")[2].split()[_PPID])
