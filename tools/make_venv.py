#!/usr/bin/env python3
"""Make .venv from the locked requirements, with this checkout installed in it.

    make_venv.py         what the program and the demo need: .venv/bin/pydockershim
    make_venv.py --dev   also what a contributor needs

An existing environment is updated in place, also while it is in use.

Needs only Python. Debian ships a part of Python's venv module as a separate package; as root, it is
installed if it is missing, with a message first.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
VENV = REPOSITORY / ".venv"
MINIMUM = (3, 11)


def main() -> None:
    """Make or extend the environment; exit with a message if that is impossible."""
    parser = argparse.ArgumentParser(description="Make .venv from the locked requirements.")
    parser.add_argument("--dev", action="store_true", help="also install what a contributor needs")
    dev = parser.parse_args().dev
    if sys.version_info < MINIMUM:
        sys.exit(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed")
    print(f"setting up .venv{' for development' if dev else ''}", flush=True)
    if dev:
        install("--require-hashes", "--requirement", "requirements-dev.txt")
    else:
        provide_venv_module()
        # With symlinks, like `python -m venv`: copying over an environment with symlinks fails.
        venv.create(VENV, with_pip=True, symlinks=True)
        install("--require-hashes", "--requirement", "requirements.txt")
        # Without isolation: the build tool is locked too.
        install("--no-deps", "--no-build-isolation", "--editable", ".")


def install(*arguments: str) -> None:
    """Install packages into the environment."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def provide_venv_module() -> None:
    """Install Debian's package with the pip of the venv module, if it is missing."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"Python's venv module is incomplete: install {package}, then try again")
    print(f"Python's venv module is incomplete: installing {package} with apt-get", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        subprocess.run(
            ["apt-get", "-qq", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    importlib.invalidate_caches()


if __name__ == "__main__":
    main()
