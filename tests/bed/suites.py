"""Programs of other Debian suites, unpacked into our cache so that they run on this machine.

`~/.cache/pydockershim/debian/<suite>/<name>` holds packages and the C library that they want, and
the programs are told to use that one. What is there is complete; remove it to get newer packages.
"""

import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bed import packages
from tests.bed.cache import CACHE, keep

# What the programs are linked against, and what that is linked against in turn.
_LIBRARIES = (
    *("libc6", "libseccomp2", "libsystemd0", "libcap2", "libdevmapper1.02.1", "libgcrypt20"),
    *("libgpg-error0", "liblz4-1", "liblzma5", "libpcre2-8-0", "libselinux1", "libudev1"),
    *("libzstd1",),
)
_PROGRAM_DIRECTORIES = ("usr/bin", "usr/sbin", "usr/libexec/docker/cli-plugins")


def directory(suite: str, name: str) -> Path:
    """Where `prepare` puts it."""
    return CACHE / "debian" / suite / name


def prepare(suite: str, name: str, names: Sequence[str]) -> None:
    """Unpack packages from the network, unless they are there already; says so first."""
    root = directory(suite, name)
    fill = partial(_unpack, names, suite=suite, root=root)
    keep(root, fill, doing=f"unpacking {name} of Debian {suite}")


def _unpack(names: Sequence[str], staging: Path, *, suite: str, root: Path) -> None:
    packages.unpack((*names, *_LIBRARIES), suite=suite, into=staging)
    _link_programs_to_libraries(staging, root)


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
