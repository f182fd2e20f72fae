"""The Debian programs inside the images, each with the shared libraries that it needs.

They are unpacked once, from one fixed suite, into the cache: nothing is installed.
"""

import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.bed import packages
from tests.bed.cache import CACHE, keep

_SUITE = "trixie"
_PACKAGES = ("bash", "busybox-static", "curl", "nginx", "socat", "util-linux")
_ROOT = CACHE / "userland" / _SUITE


def prepare() -> None:
    """Unpack the packages, with all that they depend on, if they are not there yet."""
    keep(_ROOT, _unpack, doing=f"unpacking {', '.join(_PACKAGES)} of Debian {_SUITE}")


def _unpack(into: Path) -> None:
    packages.unpack(_PACKAGES, suite=_SUITE, into=into, with_dependencies=True)


def program(name: str) -> Path:
    """Return the unpacked program of this name."""
    candidates = (_ROOT / folder / name for folder in ("usr/bin", "usr/sbin"))
    return next(path for path in candidates if path.is_file())


def applets(busybox: Path) -> list[str]:
    """Return the names under which a busybox can be called."""
    answer = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True)
    return [name for name in answer.stdout.split() if name != "busybox"]


def with_libraries(names: Iterable[str]) -> dict[str, Path]:
    """Return the files that these programs need to run: path in an image, to its content here."""
    found: dict[str, Path] = {}
    pending = [program(name) for name in names]
    while pending:
        path = pending.pop()
        inside = str(path.relative_to(_ROOT))
        if inside not in found:
            found[inside] = path.resolve()
            pending += _needed(path)
    return found


@cache
def _needed(path: Path) -> list[Path]:
    """Return the loader and the libraries that an ELF file names itself; none if it is static."""
    loader = _patchelf("--print-interpreter", path)
    # usr/lib64/ld-linux-x86-64.so.2, seen from an image where /lib64 leads to usr/lib64.
    needed = [_ROOT / "usr" / word.lstrip("/").removeprefix("usr/") for word in loader]
    libraries = _patchelf("--print-needed", path)
    return needed + [next(_ROOT.glob(f"usr/lib/*-linux-gnu*/{name}")) for name in libraries]


def _patchelf(question: str, path: Path) -> list[str]:
    answer = subprocess.run(
        ["patchelf", question, path], check=False, capture_output=True, text=True
    )
    return answer.stdout.split() if answer.returncode == 0 else []
