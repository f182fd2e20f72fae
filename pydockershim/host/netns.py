"""Sockets in the network namespace of another process.

A socket stays in the namespace that it was made in, whoever uses it. So a thread of its own enters
the namespace, makes the sockets, and ends: it never has to find the way back.
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
    """Two TCP sockets that are not connected; `ipv6` is None where the kernel has none."""

    ipv4: socket.socket
    ipv6: socket.socket | None

    def close(self) -> None:
        """Close both; one that was detached is left alone."""
        self.ipv4.close()
        if self.ipv6 is not None:
            self.ipv6.close()


def sockets_of_container(pid: int, container_id: str) -> Sockets:
    """Return sockets in the network namespace of a container's process.

    FailedPrecondition: the process has ended, or is not the container's any more.
    """
    try:
        netns = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        raise FailedPrecondition(f"container {container_id} does not run any more") from None
    try:
        # Checked behind the open: a pid that is the container's now was it before.
        if not in_container(pid, container_id):
            raise FailedPrecondition(f"container {container_id} does not run any more")
        return _sockets_in(netns)
    finally:
        os.close(netns)


def _sockets_in(netns: int) -> Sockets:
    made: list[Sockets | OSError] = []

    def make() -> None:
        try:
            _enter(netns)
            made.append(Sockets(_tcp(socket.AF_INET), _tcp_if_known(socket.AF_INET6)))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make, name="netns")
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise FailedPrecondition(
            f"the pod's network namespace cannot be entered: {made[0].strerror} (as root it can)"
        ) from made[0]
    return made[0]


def _enter(netns: int) -> None:
    """Move the calling thread, and no other."""
    if _libc.setns(netns, _CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _tcp(family: socket.AddressFamily) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.settimeout(0)
    return made


def _tcp_if_known(family: socket.AddressFamily) -> socket.socket | None:
    try:
        return _tcp(family)
    except OSError:
        return None
