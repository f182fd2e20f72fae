#!/usr/bin/env python3
"""Lock the requirements: every package with its version and hashes, for all platforms.

    lock.py              update requirements.txt and requirements-dev.txt from pyproject.toml
    lock.py --upgrade    the same, with the newest versions that it allows

The build tool is locked with them, so that an installation needs no isolated build.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
# The demo reads a manifest.
_SETUP = ("--extra", "manifests")
LOCKS = {"requirements.txt": _SETUP, "requirements-dev.txt": (*_SETUP, "--extra", "dev")}


def main() -> None:
    """Lock both files."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    build_tools = "\n".join(project["build-system"]["requires"])
    for name, selection in LOCKS.items():
        command = [
            *(str(Path(sys.executable).with_name("uv")), "pip", "compile", "pyproject.toml", "-"),
            *("--universal", "--python-version", "3.11", "--generate-hashes"),
            *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command"),
            *("make lock", "--quiet", "--output-file", name, *selection, *sys.argv[1:]),
        ]
        subprocess.run(command, cwd=REPOSITORY, input=build_tools, text=True, check=True)


if __name__ == "__main__":
    main()
