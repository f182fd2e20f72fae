"""What the bed unpacks and builds, kept outside the clone, in `~/.cache/pydockershim`.

What is there is complete; remove it to have it made again.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bed.say import say

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pydockershim"


def keep(directory: Path, fill: Callable[[Path], None], *, doing: str) -> None:
    """Have `fill` make the directory's content, unless it is there; says first what it is doing.

    `fill` gets an empty directory beside the final place, which is renamed when it is complete.
    """
    with locked(directory):
        if directory.exists():
            return
        say(f"{doing} into {directory}")
        staging = directory.with_name(f"{directory.name}.new")
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        fill(staging)
        staging.rename(directory)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep every other process that makes the same directory waiting."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_name(f"{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
