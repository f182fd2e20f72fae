"""The Docker engines, each as its Debian suite ships it, complete with its registry and busybox.

An engine lives in `~/.cache/pydockershim/engines/<suite>`, unpacked once from the newest packages
of the suite; remove the directory to get newer ones. Its programs are linked against their own
suite's C library, so that a newer engine runs on an older Debian.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import packages

# Suite to the version that it shipped when this was written (sid moves on).
SUITES = {"bookworm": "20.10", "trixie": "26.1", "sid": "28.5"}
DEFAULT_SUITE = "sid"

_PROGRAMS = (
    *("docker.io", "containerd", "runc", "tini", "docker-registry", "docker-compose"),
    *("busybox-static",),
)
# What they are linked against, and what that is linked against in turn.
_LIBRARIES = (
    *("libc6", "libseccomp2", "libsystemd0", "libcap2", "libdevmapper1.02.1", "libgcrypt20"),
    *("libgpg-error0", "liblz4-1", "liblzma5", "libpcre2-8-0", "libselinux1", "libudev1"),
    *("libzstd1",),
)
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pydockershim/engines"


@dataclass(frozen=True, slots=True)
class Engine:
    """An unpacked engine: the suite that it is from, its version and where it lives."""

    suite: str
    version: str
    root: Path

    @property
    def search_path(self) -> str:
        """What comes first on PATH for dockerd to find its containerd, runc and proxy."""
        return f"{self.root}/usr/sbin:{self.root}/usr/bin"

    @property
    def dockerd(self) -> Path:
        """The daemon."""
        return self.root / "usr/sbin/dockerd"

    @property
    def registry(self) -> Path:
        """The suite's docker-registry."""
        return self.root / "usr/bin/docker-registry"

    @property
    def busybox(self) -> Path:
        """The suite's statically linked busybox."""
        return next(path for path in self.root.glob("**/bin/busybox") if path.is_file())


def selected_suite() -> str:
    """Return what the environment variable ENGINE names, sid when it is not set."""
    suite = os.environ.get("ENGINE") or DEFAULT_SUITE
    if suite not in SUITES:
        raise SystemExit(
            f"ENGINE={suite}: there is no such engine; choose from {', '.join(SUITES)}."
        )
    return suite


def prepare(suite: str) -> Engine:
    """Return the engine of a suite, unpacked from the network if it is not there yet."""
    with _locked(suite):
        root = _CACHE / suite
        if not root.exists():
            packages.say(f"unpacking the Docker engine of Debian {suite} into {root}")
            _unpack(suite, root)
    return find(suite)


def find(suite: str) -> Engine:
    """Return the engine of a suite, which `prepare` has unpacked."""
    root = _CACHE / suite
    output = subprocess.run(
        [root / "usr/sbin/dockerd", "--version"], check=True, capture_output=True, text=True
    ).stdout
    version = output.removeprefix("Docker version ").split(",")[0].split("+")[0]
    return Engine(suite=suite, version=version, root=root)


@contextmanager
def _locked(suite: str) -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{suite}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(suite: str, root: Path) -> None:
    """Unpack beside the final place and rename: what is there is complete."""
    staging = root.with_name(f"{suite}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    packages.unpack((*_PROGRAMS, *_LIBRARIES), suite=suite, into=staging)
    _link_programs_to_libraries(staging, root)
    staging.rename(root)


def _link_programs_to_libraries(staging: Path, root: Path) -> None:
    loader = next(staging.glob("**/ld-linux-*.so.?"))
    directories = {path.parent for path in staging.glob("**/*.so.*")}
    rpath = ":".join(str(root / path.relative_to(staging)) for path in sorted(directories))
    interpreter = str(root / loader.relative_to(staging))
    # DT_RPATH, because only it also holds for the libraries that a library needs.
    linking = ("--set-interpreter", interpreter, "--force-rpath", "--set-rpath", rpath)
    for program in (*staging.glob("usr/bin/*"), *staging.glob("usr/sbin/*")):
        if not program.is_symlink() and _is_dynamic(program):
            subprocess.run(["patchelf", *linking, str(program)], check=True)


def _is_dynamic(program: Path) -> bool:
    question = ["patchelf", "--print-interpreter", str(program)]
    return subprocess.run(question, check=False, capture_output=True).returncode == 0
