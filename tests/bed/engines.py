"""The Docker engines by version, each complete with its containerd, runc, registry and busybox.

The environment variable ENGINE selects one: `20.10`, `26.1`, `28.5` (the default) or `29`. Those
come from a Debian suite; of 29, which no suite has, dockerd is built from source, and the rest is
of Debian's newest. Engines are never installed (see `packages`), also not the machine's own.

The environment variable STORE selects where an engine keeps its images: `containerd`, the image
store that is 29's default, or `graph-driver`, Docker's own and the default of those before.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bed import moby, suites

# Engine to the Debian suite of its packages.
ENGINES = {"20.10": "bookworm", "26.1": "trixie", "28.5": "sid", "29": "sid"}
STORES = ("containerd", "graph-driver")

_DEFAULT = "28.5"
_BUILT = "29"  # from source
_ONLY_GRAPH_DRIVERS = "20.10"
_PACKAGES = ("docker.io", "containerd", "runc", "tini", "docker-registry", "busybox-static")


@dataclass(frozen=True, slots=True)
class Engine:
    """An unpacked engine.

    Attributes:
        name: what ENGINE calls it, such as `28.5`.
        version: its full version, such as `28.5.2`.
        dockerd: the daemon.
        root: where the packages of its suite are unpacked.
        store: what STORE says, empty for the engine's default.
    """

    name: str
    version: str
    dockerd: Path
    root: Path
    store: str

    @property
    def search_path(self) -> str:
        """What comes first on PATH for dockerd to find its proxy, containerd and runc."""
        return f"{self.dockerd.parent}:{self.root}/usr/sbin:{self.root}/usr/bin"

    @property
    def registry(self) -> Path:
        """The suite's docker-registry."""
        return self.root / "usr/bin/docker-registry"

    @property
    def busybox(self) -> Path:
        """The suite's statically linked busybox."""
        places = (self.root / "bin/busybox", self.root / "usr/bin/busybox")
        return next(place for place in places if place.exists())

    @property
    def store_config(self) -> dict[str, Any]:
        """What daemon.json says of the store: nothing of the engine's default."""
        if not self.store:
            return {}
        return {"features": {"containerd-snapshotter": self.store == "containerd"}}


def prepare() -> None:
    """Unpack or build the selected engine if it is not there yet.

    It takes the network, so it comes before a session. SystemExit when there is no such engine.
    """
    name, _ = _selection()
    suites.prepare(ENGINES[name], "engine", _PACKAGES)
    if name == _BUILT:
        moby.prepare()
    selected()


def selected() -> Engine:
    """Return the selected engine, which `prepare` has unpacked.

    SystemExit when its Debian suite has another version by now.
    """
    name, store = _selection()
    root = suites.directory(ENGINES[name], "engine")
    dockerd = moby.directory() / "dockerd" if name == _BUILT else root / "usr/sbin/dockerd"
    version = _version_of(dockerd)
    if not version.startswith(f"{name}."):
        raise SystemExit(
            f"ENGINE={name}: Debian {ENGINES[name]} has Docker {version} now, no longer {name}. "
            f"Choose another engine ({', '.join(ENGINES)}), or name {version} in {__file__}."
        )
    return Engine(name=name, version=version, dockerd=dockerd, root=root, store=store)


def _selection() -> tuple[str, str]:
    """Return what ENGINE and STORE say."""
    name = os.environ.get("ENGINE") or _DEFAULT
    if name not in ENGINES:
        raise SystemExit(f"ENGINE={name}: no such engine; choose from {', '.join(ENGINES)}.")
    store = os.environ.get("STORE") or ""
    if store and store not in STORES:
        raise SystemExit(f"STORE={store}: no such store; choose from {', '.join(STORES)}.")
    if store == "containerd" and name == _ONLY_GRAPH_DRIVERS:
        raise SystemExit(f"STORE={store}: Docker {name} has only graph drivers.")
    return name, store


def _version_of(dockerd: Path) -> str:
    answer = subprocess.run([dockerd, "--version"], check=True, capture_output=True, text=True)
    # "Docker version 28.5.2+dfsg4, build ..."
    return answer.stdout.removeprefix("Docker version ").split(",")[0].split("+")[0]
