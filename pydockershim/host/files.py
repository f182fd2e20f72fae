"""Files and folders of this host that a pod brings along or that Docker made for it."""

import errno
import os
import stat
from pathlib import Path

from pydockershim.errors import FailedPrecondition, InvalidArgument, NotFound

_PROFILE_BYTES = 1024 * 1024


def real_mount_source(path: str) -> str:
    """Return the folder or file that a bind mount's source leads to, made where it is missing.

    Symbolic links are followed, as the CRI asks for. COMPAT(kubelet): a hostPath volume without a
    type expects a folder to be made (0755).
    """
    real = Path(os.path.realpath(path))
    try:
        if not real.exists():
            real.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise FailedPrecondition(f"mount source {path}: {error.strerror}") from error
    return str(real)


def read_profile(path: str) -> str:
    """Return a seccomp profile's text; its content never shows up in an error."""
    try:
        with open(path, "rb", opener=_regular) as profile:
            raw = profile.read(_PROFILE_BYTES + 1)
        text = raw.decode()
    except FileNotFoundError:
        raise NotFound(f"seccomp profile {path} is not on this node") from None
    except OSError as error:
        raise InvalidArgument(f"seccomp profile {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"seccomp profile {path} is not UTF-8 text") from None
    if len(raw) > _PROFILE_BYTES:
        raise InvalidArgument(f"seccomp profile {path} is larger than {_PROFILE_BYTES} bytes")
    return text


def read_text(path: str) -> str:
    """Return a small text file of this host; FailedPrecondition when it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError as error:
        raise FailedPrecondition(f"{path}: {error.strerror}") from error


def overwrite_in_place(path: str, content: bytes) -> None:
    """Replace a file's content and keep its inode, which containers have mounted.

    Only a regular file is written, never what a link leads to; FailedPrecondition otherwise.
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
    """Open a file; OSError for a pipe or a device, which could block for ever."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")
