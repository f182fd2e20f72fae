"""A local registry on the session's loopback, which Docker speaks plain HTTP with."""

import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.images import Image
from tests.bed.program import BedError, Program, accepts

USERNAME = "tester"
PASSWORD = "s3cret"  # noqa: S105 - opens nothing but the registry below
# htpasswd, bcrypt at its lowest cost.
_HTPASSWD = "tester:$2b$04$p.NenwFSj1VT6u82.PySNObTBFofqmV7l6mubaMoxM6bq9Z.1UB2K\n"

_CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {directory}/data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_AUTHENTICATION = "auth: {{htpasswd: {{realm: bed, path: {directory}/htpasswd}}}}\n"


class Registry:
    """A registry for anybody or, `private`, only for `USERNAME` with `PASSWORD`."""

    def __init__(
        self, engine: Engine, directory: Path, *, port: int, private: bool = False
    ) -> None:
        directory.mkdir(parents=True)
        (directory / "htpasswd").write_text(_HTPASSWD)
        config = (_CONFIG + (_AUTHENTICATION if private else "")).format(
            directory=directory, port=port
        )
        (directory / "config.yml").write_text(config)
        self.address = f"127.0.0.1:{port}"
        self.credentials = {"username": USERNAME, "password": PASSWORD} if private else {}
        self.program = Program(
            [engine.registry, "serve", directory / "config.yml"], log=directory / "registry.log"
        )
        self._port = port

    def push(self, dockerd: Dockerd, image: Image) -> str:
        """Put an image of the engine into the registry; return its reference there.

        The engine does not keep the new tag, so that pulling it is work.
        """
        name, _, tag = image.name.partition("/")[2].partition(":")
        repository = f"{self.address}/{name}"
        dockerd.api.tag(image.name, repository, tag)
        records = dockerd.api.push(
            repository, tag, stream=True, decode=True, auth_config=self._auth_config()
        )
        failures = [record["error"] for record in records if "error" in record]
        dockerd.api.remove_image(f"{repository}:{tag}", noprune=True)
        if failures:
            raise BedError(f"pushing {repository}:{tag} failed: {failures[0]}")
        return f"{repository}:{tag}"

    def __enter__(self) -> Self:
        self.program.start(
            ready=lambda: accepts(socket.AF_INET, ("127.0.0.1", self._port)), timeout_s=20
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.program.is_running:
            self.program.stop()

    def _auth_config(self) -> Mapping[str, str]:
        # An empty one still keeps the client from looking into the user's own config.json.
        return self.credentials or {"username": "", "password": ""}
