"""Files and directories of this host that a pod names or that Docker made for it."""

import errno
import os
import stat
from pathlib import Path

from pydockershim.errors import FailedPrecondition, InvalidArgument, NotFound

_PROFILE_BYTES = 1024 * 1024


def real_mount_source(path: str) -> str:
    """Return the real path of a bind mount's source; a directory is created if it is missing.

    Symbolic links are followed, as the CRI requires. COMPAT(kubelet): a hostPath volume without a
    type expects a missing directory to be created (0755).
    """
    real = Path(os.path.realpath(path))
    try:
        if not real.exists():
            real.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise FailedPrecondition(
            f"cannot create mount source {path}: {error.strerror}; "
            "correct the path, or create it on the node"
        ) from error
    return str(real)


def read_profile(path: str) -> str:
    """Return a seccomp profile's text; errors never show its content."""
    try:
        with open(path, "rb", opener=_regular) as profile:
            raw = profile.read(_PROFILE_BYTES + 1)
        text = raw.decode()
    except FileNotFoundError:
        raise NotFound(
            f"seccomp profile {path} does not exist on this node; install it there first"
        ) from None
    except OSError as error:
        raise InvalidArgument(
            f"cannot read seccomp profile {path}: {error.strerror}; it must be a regular file"
        ) from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"seccomp profile {path} is not valid UTF-8") from None
    if len(raw) > _PROFILE_BYTES:
        raise InvalidArgument(f"seccomp profile {path} is larger than {_PROFILE_BYTES} bytes")
    return text


def read_text(path: str) -> str:
    """Return a small text file of this host; FailedPrecondition when it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError as error:
        raise FailedPrecondition(f"cannot read {path}: {error.strerror}") from error


def overwrite_in_place(path: str, content: bytes) -> None:
    """Replace a file's content and keep its inode, which containers have mounted.

    FailedPrecondition for a symbolic link, or anything but a regular file.
    """
    try:
        with open(path, "r+b", opener=_no_link) as file:
            file.truncate(0)
            file.write(content)
    except OSError as error:
        raise FailedPrecondition(f"cannot write {path}: {error.strerror}") from error


def _no_link(path: str, flags: int) -> int:
    return _regular(path, flags | os.O_NOFOLLOW)


def _regular(path: str, flags: int) -> int:
    """Open a regular file; OSError for a pipe or a device, which could block for ever."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")
