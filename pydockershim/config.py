"""What an operator can set, validated when it is built.

The names and the syntax are cri-dockerd's flags where the thing exists there, so that a unit file
needs a new program name and nothing else, but for a socket that systemd hands over (`fd://`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydockershim.errors import InvalidArgument

# Those of cri-dockerd.
LOG_LEVELS = ("trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")
NETWORK_PLUGINS = {"docker": "docker", "no-op": "docker", "": "docker"}

LOG_DRIVERS = ("local", "inherit")

_UNIX = "unix://"
_SOCKET_PATH_BYTES = 107  # sun_path of Linux, less its final NUL


@dataclass(frozen=True, kw_only=True)
class Config:
    """One daemon's settings; InvalidArgument at construction names the flag that is wrong.

    `pull_progress_s`: a pull that makes no progress for so long is given up.
    `log_driver` keeps container output until it is in the CRI log: `local`, in two files of
    `log_file_bytes` each, or `inherit`, the Docker daemon's own driver.
    `streaming_address`: where exec, attach and port-forward are served, `ip` or `ip:port`; empty:
    a free port of 127.0.0.1. `streaming_certificate`: the files of a certificate and its key.
    """

    endpoint: str = "unix:///run/pydockershim.sock"
    docker_endpoint: str = "unix:///var/run/docker.sock"
    state_dir: Path = Path("/var/lib/pydockershim")
    pause_image: str = "registry.k8s.io/pause:3.10"
    network_plugin: str = "docker"
    pull_progress_s: float = 60.0
    log_driver: str = "local"
    log_file_bytes: int = 64 * 1024 * 1024
    streaming_address: str = ""
    streaming_certificate: tuple[Path, Path] | None = None
    streaming_limits: Mapping[str, float] = field(default_factory=dict)
    log_level: str = "info"

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the host."""
        _check_endpoint(self.endpoint)
        _check_network(self.network_plugin)
        _check_choice("--log-level", self.log_level, LOG_LEVELS)
        _check_choice("--log-driver", self.log_driver, LOG_DRIVERS)
        if self.log_file_bytes <= 0:
            raise InvalidArgument("--log-file-size: use a size above 0, such as 64m")
        if self.pull_progress_s <= 0:
            raise InvalidArgument(
                "--image-pull-progress-deadline: use a time above 0, such as 1m0s"
            )
        if not self.pause_image:
            raise InvalidArgument("--pod-infra-container-image: name an image")
        if not self.state_dir.is_absolute():
            raise InvalidArgument(f"--state-dir {self.state_dir}: use an absolute path")

    @property
    def socket(self) -> Path:
        """The path of the socket that the daemon serves on."""
        return Path(self.endpoint.removeprefix(_UNIX))


def _check_endpoint(endpoint: str) -> None:
    path = endpoint.removeprefix(_UNIX)
    if not path.startswith("/") or len(path.encode()) > _SOCKET_PATH_BYTES:
        raise InvalidArgument(
            f"--container-runtime-endpoint {endpoint}: use a unix socket such as "
            f"unix:///run/pydockershim.sock, at most {_SOCKET_PATH_BYTES} bytes long; one that "
            "systemd hands over (fd://) cannot be used"
        )


def _check_network(plugin: str) -> None:
    if plugin == "cni":
        raise InvalidArgument(
            "--network-plugin cni: pod networks by CNI are not built yet; use "
            "--network-plugin docker, which needs nothing but Docker's own bridge"
        )
    if plugin not in NETWORK_PLUGINS:
        raise InvalidArgument(f"--network-plugin {plugin}: use docker")


def _check_choice(flag: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidArgument(f"{flag} {value}: use one of {', '.join(allowed)}")
