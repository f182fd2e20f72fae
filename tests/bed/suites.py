"""Programs of other Debian suites, unpacked into our cache so that they run on this machine.

`~/.cache/pydockershim/debian/<suite>/<name>` holds packages and the C library that they want, and
the programs are told to use that one. What is there is complete; remove it to get newer packages.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bed import packages

_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pydockershim/debian"
# What the programs are linked against, and what that is linked against in turn.
_LIBRARIES = (
    *("libc6", "libseccomp2", "libsystemd0", "libcap2", "libdevmapper1.02.1", "libgcrypt20"),
    *("libgpg-error0", "liblz4-1", "liblzma5", "libpcre2-8-0", "libselinux1", "libudev1"),
    *("libzstd1",),
)
_PROGRAM_DIRECTORIES = ("usr/bin", "usr/sbin", "usr/libexec/docker/cli-plugins")


def directory(suite: str, name: str) -> Path:
    """Where `prepare` puts it."""
    return _CACHE / suite / name


def prepare(suite: str, name: str, names: Sequence[str]) -> None:
    """Unpack packages from the network, unless they are there already; says so first."""
    root = directory(suite, name)
    with _locked(root):
        if not root.exists():
            packages.say(f"unpacking {name} of Debian {suite} into {root}")
            _unpack(names, suite=suite, root=root)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(names: Sequence[str], *, suite: str, root: Path) -> None:
    """Unpack beside the final place and rename: what is there is complete."""
    staging = root.with_suffix(".new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    packages.unpack((*names, *_LIBRARIES), suite=suite, into=staging)
    _link_programs_to_libraries(staging, root)
    staging.rename(root)


def _link_programs_to_libraries(staging: Path, root: Path) -> None:
    loader = next(staging.glob("**/ld-linux-*.so.?"))
    directories = {path.parent for path in staging.glob("**/*.so.*")}
    rpath = ":".join(str(root / path.relative_to(staging)) for path in sorted(directories))
    interpreter = str(root / loader.relative_to(staging))
    # DT_RPATH, because only it also holds for the libraries that a library needs.
    linking = ("--set-interpreter", interpreter, "--force-rpath", "--set-rpath", rpath)
    for program in (path for part in _PROGRAM_DIRECTORIES for path in staging.glob(f"{part}/*")):
        if not program.is_symlink() and _is_dynamic(program):
            subprocess.run(["patchelf", *linking, str(program)], check=True)


def _is_dynamic(program: Path) -> bool:
    question = ["patchelf", "--print-interpreter", str(program)]
    return subprocess.run(question, check=False, capture_output=True).returncode == 0
