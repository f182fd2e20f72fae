"""The files of Docker's `local` log driver for one container, read as one stream of bytes.

Docker appends to `container.log`; when that has reached its size, it becomes `container.log.1` (and
that one `.2`, up to the last, which is removed) and an empty one takes its place. A file that is
open here can still be read when Docker has removed it.

COMPAT(dockerd): the files are private to dockerd, but the format has not changed since 18.09, and
reading them gives what its API does not: every byte, which part ends a line, no line twice (20.10
repeats some after a rotation, and ends a follow too early), and no work for dockerd, which spends
four times as much on a log that is followed as on one that is only written.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydockershim.translate.log_config import SpoolSize

# Files that are held open though Docker has removed them: what they pin is ours to bound.
_REMOVED_FILES = 2
_SEARCH_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """An open file. `follows`: it surely continues the one before it in the list."""

    descriptor: int
    inode: int
    is_contiguous: bool

    @property
    def size(self) -> int:
        """Return how many bytes there are by now."""
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
        """Open the files there are and stand at the beginning; False when there are none yet."""
        self.close()
        self._offset = 0
        self._files = deque(self._newer_than(None))
        return bool(self._files)

    @property
    def is_full(self) -> bool:
        """Whether there are as many files as Docker keeps: it may have removed older ones."""
        return len(self._files) >= self._size.files

    def close(self) -> None:
        """Close all files."""
        while self._files:
            os.close(self._files.popleft().descriptor)

    def has_more(self, *, exited: bool = False) -> bool:
        """Say whether there is something beyond the position, in this file or in a later one.

        `ended`: Docker writes no more, so it is worth a look at more than sizes.
        """
        if self._files[0].size > self._offset:
            return True
        self._open_newer(always=exited)
        return len(self._files) > 1

    def peek(self, size: int) -> bytes:
        """Return up to `size` bytes from the position on, of this file only."""
        self._open_newer()  # before the bytes are read, so that those of a final file are its last
        return os.pread(self._files[0].descriptor, size, self._offset)

    @property
    def is_final(self) -> bool:
        """Whether Docker has gone on to another file, so this one does not grow any more."""
        return len(self._files) > 1

    def skip(self, size: int) -> None:
        """Move on within the file."""
        self._offset += size

    def next_file(self) -> None:
        """Move on to the next file; only right when this one is final and has been read."""
        os.close(self._files.popleft().descriptor)
        self._offset = 0

    def may_lack_files(self) -> bool:
        """Say whether files may be missing before this one: Docker had removed them unseen."""
        return not self._offset and not self._files[0].is_contiguous

    def seek(self, file: SpoolFile, offset: int) -> None:
        """Stand at an offset of one of the files, and let those before it go."""
        while self._files[0] is not file:
            os.close(self._files.popleft().descriptor)
        self._offset = offset

    def find(self, needle: bytes) -> Iterator[tuple[SpoolFile, int]]:
        """Yield where some bytes occur, the last place first."""
        for file in reversed(self.files):
            for offset in _occurrences(file, needle):
                yield file, offset

    def _open_newer(self, *, always: bool = False) -> None:
        """Open the files that Docker has begun since; without a look if that cannot be."""
        newest = self._files[-1]
        if not always and newest.size < self._size.file_bytes:
            return
        with suppress(FileNotFoundError):  # in the middle of a rotation, or the container is gone
            if self._path.stat().st_ino != newest.inode:
                self._files.extend(self._newer_than(newest))
        while len(self._files) > self._size.files + _REMOVED_FILES:
            os.close(self._files[1].descriptor)
            del self._files[1]
            oldest = self._files[1]
            self._files[1] = SpoolFile(oldest.descriptor, oldest.inode, is_contiguous=False)

    def _newer_than(self, known: SpoolFile | None) -> list[SpoolFile]:
        """Open the files that are newer than a known one, oldest first; all when it has gone."""
        found: list[SpoolFile] = []
        try:
            for descriptor in self._open_all():
                inode = os.fstat(descriptor).st_ino
                if known and inode == known.inode:
                    os.close(descriptor)
                    return found
                found.insert(0, SpoolFile(descriptor, inode, is_contiguous=True))
        except OSError:
            for file in found:
                os.close(file.descriptor)
            raise
        if known and found:
            found[0] = SpoolFile(found[0].descriptor, found[0].inode, is_contiguous=False)
        return found

    def _open_all(self) -> Iterator[int]:
        """Open the files, newest first; each file once, also if Docker rotates meanwhile."""
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
