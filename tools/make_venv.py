#!/usr/bin/env python3
"""Make .venv from the locked requirements, with this checkout installed in it.

    make_venv.py         with what the program needs: .venv/bin/pydockershim
    make_venv.py --dev   add what a contributor needs

An environment that is there is brought up to date in place, under whoever is using it.

Needs Python alone, no package. Debian keeps a part of Python's own venv module in a package of its
own; as root it is installed where it is missing, said aloud before it is done.
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
    """Make or extend the environment; exit with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser(description="Make .venv from the locked requirements.")
    parser.add_argument("--dev", action="store_true", help="add what a contributor needs")
    dev = parser.parse_args().dev
    if sys.version_info < MINIMUM:
        sys.exit(f"Python {sys.version.split()[0]} is too old: 3.11 or newer is needed")
    print(f"setting up .venv{' for development' if dev else ''}", flush=True)
    if dev:
        install("--require-hashes", "--requirement", "requirements-dev.txt")
    else:
        provide_venv_module()
        # By links, as `python -m venv` does: a copy over an environment by links fails.
        venv.create(VENV, with_pip=True, symlinks=True)
        install("--require-hashes", "--requirement", "requirements.txt")
        # Without isolation: the build tool is locked like everything else.
        install("--no-deps", "--no-build-isolation", "--editable", ".")


def install(*arguments: str) -> None:
    """Install packages into the environment."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, cwd=REPOSITORY, check=True)


def provide_venv_module() -> None:
    """Install the package that Debian keeps the venv module's pip in, where it is missing."""
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
