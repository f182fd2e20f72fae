"""A lock file that one process holds; the kernel frees it however the process ends."""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from pydockershim.config.config import flag
from pydockershim.errors import FailedPrecondition


def take_lock(path: Path) -> TextIO:
    """Return the locked file, to be kept open; FailedPrecondition when another process holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Private: any process that can open the file can lock it.
        lock = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, mode=0o600), "w")
    except OSError as error:
        raise FailedPrecondition(f"cannot lock {path}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FailedPrecondition(
            f"another pydockershim is running (it holds {path}): stop it, or use another "
            f"{flag('endpoint')} and {flag('state_dir')}"
        ) from None
    return lock
