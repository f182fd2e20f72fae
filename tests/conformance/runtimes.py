"""What the suites talk to: the shim before a private Docker engine, or containerd as its peer.

The peer shows what this machine rules out: a spec that fails with both is hardly the shim's fault.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bed import engines, namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.program import Program, accepts
from tests.bed.shim import Shim
from tests.conformance import cni, registry

# What containerd runs as a pod's pause container.
PAUSE = "registry.k8s.io/pause:3.10.2"

_CONTAINERD_CONFIG = """\
version = 2
root = "{directory}/root"
state = "{directory}/state"
[grpc]
  address = "{directory}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_plugins}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{directory}/registries"
"""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A CRI endpoint that serves, and the logs of the programs behind it."""

    endpoint: str
    logs: tuple[Path, ...]


@contextmanager
def shim(engine: engines.Engine, *, network: str, proxy: str) -> Iterator[Runtime]:
    """Run the shim, in a network mode, before a Docker engine that pulls through the proxy."""
    directory = namespaces.PRIVATE
    insecure = [f"--insecure-registry={host}" for host in registry.HOSTS]
    dockerd = Dockerd(engine, directory / "docker", flags=insecure, env=_proxied(proxy))
    flags = [f"--network-plugin={network}"]
    if network == "cni":
        flags.append(f"--cni-bin-dir={cni.PLUGINS}")
    with dockerd, Shim(dockerd, directory / "shim", flags=flags) as running:
        yield Runtime(running.url, (running.program.log, dockerd.program.log))


@contextmanager
def containerd(
    engine: engines.Engine, *, proxy: str = "", directory: Path = namespaces.PRIVATE / "containerd"
) -> Iterator[Runtime]:
    """Run the engine's own containerd, with its CRI plugin; without a proxy it cannot pull."""
    for host in registry.HOSTS:
        hosts = directory / "registries" / host / "hosts.toml"
        hosts.parent.mkdir(parents=True)
        hosts.write_text(f'server = "http://{host}"\n')
    config = directory / "config.toml"
    config.write_text(
        _CONTAINERD_CONFIG.format(directory=directory, pause=PAUSE, cni_plugins=cni.PLUGINS)
    )
    program = Program(
        [engine.root / "usr/bin/containerd", f"--config={config}"],
        log=directory / "containerd.log",
        env=_proxied(proxy) | {"PATH": f"{engine.search_path}:{os.environ['PATH']}"},
    )
    address = str(directory / "containerd.sock")
    program.start(ready=lambda: accepts(socket.AF_UNIX, address), timeout_s=30)
    try:
        yield Runtime(f"unix://{address}", (program.log,))
    finally:
        program.stop()


def _proxied(proxy: str) -> dict[str, str]:
    return {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy}
