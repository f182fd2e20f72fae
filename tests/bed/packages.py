"""Debian packages: a few small tools are installed, everything else is unpacked into our cache.

Nothing that comes with a service is ever installed: on a machine with systemd it would start at
once. Unpacking also lets packages of another Debian suite live beside the machine's own.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bed.cache import CACHE, locked
from tests.bed.say import say

# Program to package: all that the bed runs from the machine itself.
TOOLS = {"ip": "iproute2", "iptables": "iptables", "openssl": "openssl", "patchelf": "patchelf"}

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def install_tools(tools: Mapping[str, str] = TOOLS) -> None:
    """Install the packages of those programs that are missing, if any; says so first."""
    with locked(CACHE / "apt"):  # apt-get does not wait for another one
        missing = sorted(package for tool, package in tools.items() if not shutil.which(tool))
        if missing:
            say(f"installing with apt-get: {' '.join(missing)}")
            _install(missing)


def _install(names: Iterable[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *names]
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(install, check=True, env=environment, stdout=subprocess.DEVNULL)


def unpack(
    names: Iterable[str], *, suite: str, into: Path, with_dependencies: bool = False
) -> None:
    """Unpack the newest packages of these names in a Debian suite below the directory `into`.

    No maintainer script runs, and the machine's own apt lists stay as they are. The dependencies
    are those that a machine with no package at all would lack.
    """
    with tempfile.TemporaryDirectory(prefix="pydockershim-apt-") as directory:
        scratch = Path(directory)
        source = f"deb [signed-by={_KEYRING}] {_mirror()} {suite} main\n"
        (scratch / "sources.list").write_text(source)
        apt_get = ["apt-get", "-qq", *_apt_options(scratch)]
        subprocess.run([*apt_get, "update"], check=True)
        fetch = _FETCH_WITH_DEPENDENCIES if with_dependencies else ("download",)
        subprocess.run([*apt_get, *fetch, *names], check=True, cwd=scratch)
        for package in scratch.rglob("*.deb"):
            subprocess.run(["dpkg", "-x", package, into], check=True)


_FETCH_WITH_DEPENDENCIES = ("install", "--yes", "--download-only", "--no-install-recommends")


def _apt_options(scratch: Path) -> list[str]:
    (scratch / "status").touch()
    (scratch / "lists/partial").mkdir(parents=True)
    (scratch / "cache/archives/partial").mkdir(parents=True)
    settings = {
        "Dir::Etc::SourceList": scratch / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": scratch / "lists",
        "Dir::State::Status": scratch / "status",
        "Dir::Cache": scratch / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        # A mirror may lag behind its archive; the signatures count all the same.
        "Acquire::Check-Valid-Until": "false",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _mirror() -> str:
    """Return the Debian mirror that the machine's own apt uses, whatever its sources' format."""
    output = subprocess.run(
        [
            *("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)"),
            *("Created-By: Packages", "Component: main", f"Release: {_codename()}"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # The origin is only known once the lists have been fetched; until then any will do.
    targets = sorted(output.splitlines(), key=lambda line: not line.startswith("Debian "))
    if not targets:
        raise RuntimeError(f"apt has no source for {_codename()} main; the test bed needs Debian.")
    return targets[0].split()[-1]


def _codename() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    release = dict(line.split("=", 1) for line in lines if "=" in line)
    return release.get("VERSION_CODENAME", "sid").strip('"')
