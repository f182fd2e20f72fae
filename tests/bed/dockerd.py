"""A private Docker daemon: everything it keeps is below one directory, nothing is the user's."""

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import docker

from tests.bed.engines import Engine
from tests.bed.program import Program, answers_http

# Recognised at a glance in the output of a failed test.
BRIDGE_ADDRESS = "10.213.0.1/24"
ADDRESS_POOL = "base=10.213.128.0/17,size=24"


class Dockerd:
    """A daemon, started and stopped by `with` or by hand; it may be stopped and started again.

    One that runs beside another of the same session needs `private_network`, its own network
    namespace: two in one delete each other's iptables chains. `config` is its daemon.json,
    besides what selects the engine's image store, to be set before a start.
    """

    def __init__(
        self,
        engine: Engine,
        directory: Path,
        *,
        live_restore: bool = False,
        private_network: bool = False,
        flags: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.engine = engine
        self.config: dict[str, Any] = {}
        self.directory = directory
        self.socket = directory / "docker.sock"
        prefix = _IN_OWN_NETWORK if private_network else ()
        own_flags = self._own_flags() + (["--live-restore"] if live_restore else [])
        self.program = Program(
            [*prefix, engine.dockerd, *own_flags, *flags],
            log=directory / "dockerd.log",
            env=_NO_PROXY
            | {"PATH": f"{engine.search_path}:{os.environ['PATH']}"}
            | dict(env or {}),
        )

    @property
    def url(self) -> str:
        """What DOCKER_HOST and --docker-endpoint take."""
        return f"unix://{self.socket}"

    @cached_property
    def api(self) -> Any:
        """The tests' own look at the engine: a docker.APIClient at the newest version it speaks."""
        return docker.APIClient(base_url=self.url, version="auto", timeout=60)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._write(self.config)
        self.program.start(ready=lambda: answers_http(self.socket, "/_ping"), timeout_s=60)

    def stop(self) -> None:
        """End it in order: it stops its containers first, unless it is to live-restore them."""
        self.program.stop(signal.SIGTERM)

    def restart(self, signal_number: int = signal.SIGTERM) -> None:
        """End it by a signal and start it again; with live-restore its containers go on running."""
        with self.down(signal_number):
            pass

    @contextmanager
    def down(self, signal_number: int = signal.SIGTERM) -> Iterator[None]:
        """Have it ended by a signal inside the block, and back after it, whatever happens there."""
        self.program.stop(signal_number)
        try:
            yield
        finally:
            self.start()

    def reload(self, config: Mapping[str, Any]) -> None:
        """Tell it to read this daemon.json, without a restart; it does so a moment later."""
        self._write(config)
        os.kill(self.program.pid, signal.SIGHUP)

    def leftovers(self) -> list[str]:
        """Name every container, network and volume that neither Docker nor the bed has made."""
        return [
            *(f"container {item['Names'][0]}" for item in self._containers()),
            *(f"network {item['Name']}" for item in self._networks()),
            *(f"volume {item['Name']}" for item in self._volumes()),
        ]

    def remove_leftovers(self) -> None:
        """Remove them all."""
        for item in self._containers():
            self.api.remove_container(item["Id"], force=True, v=True)
        for item in self._networks():
            self.api.remove_network(item["Id"])
        for item in self._volumes():
            self.api.remove_volume(item["Name"], force=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.is_running:
            # A live-restoring daemon would leave them, any other would wait for their grace period.
            self.remove_leftovers()
            self.stop()
        self.api.close()

    def _write(self, config: Mapping[str, Any]) -> None:
        content = self.engine.store_config | dict(config)
        (self.directory / "daemon.json").write_text(json.dumps(content))

    def _own_flags(self) -> list[str]:
        return [
            f"--host={self.url}",
            f"--config-file={self.directory}/daemon.json",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/dockerd.pid",
            f"--bip={BRIDGE_ADDRESS}",
            f"--default-address-pool={ADDRESS_POOL}",
            # Also on a machine with systemd: its manager knows nothing of our namespaces.
            "--exec-opt=native.cgroupdriver=cgroupfs",
        ]

    def _containers(self) -> list[dict[str, Any]]:
        items = self.api.containers(all=True)
        return [item for item in items if "com.docker.compose.project" not in item["Labels"]]

    def _networks(self) -> list[dict[str, Any]]:
        always = {"bridge", "host", "none"}
        return [item for item in self.api.networks() if item["Name"] not in always]

    def _volumes(self) -> list[dict[str, Any]]:
        return self.api.volumes()["Volumes"] or []


# The user's proxies cannot be reached from inside.
_NO_PROXY = {f"{kind}_proxy": "" for kind in ("http", "https", "no")} | {
    f"{kind}_PROXY": "" for kind in ("HTTP", "HTTPS", "NO")
}
_IN_OWN_NETWORK = (
    *("unshare", "--net", "--", "sh", "-c"),
    *('ip link set lo up && exec "$@"', "dockerd"),
)
