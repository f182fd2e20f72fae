"""Local registries on the session's loopback, where Docker is content with plain HTTP.

Debian's docker-registry runs in the engine itself, from an image made of its binary, started by
pytest-docker with Debian's compose (`registry.compose.yml`).
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bed import images, suites
from tests.bed.dockerd import Dockerd
from tests.bed.images import Image
from tests.bed.program import BedError

COMPOSE_FILE = Path(__file__).with_name("registry.compose.yml")

# The first suite whose compose waits until services run; it drives older and newer engines alike.
_COMPOSE_SUITE = "trixie"
_CONFIG = """\
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: /data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_AUTHENTICATION = "auth: {htpasswd: {realm: bed, path: /htpasswd}}\n"
_CREDENTIALS = {"username": "tester", "password": "s3cret"}
# The same for the registry: bcrypt, at its lowest cost.
_HTPASSWD = "tester:$2b$04$p.NenwFSj1VT6u82.PySNObTBFofqmV7l6mubaMoxM6bq9Z.1UB2K\n"


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry: its address and, where it wants any, the credentials."""

    address: str
    credentials: Mapping[str, str] = field(default_factory=dict)

    def push(self, dockerd: Dockerd, image: Image) -> str:
        """Put an image of the engine into the registry; return its reference there.

        The engine does not keep the new tag, so that pulling it is work.
        """
        name, _, tag = image.name.rpartition("/")[2].partition(":")
        repository = f"{self.address}/{name}"
        dockerd.api.tag(image.name, repository, tag)
        # Credentials that are empty still keep the SDK from reading the user's own config.json.
        records = dockerd.api.push(
            repository,
            tag,
            stream=True,
            decode=True,
            auth_config=self.credentials or dict.fromkeys(_CREDENTIALS, ""),
        )
        failures = [record["error"] for record in records if "error" in record]
        dockerd.api.remove_image(f"{repository}:{tag}", noprune=True)
        if failures:
            raise BedError(f"pushing {repository}:{tag} failed: {failures[0]}")
        return f"{repository}:{tag}"


# Where `registry.compose.yml` puts them.
OPEN = Registry("127.0.0.1:5000")
PRIVATE = Registry("127.0.0.1:5001", _CREDENTIALS)


def prepare_compose() -> None:
    """Unpack compose if it is not there yet: from the network, so before a session."""
    suites.prepare(_COMPOSE_SUITE, "compose", ["docker-compose"])


def compose() -> Path:
    """Return the compose program, which `prepare_compose` has unpacked."""
    root = suites.directory(_COMPOSE_SUITE, "compose")
    return root / "usr/libexec/docker/cli-plugins/docker-compose"


def load_image(dockerd: Dockerd) -> None:
    """Load the image that `registry.compose.yml` names."""
    program = dockerd.engine.registry
    image = Image(
        f"{images.REPOSITORY}/registry:1",
        {"Entrypoint": [str(program)]},
        files={
            **{str(path): path.read_bytes() for path in (program, *_libraries(program))},
            "/open.yml": _CONFIG.format(port=5000).encode(),
            "/private.yml": (_CONFIG.format(port=5001) + _AUTHENTICATION).encode(),
            "/htpasswd": _HTPASSWD.encode(),
        },
        base=False,
    )
    images.load(dockerd, [image])


def _libraries(program: Path) -> tuple[Path, Path]:
    """Return the loader and the C library, all that the program is linked against."""
    question = ["patchelf", "--print-interpreter", str(program)]
    answer = subprocess.run(question, check=True, capture_output=True, text=True).stdout
    loader = Path(answer.strip())
    return loader, loader.with_name("libc.so.6")
