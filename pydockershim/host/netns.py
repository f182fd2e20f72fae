"""Sockets in the network namespace of another process.

A socket stays in the namespace in which it was created. So a new thread enters the namespace,
creates the sockets and exits: it never has to switch back.
"""

import ctypes
import os
import socket
import threading
from typing import NamedTuple

from pydockershim.errors import FailedPrecondition
from pydockershim.host.container_processes import in_container

_CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


class Sockets(NamedTuple):
    """Two unconnected TCP sockets; `ipv6` is None if the kernel has no IPv6."""

    ipv4: socket.socket
    ipv6: socket.socket | None

    def close(self) -> None:
        """Close both; a detached one is left open."""
        self.ipv4.close()
        if self.ipv6 is not None:
            self.ipv6.close()


def sockets_of_container(pid: int, container_id: str) -> Sockets:
    """Return sockets in the network namespace of a container's process.

    FailedPrecondition: the process has exited (its pid may have been reused), or the namespace
    cannot be entered.
    """
    try:
        netns = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise _not_running(container_id) from None
    try:
        # Checked after the open: a pid that is the container's now was the container's before.
        if not in_container(pid, container_id):
            raise _not_running(container_id)
        return _sockets_in(netns, container_id)
    finally:
        os.close(netns)


def _not_running(container_id: str) -> FailedPrecondition:
    return FailedPrecondition(f"container {container_id} is no longer running")


def _sockets_in(netns: int, container_id: str) -> Sockets:
    made: list[Sockets | OSError] = []

    def make() -> None:
        try:
            _enter(netns)
            made.append(Sockets(_tcp(socket.AF_INET), _tcp_if_supported(socket.AF_INET6)))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make, name="netns")
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise FailedPrecondition(
            f"cannot enter the network namespace of container {container_id}: "
            f"{made[0].strerror}; run pydockershim as root"
        ) from made[0]
    return made[0]


def _enter(netns: int) -> None:
    """Move only the calling thread."""
    if _libc.setns(netns, _CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _tcp(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.settimeout(0)
    return made


def _tcp_if_supported(family: socket.AddressFamily) -> socket.socket | None:
    try:
        return _tcp(family)
    except OSError:
        return None
