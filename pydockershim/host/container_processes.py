"""A container's processes, seen from the host: find them, and kill a process tree.

Pids are the host's. A pid may have been reused by the time of a signal, so a process is opened as a
pidfd first, then checked to be in the container, and only then signalled.
"""

import os
import signal
from collections.abc import Container, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

_PROC = Path("/proc")
_PPID = 1  # field of /proc/<pid>/stat, counted after the bracket that closes the command name


def process_exists(pid: int) -> bool:
    """Return whether this host has such a process, as seen in our PID namespace."""
    return (_PROC / str(pid)).exists()


def in_container(pid: int, container_id: str) -> bool:
    """Return whether the process is in the container's cgroup or in one below it.

    Docker's cgroupfs driver names the cgroup `<id>`, its systemd driver `docker-<id>.scope`.
    """
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return False
    names = {name for line in lines for name in line.split(":", 2)[-1].split("/")}
    return not names.isdisjoint({container_id, f"docker-{container_id}.scope"})


def kill_tree(pid: int, container_id: str) -> bool:
    """Kill a process of the container and its descendants; False when it has already exited.

    The whole tree is stopped before any of it is killed: the children of a process that is killed
    first would be reparented to the container's init, where they cannot be told from others.
    """
    stopped: dict[int, int] = {}
    seen: set[int] = set()
    with ExitStack() as pidfds:
        found = {pid}
        while found:
            seen |= found
            for each in found:
                pidfd = _open_pidfd(each, container_id, pidfds)
                if pidfd >= 0:
                    _signal(pidfd, signal.SIGSTOP)
                    stopped[each] = pidfd
            # Only children of the container's own: a foreign process may be an ancestor of all.
            found = set(_children(stopped)) - seen
        for pidfd in stopped.values():
            _signal(pidfd, signal.SIGKILL)
    return bool(stopped)


def hang_up(pid: int, container_id: str) -> bool:
    """Send SIGHUP to a process whose terminal is closed; False when it has already exited."""
    with ExitStack() as pidfds:
        pidfd = _open_pidfd(pid, container_id, pidfds)
        _signal(pidfd, signal.SIGHUP)
    return pidfd >= 0


def _open_pidfd(pid: int, container_id: str, pidfds: ExitStack) -> int:
    """Return a pidfd; -1 when the process has exited or is not in the container."""
    try:
        pidfd = os.pidfd_open(pid)
    except OSError:
        return -1
    pidfds.callback(os.close, pidfd)
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
