"""The CRI socket: who may open it, and how the gRPC server starts and stops on it."""

import errno
import logging
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import grpc

from pydockershim.config.config import flag
from pydockershim.errors import FailedPrecondition
from pydockershim.host.lock_file import take_lock
from pydockershim.server.dispatch import WORKERS, generic_handlers
from pydockershim.server.in_flight import InFlightChanges

logger = logging.getLogger(__name__)

# COMPAT(kubelet): its client takes at most 16 MiB in one message, in either direction.
_MESSAGE_BYTES = 16 * 1024 * 1024
_SOCKET_MODE = 0o660
_GROUP = "docker"
_PROBE_S = 1.0
# For what is left after the changes: answers being sent, reads, streams being closed.
_LAST_READS_S = 1.0


class Listener:
    """The gRPC server of some servicers on a unix socket, guarded by `<socket>.lock`.

    `grace_s`: how long changes in progress may take to finish when it stops.
    """

    def __init__(self, path: Path, *servicers: object, grace_s: float) -> None:
        self._socket = path
        self._grace_s = grace_s
        self._changes = InFlightChanges()
        self._lock: TextIO | None = None
        self._pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="rpc")
        self._server = grpc.server(
            self._pool,
            handlers=generic_handlers(*servicers, changes=self._changes),
            options=[
                ("grpc.max_receive_message_length", _MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
            ],
        )

    def start(self) -> None:
        """Serve; FailedPrecondition when the socket is in use or cannot be created."""
        lock = take_lock(Path(f"{self._socket}.lock"))
        try:
            self._bind()
        except FailedPrecondition:
            lock.close()
            raise
        self._lock = lock
        self._server.start()
        logger.info("serving the CRI on unix://%s", self._socket)

    def stop(self) -> None:
        """Refuse new calls, let changes in progress finish for `grace_s`, cancel the rest.

        A client that does not read delays nothing: gRPC itself would wait for it.
        """
        self._server.stop(self._grace_s)
        if cancelled := self._changes.wait_idle(timeout_s=self._grace_s):
            logger.warning(
                "cancelled %d calls that did not finish within %g s", cancelled, self._grace_s
            )
        self._server.stop(_LAST_READS_S).wait(2 * _LAST_READS_S)
        self._socket.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()

    def _bind(self) -> None:
        _check_free(self._socket)
        before = os.umask(0o777 & ~_SOCKET_MODE)
        try:
            # gRPC unlinks a socket of this path itself.
            self._server.add_insecure_port(f"unix://{self._socket}")
        except RuntimeError as error:
            raise FailedPrecondition(f"cannot listen on {self._socket}: {error}") from error
        finally:
            os.umask(before)
        _share_with_group(self._socket)


def _check_free(path: Path) -> None:
    """Raise FailedPrecondition unless the path is free or holds a stale socket."""
    if path.exists() and not path.is_socket():
        problem = "it exists and is not a socket; move it away"
    elif _is_served(path):
        problem = "another program listens on it; stop that program"
    else:
        return
    raise FailedPrecondition(
        f"cannot listen on {path}: {problem}, or use another {flag('endpoint')}"
    )


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PROBE_S)
        return probe.connect_ex(str(path)) not in {errno.ENOENT, errno.ECONNREFUSED}


def _share_with_group(path: Path) -> None:
    """Let the group `docker` use the socket: through Docker its members can act as root anyway."""
    try:
        shutil.chown(path, group=_GROUP)
    except (LookupError, PermissionError):
        logger.debug(
            "no group %s, or not running as root: only this user can open %s", _GROUP, path
        )
