"""The first process inside a session: makes the mounts, runs the command, reaps orphans.

What it hides of the machine: /run (the sockets of other engines, systemd's and D-Bus's), /dev/shm,
/var/log (below it are the logs of pods), and the state of network, processes and cgroups under /sys
and /proc. What is written to /etc (dockerd's key, CNI configurations) and /opt (containerd's plugin
directory) stays inside. All mounts are private to the outside and shared inside, so that bind
propagation can be tested.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bed import cgroups, namespaces

_RESOLV_CONF = Path("/etc/resolv.conf")


def main() -> int:
    """Set up, run the command, return its exit code."""
    session, *command = sys.argv[1:]
    cgroups.enter(session)
    _mount_private_file_systems()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    code = _run_and_reap(command)
    cgroups.thaw()  # or the kernel could not end what is left
    return code


def _mount_private_file_systems() -> None:
    resolv_conf = _RESOLV_CONF.read_bytes() if _RESOLV_CONF.exists() else b""
    hierarchies = cgroups.hierarchies()
    _mount("tmpfs", "/run")
    _mount("tmpfs", "/dev/shm", options="mode=1777")
    _mount("tmpfs", "/var/log", options="mode=755")
    # runc takes the first mount of a hierarchy that it finds: the outer ones must go.
    subprocess.run(["umount", "--recursive", "--lazy", "/sys"], check=True)
    _mount("sysfs", "/sys")
    _mount_cgroups(hierarchies)
    for directory in ("/etc", "/opt"):
        _mount_copy_on_write(directory)
    _RESOLV_CONF.unlink(missing_ok=True)  # it may be a link into the hidden /run
    _RESOLV_CONF.write_bytes(resolv_conf)
    subprocess.run(["mount", "--make-rshared", "/"], check=True)


def _mount_cgroups(hierarchies: Sequence[cgroups.Hierarchy]) -> None:
    if any(hierarchy.kind == "cgroup" for hierarchy in hierarchies):
        _mount("tmpfs", "/sys/fs/cgroup")
    for hierarchy in hierarchies:
        hierarchy.mount_point.mkdir(exist_ok=True)
        _mount(hierarchy.kind, str(hierarchy.mount_point), options=hierarchy.options)
    cgroups.delegate()


def _mount_copy_on_write(directory: str) -> None:
    scratch = namespaces.PRIVATE / "overlays" / directory.strip("/")
    upper, work = scratch / "upper", scratch / "work"
    upper.mkdir(parents=True)
    work.mkdir()
    options = f"lowerdir={directory},upperdir={upper},workdir={work}"
    _mount("overlay", directory, options=options)


def _mount(kind: str, target: str, *, options: str = "") -> None:
    words = ["-o", options] if options else []
    subprocess.run(["mount", "-t", kind, *words, kind, target], check=True)


def _run_and_reap(command: Sequence[str]) -> int:
    """Run the command; whatever it leaves behind dies with this process."""
    # The terminal's Ctrl-C reaches the command too; what it does about it decides.
    signal.signal(signal.SIGINT, lambda *_: None)
    child = subprocess.Popen(command)  # kept: one that is let go of is reaped out of our sight
    while True:
        pid, status = os.wait()
        if pid == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
