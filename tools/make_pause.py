#!/usr/bin/env python3
"""Build the pause program for every supported architecture, and record the checksums.

    make_pause.py           rebuild pydockershim/pods/pause/pause-* and SHA256SUMS
    make_pause.py --check   rebuild in a temporary folder; fail if the committed files differ

The binaries are committed, so that an installation needs no compiler. Builds are reproducible: they
depend only on the source and the compiler named here. Needs only Python.
"""

import argparse
import filecmp
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAUSE = Path(__file__).parent.parent / "pydockershim" / "pods" / "pause"
CHECKSUMS = "SHA256SUMS"

# By the engine's name of the architecture. Another major version of gcc may produce other bytes, so
# the one of Debian 12 is required.
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
GCC = "gcc-12"

FLAGS = (
    "-std=c11",
    "-Os",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    # No libc, no loader, and no vector registers: pause.c relies on that.
    "-ffreestanding",
    "-nostdlib",
    "-static",
    "-fno-pie",
    "-no-pie",
    "-mgeneral-regs-only",
    # Only code: what a distribution's gcc adds by default differs between distributions.
    "-fno-stack-protector",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fno-ident",
    "-Wl,--strip-all",
    "-Wl,--build-id=none",
    "-Wl,-z,noexecstack",
    # One segment instead of a page for each kind of content: saves 4 KiB or 64 KiB of padding.
    "-Wl,-z,noseparate-code",
)


def main() -> None:
    """Build or check; exit with a message on standard error on failure."""
    parser = argparse.ArgumentParser(description="Build the pause program.")
    parser.add_argument("--check", action="store_true", help="compare only, change nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder))
        if arguments.check:
            check(built)
        else:
            install(built)


def build(folder: Path) -> list[Path]:
    """Build every binary and their SHA256SUMS in `folder`; return the files."""
    binaries = [compile_for(architecture, folder) for architecture in TRIPLETS]
    checksums = folder / CHECKSUMS
    checksums.write_text("".join(f"{sha256(binary)}  {binary.name}\n" for binary in binaries))
    return [*binaries, checksums]


def compile_for(architecture: str, folder: Path) -> Path:
    """Compile pause.c for one architecture."""
    triplet = TRIPLETS[architecture]
    compiler = f"{triplet}-{GCC}"
    if shutil.which(compiler) is None:
        sys.exit(f"{compiler} is missing; on Debian: apt-get install {package(triplet)}")
    binary = folder / f"pause-{architecture}"
    run = subprocess.run([compiler, *FLAGS, "-o", binary, PAUSE / "pause.c"], check=False)
    if run.returncode != 0:
        sys.exit(f"{compiler} failed; its messages are above")
    return binary


def package(triplet: str) -> str:
    """Return the Debian package of this machine's compiler for `triplet`."""
    native = triplet.startswith(platform.machine())
    return GCC if native else f"{GCC}-{triplet.replace('_', '-')}"


def install(built: list[Path]) -> None:
    """Copy the built files to their committed place."""
    for file in built:
        shutil.copy(file, PAUSE)
        print(f"{file.name}: {file.stat().st_size} bytes")


def check(built: list[Path]) -> None:
    """Exit with the names of the committed files that differ from the built ones."""
    _, differing, missing = filecmp.cmpfiles(
        PAUSE, built[0].parent, [file.name for file in built], shallow=False
    )
    if differing or missing:
        names = ", ".join(differing + missing)
        sys.exit(f"{names}: not built from this pause.c; run `make pause` and commit the result")
    print("the committed pause programs are up to date")


def sha256(file: Path) -> str:
    """Return the checksum as sha256sum prints it."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
