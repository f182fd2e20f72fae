"""Opens files below a pod's log directory, and nothing else.

A path is walked step by step from the directory; no step follows a symbolic link, so somebody who
can write to the directory (through a hostPath volume) cannot redirect a log. The path of the
directory itself is the operator's and may contain links.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydockershim.errors import InvalidArgument

_DIRECTORY_MODE = 0o755
_FILE_MODE = 0o640

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO with this name would block for ever.
_FILE = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class LogPath:
    """A file below a pod's log directory; both absolute. Without a directory, the file's parent.

    InvalidArgument when the file is not below the directory.
    """

    directory: str
    path: str

    def __post_init__(self) -> None:
        """Check that the path stays inside."""
        if not self._parts() or ".." in self._parts():
            raise InvalidArgument(
                f"log path {self.path!r} is outside the pod's log directory {self.directory!r}: "
                "log_path must name a file below it, without '..'"
            )

    @property
    def name(self) -> str:
        """The file's name without its directory."""
        return self._parts()[-1]

    @contextmanager
    def parent_fd(self, *, create: bool = False) -> Iterator[int]:
        """Hold the file's parent directory open; `create` what is missing (0755). OSError."""
        root = self._root()
        if create:
            root.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        descriptor = os.open(root, _DIRECTORY)
        try:
            for part in self._parts()[:-1]:
                if create:
                    _make_directory(part, descriptor)
                inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def open(self, *, create: bool = False) -> int:
        """Return a descriptor to read and append; `create` the file (0640) if it is missing.

        OSError; ELOOP when it is a symbolic link.
        """
        with self.parent_fd(create=create) as parent_fd:
            return open_file(self.name, parent_fd, create=create)

    def _root(self) -> Path:
        return Path(self.directory) if self.directory else Path(self.path).parent

    def _parts(self) -> tuple[str, ...]:
        path = PurePosixPath(self.path)
        root = self._root()
        return path.relative_to(root).parts if path.is_relative_to(root) else ()


def open_file(name: str, parent_fd: int, *, create: bool = False) -> int:
    """Return the descriptor of a regular file in an open directory, as `LogPath.open` does."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=parent_fd)
    except FileNotFoundError:
        if not create:
            raise
        descriptor = os.open(name, _FILE | os.O_CREAT, _FILE_MODE, dir_fd=parent_fd)
        os.fchmod(descriptor, _FILE_MODE)  # whatever the umask is
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file", name)


def _make_directory(name: str, parent_fd: int) -> None:
    try:
        os.mkdir(name, _DIRECTORY_MODE, dir_fd=parent_fd)
    except FileExistsError:
        return
