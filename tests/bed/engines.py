"""The Docker engines, each as its Debian suite ships it, complete with its registry and busybox.

The environment variable ENGINE selects one by its suite: `bookworm` (20.10), `trixie` (26.1) or
`sid` (28.5, the default). Engines are never installed (see `packages`), also not the machine's own.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bed import suites

# Suite to the version that it shipped when this was written (sid moves on).
SUITES = {"bookworm": "20.10", "trixie": "26.1", "sid": "28.5"}

_DEFAULT_SUITE = "sid"
_PACKAGES = ("docker.io", "containerd", "runc", "tini", "docker-registry", "busybox-static")


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
        places = (self.root / "bin/busybox", self.root / "usr/bin/busybox")
        return next(place for place in places if place.exists())


def prepare() -> None:
    """Unpack the selected engine if it is not there yet: from the network, so before a session."""
    suites.prepare(_selected_suite(), "engine", _PACKAGES)


def selected() -> Engine:
    """Return the selected engine, which `prepare` has unpacked."""
    suite = _selected_suite()
    root = suites.directory(suite, "engine")
    output = subprocess.run(
        [root / "usr/sbin/dockerd", "--version"], check=True, capture_output=True, text=True
    ).stdout
    # "Docker version 28.5.2+dfsg4, build ..."
    version = output.removeprefix("Docker version ").split(",")[0].split("+")[0]
    return Engine(suite=suite, version=version, root=root)


def _selected_suite() -> str:
    suite = os.environ.get("ENGINE") or _DEFAULT_SUITE
    if suite not in SUITES:
        raise SystemExit(f"ENGINE={suite}: no such engine; choose from {', '.join(SUITES)}.")
    return suite
