"""The CRI log file of one container: appended to in whole lines, reopened after a rotation.

The kubelet rotates: it renames the file to `<name>.<YYYYmmdd-HHMMSS>`, calls ReopenContainerLog,
and compresses all rotated files but the newest. The writer keeps no state but the file itself.
"""

import fcntl
import gzip
import logging
import os
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from pydockershim.logs.log_path import LogPath, open_file

logger = logging.getLogger(__name__)

_COMPRESSED = ".gz"
_ROTATED = rf"\.\d{{8}}-\d{{6}}({re.escape(_COMPRESSED)})?"
_CHUNK_BYTES = 64 * 1024


class Tail(NamedTuple):
    """The end of a log. `is_all`: nothing before it is readable; `is_whole`: it is all there is."""

    content: bytes
    is_all: bool
    is_whole: bool


class CriFile:
    """Owns the descriptor; one thread appends, any thread may reopen.

    A reopen waits at most for the append in progress.
    """

    __slots__ = ("_descriptor", "_is_closed", "_lock", "_log_path")

    def __init__(self, log_path: LogPath) -> None:
        self._log_path = log_path
        self._descriptor = -1
        self._is_closed = False
        self._lock = threading.Lock()

    def open(self, *, create: bool) -> None:
        """Open the file unless it is open; `create` it if it is missing.

        OSError; BlockingIOError when another process holds its lock.
        """
        with self._lock:
            if self._descriptor >= 0:
                return
            descriptor = self._log_path.open(create=create)
            try:
                _lock_for_writing(descriptor)
            except BlockingIOError:
                os.close(descriptor)
                raise
            self._descriptor = descriptor

    def reopen(self) -> None:
        """Switch to the file that is at the path now; after this the old one never grows.

        OSError: nothing has changed.
        """
        new = self._log_path.open(create=True)
        with self._lock:
            old = new if self._is_closed else self._descriptor
            if not self._is_closed:
                self._descriptor = new
        if old >= 0:
            self._close(old)
        if old != new:
            with suppress(
                OSError
            ):  # only now: if both are one file, closing the old drops the lock
                _lock_for_writing(new)

    def append(self, lines: bytes) -> int:
        """Append whole lines; return how many bytes were written, fewer if the file cannot grow.

        OSError when not even one line fits. The file always ends with a whole line.
        """
        with self._lock:
            written = 0
            try:
                while written < len(lines):
                    written += os.write(self._descriptor, memoryview(lines)[written:])
            except OSError:
                whole = lines.rfind(b"\n", 0, written) + 1
                size = os.fstat(self._descriptor).st_size
                os.ftruncate(self._descriptor, size - (written - whole))
                if not whole:
                    raise
                return whole
            return written

    def repair(self) -> None:
        """Cut off a partial last line, which a crash during an append leaves behind.

        Also in the newest rotated file: the kubelet may have rotated before our restart.
        """
        with self._lock:
            _cut_partial_line(self._descriptor)
        with self._log_path.parent_fd() as parent_fd:
            for name in self._rotated(parent_fd)[-1:]:
                if name.endswith(_COMPRESSED):  # compressed by the kubelet: it has no partial line
                    continue
                with _opened(name, parent_fd) as descriptor:
                    _cut_partial_line(descriptor)

    def tail(self, size: int) -> Tail:
        """Return the last `size` bytes, also from rotated files if this one is shorter."""
        with self._lock:
            content = _last_bytes(self._descriptor, size)
        rotated: list[str] = []
        if len(content) < size:
            with self._log_path.parent_fd() as parent_fd:
                rotated = self._rotated(parent_fd)
                content = _last_of(rotated, parent_fd, size - len(content)) + content
        is_all = len(content) < size
        return Tail(content, is_all=is_all, is_whole=is_all and len(rotated) <= 1)

    def close(self) -> None:
        """Close the file; it is not opened again."""
        with self._lock:
            self._is_closed = True
            if self._descriptor >= 0:
                self._close(self._descriptor)
            self._descriptor = -1

    def _close(self, descriptor: int) -> None:
        """Close a descriptor; it is closed even when the kernel reports an error."""
        try:
            os.close(descriptor)
        except OSError as error:  # a network file system reports failed writes only now
            logger.warning(
                "log file %s may lack its last lines, its disk failed to store them: %s; "
                "check the disk's quota and free space",
                self._log_path.path,
                error,
            )

    def _rotated(self, parent_fd: int) -> list[str]:
        """Return the names of the rotated files, the newest last."""
        pattern = re.compile(re.escape(self._log_path.name) + _ROTATED)
        return sorted(name for name in os.listdir(parent_fd) if pattern.fullmatch(name))


def _lock_for_writing(descriptor: int) -> None:
    """Lock the file for writing until it is closed or this process ends.

    BlockingIOError: another process holds the lock, such as a second shim on the same engine.
    """
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise BlockingIOError(error.errno, "another process is writing this file") from None
    except OSError:
        return  # the file system does not support locks


@contextmanager
def _opened(name: str, parent_fd: int) -> Iterator[int]:
    descriptor = open_file(name, parent_fd)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _last_of(rotated: list[str], parent_fd: int, size: int) -> bytes:
    """Return the last bytes of the rotated files; some may be empty."""
    content = b""
    for name in reversed(rotated):
        if len(content) == size:
            break
        last = _last_unpacked if name.endswith(_COMPRESSED) else _last_bytes
        with _opened(name, parent_fd) as descriptor:
            content = last(descriptor, size - len(content)) + content
    return content


def _last_bytes(descriptor: int, size: int) -> bytes:
    end = os.fstat(descriptor).st_size
    return os.pread(descriptor, size, max(0, end - size))


def _last_unpacked(descriptor: int, size: int) -> bytes:
    """Return the last bytes of a compressed file; none when it is corrupt.

    COMPAT(kubelet): the newest one is compressed too when the rotation that follows it fails.
    """
    content = b""
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as packed, gzip.open(packed) as file:
            while block := file.read(_CHUNK_BYTES):
                content = (content + block)[-size:]
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""
    return content


def _cut_partial_line(descriptor: int) -> None:
    end = size = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - _CHUNK_BYTES)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    if end < size:
        os.ftruncate(descriptor, end)
