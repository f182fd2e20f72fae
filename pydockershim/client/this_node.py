"""This machine as the node that a manifest is read for: what it has, and what has to be created.

It does what a kubelet does around the CRI; nothing here talks to a CRI server.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pydockershim.client.manifest import HostPath, Node
from pydockershim.errors import FailedPrecondition

_KINDS = {
    "folder": stat.S_ISDIR,
    "file": stat.S_ISREG,
    "socket": stat.S_ISSOCK,
    "character device": stat.S_ISCHR,
    "block device": stat.S_ISBLK,
    "anything": bool,
}
_HUGEPAGES = Path("/sys/kernel/mm/hugepages")


def describe(*, volumes_root: Path, logs_root: Path) -> Node:
    """Return this machine as a node whose pods keep their files below these two folders."""
    return Node(
        volumes_root=volumes_root,
        logs_root=logs_root,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        hugepage_sizes=tuple(sorted(map(_page_size, _HUGEPAGES.glob("hugepages-*kB")))),
        resolv_conf=Path("/etc/resolv.conf").read_text(),
    )


def provide(host_paths: Iterable[HostPath]) -> None:
    """Create what is missing on this machine.

    FailedPrecondition when a path is of another kind, or missing without a mode.
    """
    for needed in host_paths:
        if not needed.path.exists() and needed.mode is not None:
            _make(needed, needed.mode)
        if not needed.path.exists() or not _KINDS[needed.kind](needed.path.stat().st_mode):
            raise FailedPrecondition(
                f"{needed.path}: must be a {needed.kind}; create it or change hostPath"
            )


def _make(needed: HostPath, mode: int) -> None:
    """Create a folder or a file of exactly this mode, whatever the umask."""
    needed.path.parent.mkdir(parents=True, exist_ok=True)
    if needed.kind == "file":
        needed.path.touch()
    else:
        needed.path.mkdir()
    needed.path.chmod(mode)


def _page_size(folder: Path) -> str:
    """Return the size as the kernel's hugetlb cgroup files name it: 2MB, 1GB."""
    size_kib = int(folder.name.removeprefix("hugepages-").removesuffix("kB"))
    for unit, size in (("GB", 1024 * 1024), ("MB", 1024)):
        if size_kib >= size:
            return f"{size_kib // size}{unit}"
    return f"{size_kib}KB"
