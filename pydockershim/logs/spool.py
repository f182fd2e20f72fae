"""The files of Docker's `local` log driver for one container, read as one stream of bytes.

Docker appends to `container.log`. At its maximum size the file is renamed to `container.log.1`
(that one to `.2`, and so on; the last is removed) and a new one is started. A file that is open
here stays readable after Docker has removed it.

COMPAT(dockerd): the files are private to dockerd, but the format has not changed since 18.09, and
reading them gives what the API does not: every byte, which part ends a line, no line twice (20.10
repeats some after a rotation, and ends a follow too early), and no work for dockerd, for which a
log that is followed costs four times as much as one that is only written.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydockershim.translate.log_config import SpoolSize

# Files kept open after Docker has removed them: a limit for the disk space that they hold.
_REMOVED_FILES = 2
_SEARCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolFile:
    """An open file. `is_contiguous`: it continues the one before it, no file is missing."""

    descriptor: int
    inode: int
    is_contiguous: bool

    @property
    def size(self) -> int:
        """Return the current size in bytes."""
        return os.lseek(self.descriptor, 0, os.SEEK_END)  # a tenth of what fstat costs


class Spool:
    """A position in the stream, and the open files from there on, oldest first."""

    __slots__ = ("_files", "_offset", "_path", "_size")

    def __init__(self, path: Path, size: SpoolSize) -> None:
        self._path = path
        self._size = size
        self._files: deque[SpoolFile] = deque()
        self._offset = 0

    @property
    def files(self) -> tuple[SpoolFile, ...]:
        """The open files."""
        return tuple(self._files)

    def open(self) -> bool:
        """Open the files at their beginning; False when there are none yet."""
        self.close()
        self._offset = 0
        self._files = deque(self._newer_than(None))
        return bool(self._files)

    @property
    def is_full(self) -> bool:
        """Whether Docker keeps no more files than these: it may have removed older ones."""
        return len(self._files) >= self._size.files

    def close(self) -> None:
        """Close all files."""
        while self._files:
            os.close(self._files.popleft().descriptor)

    def has_more(self, *, exited: bool = False) -> bool:
        """Return whether anything follows the position, in this file or in a later one.

        `exited`: Docker writes no more, so look for later files whatever the size of this one.
        """
        if self._files[0].size > self._offset:
            return True
        self._open_newer(always=exited)
        return len(self._files) > 1

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes from the position on, of this file only."""
        self._open_newer()  # before reading, so that a final file is read to its end
        return os.pread(self._files[0].descriptor, size, self._offset)

    @property
    def is_final(self) -> bool:
        """Whether Docker has moved to a later file, so that this one no longer grows."""
        return len(self._files) > 1

    def skip(self, size: int) -> None:
        """Advance within the file."""
        self._offset += size

    def next_file(self) -> None:
        """Advance to the next file; only when this one is final and read to its end."""
        os.close(self._files.popleft().descriptor)
        self._offset = 0

    def may_lack_files(self) -> bool:
        """Return whether Docker may have removed files before this one that were never read."""
        return not self._offset and not self._files[0].is_contiguous

    def seek(self, file: SpoolFile, offset: int) -> None:
        """Move to an offset of one of the files, and close those before it."""
        while self._files[0] is not file:
            os.close(self._files.popleft().descriptor)
        self._offset = offset

    def find(self, needle: bytes) -> Iterator[tuple[SpoolFile, int]]:
        """Yield where some bytes occur, the last occurrence first."""
        for file in reversed(self.files):
            for offset in _occurrences(file, needle):
                yield file, offset

    def _open_newer(self, *, always: bool = False) -> None:
        """Open later files; skipped while the newest is too small to have been rotated."""
        newest = self._files[-1]
        if not always and newest.size < self._size.file_bytes:
            return
        with suppress(FileNotFoundError):  # during a rotation, or the container is removed
            if self._path.stat().st_ino != newest.inode:
                self._files.extend(self._newer_than(newest))
        while len(self._files) > self._size.files + _REMOVED_FILES:
            os.close(self._files[1].descriptor)
            del self._files[1]
            oldest = self._files[1]
            self._files[1] = replace(oldest, is_contiguous=False)

    def _newer_than(self, known: SpoolFile | None) -> list[SpoolFile]:
        """Open the files newer than a known one, oldest first; all if it was removed."""
        found: list[SpoolFile] = []
        try:
            for descriptor in self._open_all():
                inode = os.fstat(descriptor).st_ino
                if known and inode == known.inode:
                    os.close(descriptor)
                    return found
                found.insert(0, SpoolFile(descriptor=descriptor, inode=inode, is_contiguous=True))
        except OSError:
            for file in found:
                os.close(file.descriptor)
            raise
        if known and found:
            found[0] = replace(found[0], is_contiguous=False)
        return found

    def _open_all(self) -> Iterator[int]:
        """Open the files, newest first; each once, even if Docker rotates meanwhile."""
        seen = set()
        number = 0
        while True:
            path = f"{self._path}.{number}" if number else self._path
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                return
            number += 1
            inode = os.fstat(descriptor).st_ino
            if inode in seen:
                os.close(descriptor)
            else:
                seen.add(inode)
                yield descriptor


def _occurrences(file: SpoolFile, needle: bytes) -> Iterator[int]:
    end = file.size
    while end > 0:
        begin = max(0, end - _SEARCH_BYTES)
        block = os.pread(file.descriptor, end - begin + len(needle) - 1, begin)
        position = len(block)
        while (position := block.rfind(needle, 0, position + len(needle) - 1)) >= 0:
            yield begin + position
        end = begin
