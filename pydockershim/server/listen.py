"""The socket that clients speak to: who may open it, and how the server starts and ends on it."""

import fcntl
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import grpc

from pydockershim.errors import FailedPrecondition
from pydockershim.server.changes import Changes
from pydockershim.server.dispatch import WORKERS, generic_handlers

logger = logging.getLogger(__name__)

# COMPAT(kubelet): its client takes at most 16 MiB in one message, in either direction.
_MESSAGE_BYTES = 16 * 1024 * 1024
_SOCKET_MODE = 0o660
_GROUP = "docker"
# What is left at the end may take: answers on their way, reads, streams that are being closed.
_LAST_WORDS_S = 1.0


class Listener:
    """The gRPC server of some servicers on a path socket, which `<socket>.lock` makes its own."""

    def __init__(self, socket: Path, *servicers: object) -> None:
        self._socket = socket
        self._changes = Changes()
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
        """Serve; FailedPrecondition when another instance holds the socket or it cannot be made."""
        self._lock = claim(Path(f"{self._socket}.lock"))
        before = os.umask(0o777 & ~_SOCKET_MODE)
        try:
            # gRPC unlinks a stale socket of this path itself.
            self._server.add_insecure_port(f"unix://{self._socket}")
        except RuntimeError as error:
            raise FailedPrecondition(f"cannot listen on {self._socket}: {error}") from error
        finally:
            os.umask(before)
        _hand_to_group(self._socket)
        self._server.start()
        logger.info("serving the CRI on unix://%s", self._socket)

    def stop(self, *, grace_s: float) -> None:
        """Take no new calls, let changes under way finish for `grace_s` seconds, cut the rest.

        A client that does not read (or sleeps) holds up nothing: gRPC itself would wait for it.
        """
        self._server.stop(grace_s)
        if cut := self._changes.wait_for_the_last(timeout_s=grace_s):
            logger.warning("%d calls were not finished within %g s", cut, grace_s)
        self._server.stop(_LAST_WORDS_S).wait(2 * _LAST_WORDS_S)
        self._socket.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()


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


def _hand_to_group(socket: Path) -> None:
    """Let the group that may use Docker use the socket: either is root by other means."""
    try:
        shutil.chown(socket, group=_GROUP)
    except (LookupError, PermissionError):
        logger.debug("no group %s, or not root: only this user can open %s", _GROUP, socket)
