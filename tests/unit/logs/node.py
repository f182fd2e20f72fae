"""A container's log on a node, without Docker and without a kubelet: what they do, a test does."""

import os
from pathlib import Path

from pydockershim.logs.cri_file import CriFile
from pydockershim.logs.follower import Follower
from pydockershim.logs.log_entries import cri_lines
from pydockershim.logs.log_path import LogPath
from pydockershim.logs.source import Progress
from pydockershim.logs.spool import Spool
from pydockershim.logs.spool_source import SpoolSource
from pydockershim.translate.log_config import SpoolSize
from tests.unit.logs.spooling import DockerLog

SPOOL_BYTES = 200
ROTATED_LINES = 12


class Node:
    """A container's log on a node: Docker, the kubelet, and a writer that may die at any time."""

    def __init__(self, directory: Path, *, spool_files: int = 1000) -> None:
        self.pod = directory / "pod"
        self.path = self.pod / "app" / "0.log"
        self.docker = DockerLog(directory / "spool", file_bytes=SPOOL_BYTES, files=spool_files)
        self.printed = b""
        self.gaps: list[tuple[str, str]] = []
        self._rotations = 0
        self._spool_files = spool_files
        self.follower = self.new_follower(resumes=False)
        self.follower.create_file()

    def print_entry(self, data: bytes) -> None:
        """The container writes."""
        self.docker.write(data)
        self.printed += cri_lines(data)[0]

    def step(self) -> Progress:
        """The writer does something."""
        return self.follower.step()

    def die(self, *, keeping: float) -> None:
        """The writer dies in the middle of a step, and is started again."""
        before = self.path.stat().st_size if self.path.exists() else 0
        self.step()
        written = self.path.stat().st_size - before if self.path.exists() else 0
        if written:
            os.truncate(self.path, before + int(written * keeping))
        self.follower.close()
        self.follower = self.new_follower(resumes=True)

    def rotate(self) -> None:
        """The kubelet rotates, at 10 MiB; here at more lines than can be of one moment."""
        if self.path.read_bytes().count(b"\n") < ROTATED_LINES:
            return
        for older in self._rotated():
            if older.suffix != ".gz":
                older.rename(f"{older}.gz")
        self._rotations += 1
        self.path.rename(f"{self.path}.20260901-{self._rotations:06}")
        self.follower.reopen()

    def drain(self) -> None:
        """The container has ended and the writer comes to the end."""
        self.follower.exited = True
        while not self.follower.drained:
            self.step()
        self.follower.close()

    def written(self) -> bytes:
        """What the log holds, over all of its files."""
        return b"".join(path.read_bytes() for path in (*self._rotated(), self.path))

    def _rotated(self) -> list[Path]:
        return sorted(self.path.parent.glob("0.log.*"))

    def new_follower(self, *, resumes: bool) -> Follower:
        """Return a writer; `resumes`: there was one before."""
        return Follower(
            "c0ffee",
            file=CriFile(LogPath(str(self.pod), str(self.path))),
            source=SpoolSource(Spool(self.docker.path, SpoolSize(SPOOL_BYTES, self._spool_files))),
            resumes=resumes,
            report_gap=lambda _id, before, after: self.gaps.append((before, after)),
        )
