"""The socket that clients speak to: who may open it, and how the server starts and ends on it."""

import errno
import fcntl
import logging
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import grpc

from pydockershim.errors import FailedPrecondition
from pydockershim.server.dispatch import WORKERS, generic_handlers
from pydockershim.server.in_flight import InFlightChanges

logger = logging.getLogger(__name__)

# COMPAT(kubelet): its client takes at most 16 MiB in one message, in either direction.
_MESSAGE_BYTES = 16 * 1024 * 1024
_SOCKET_MODE = 0o660
_GROUP = "docker"
_PROBE_S = 1.0
# What is left at the end may take: answers on their way, reads, streams that are being closed.
_LAST_WORDS_S = 1.0


class Listener:
    """The gRPC server of some servicers on a path socket, which `<socket>.lock` makes its own."""

    def __init__(self, path: Path, *servicers: object) -> None:
        self._socket = path
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
        """Serve; FailedPrecondition when another program holds the socket or it cannot be made."""
        lock = claim(Path(f"{self._socket}.lock"))
        try:
            self._bind()
        except FailedPrecondition:
            lock.close()
            raise
        self._lock = lock
        self._server.start()
        logger.info("serving the CRI on unix://%s", self._socket)

    def stop(self, *, grace_s: float) -> None:
        """Take no new calls, let changes under way finish for `grace_s` seconds, cut the rest.

        A client that does not read (or sleeps) holds up nothing: gRPC itself would wait for it.
        """
        self._server.stop(grace_s)
        if cut := self._changes.drain(timeout_s=grace_s):
            logger.warning("%d calls were not finished within %g s", cut, grace_s)
        self._server.stop(_LAST_WORDS_S).wait(2 * _LAST_WORDS_S)
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
        _hand_to_group(self._socket)


def claim(lock_file: Path) -> TextIO:
    """Return the locked file, to be kept open; FailedPrecondition when another process holds it."""
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # For nobody else to open: whoever can read a file can lock it.
        lock = os.fdopen(os.open(lock_file, os.O_WRONLY | os.O_CREAT, mode=0o600), "w")
    except OSError as error:
        raise FailedPrecondition(f"cannot lock {lock_file}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FailedPrecondition(
            f"another pydockershim is running (it holds {lock_file}); end it first, or give this "
            "one a --container-runtime-endpoint and a --state-dir of its own"
        ) from None
    return lock


def _check_free(path: Path) -> None:
    """Raise FailedPrecondition when what is in the socket's place is more than a dead socket."""
    if path.exists() and not path.is_socket():
        problem = "what is there is no socket: move it away"
    elif _is_served(path):
        problem = "another program serves there: end it"
    else:
        return
    raise FailedPrecondition(
        f"cannot listen on {path}: {problem}, or use another --container-runtime-endpoint"
    )


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PROBE_S)
        return probe.connect_ex(str(path)) not in {errno.ENOENT, errno.ECONNREFUSED}


def _hand_to_group(path: Path) -> None:
    """Let the group that may use Docker use the socket: either is root by other means."""
    try:
        shutil.chown(path, group=_GROUP)
    except (LookupError, PermissionError):
        logger.debug("no group %s, or not root: only this user can open %s", _GROUP, path)
