"""The session's own part of every cgroup hierarchy, seen from inside as the whole.

With a cgroup namespace, what dockerd and the tests make (`/docker/...`, `/kubepods/...`) lies below
one directory per session and hierarchy, which the janitor removes. Works on cgroup v1, v2 and on
both at once.
"""

import contextlib
import ctypes
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_CLONE_NEWCGROUP = 0x02000000


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted hierarchy: `kind` is cgroup or cgroup2, `options` select its controllers."""

    mount_point: Path
    kind: str
    options: str


def hierarchies() -> list[Hierarchy]:
    """Read the mounted hierarchies from mountinfo (proc_pid_mountinfo(5))."""
    controllers = _controllers_of_v1()
    found = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, filesystem = line.partition(" - ")
        kind, _, options = filesystem.split()
        mount_point = Path(mount.split()[4])
        if kind in {"cgroup", "cgroup2"} and mount_point.is_relative_to(_ROOT):
            chosen = [
                word
                for word in options.split(",")
                if word.startswith("name=") or word in controllers
            ]
            found[mount_point] = Hierarchy(mount_point, kind, ",".join(chosen))
    return list(found.values())


def make(session: str) -> None:
    """Make the session's directory in every hierarchy."""
    for hierarchy in hierarchies():
        directory = hierarchy.mount_point / session
        if hierarchy.kind == "cgroup2":
            _enable_controllers(hierarchy.mount_point)
        directory.mkdir()
        # A new cpuset of v1 is empty and takes no process.
        for name in ("cpuset.cpus", "cpuset.mems"):
            if hierarchy.kind == "cgroup" and (directory / name).exists():
                (directory / name).write_text((hierarchy.mount_point / name).read_text())


def enter(session: str) -> None:
    """Move this process into the session's directories, and make them the root that it sees."""
    for hierarchy in hierarchies():
        (hierarchy.mount_point / session / "cgroup.procs").write_text("0")
    libc = ctypes.CDLL(None, use_errno=True)  # os.unshare came with Python 3.12
    if libc.unshare(_CLONE_NEWCGROUP) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWCGROUP)")


def delegate() -> None:
    """On v2, move this process, the only one, to a leaf and enable all controllers beside it.

    A cgroup that holds processes cannot give controllers to its children.
    """
    if (_ROOT / "cgroup.controllers").exists():
        leaf = _ROOT / "init"
        leaf.mkdir()
        (leaf / "cgroup.procs").write_text("0")
        _enable_controllers(_ROOT)


def thaw(session: str = "") -> None:
    """Thaw every paused container: on v1 a frozen process does not even die of SIGKILL.

    Without a session: every container below the root that this process sees.
    """
    for hierarchy in hierarchies():
        for state in (hierarchy.mount_point / session).glob("**/freezer.state"):
            with contextlib.suppress(OSError):
                state.write_text("THAWED")


def remove(session: str, *, timeout_s: float = 20) -> None:
    """Remove the session's directories; waits until the kernel has ended their processes."""
    deadline = time.monotonic() + timeout_s
    remaining = [hierarchy.mount_point / session for hierarchy in hierarchies()]
    while remaining and time.monotonic() < deadline:
        thaw(session)
        remaining = [directory for directory in remaining if not _remove_tree(directory)]
        time.sleep(0.02)


def _controllers_of_v1() -> set[str]:
    lines = Path("/proc/cgroups").read_text().splitlines()
    return {line.split("\t")[0] for line in lines[1:]}


def _enable_controllers(directory: Path) -> None:
    for controller in (directory / "cgroup.controllers").read_text().split():
        # Some cannot be had everywhere (cpu with real-time processes around, for one).
        with contextlib.suppress(OSError):
            (directory / "cgroup.subtree_control").write_text(f"+{controller}")


def _remove_tree(directory: Path) -> bool:
    for path in _bottom_up(directory):
        with contextlib.suppress(OSError):
            path.rmdir()
    return not directory.exists()


def _bottom_up(directory: Path) -> Iterator[Path]:
    for path, _, _ in os.walk(directory, topdown=False):
        yield Path(path)
