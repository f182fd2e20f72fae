"""File systems for logs that are too small, or hang."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class SmallDisk:
    """A file system with room for little, mounted at a directory until it is closed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        self._mount("size=64k")

    def grow(self) -> None:
        """Give it room for more than any of these tests prints."""
        self._mount("remount,size=64m")

    def close(self) -> None:
        """Unmount it as soon as nobody uses it."""
        run("umount", "--lazy", self.directory)

    def _mount(self, options: str) -> None:
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", self.directory)


class HangingDisk:
    """A file system on which every write can be made to hang."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        image = directory.with_suffix(".img")
        with image.open("wb") as file:
            file.truncate(16 * 1024 * 1024)
        run("mkfs.ext4", "-q", image)
        run("mount", "-o", "loop", image, directory)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let all who write inside the block wait for its end."""
        run("fsfreeze", "--freeze", self.directory)
        try:
            yield
        finally:
            run("fsfreeze", "--unfreeze", self.directory)

    def close(self) -> None:
        """Unmount it as soon as nobody uses it."""
        run("umount", "--lazy", self.directory)


def run(*words: str | Path) -> None:
    """Run a command that has to succeed."""
    subprocess.run(words, check=True)
