"""`Config`, the table of all settings.

COMPAT(cri-dockerd): its names and its syntax where it has the setting too, so that a unit file for
cri-dockerd needs nothing but a new program name, unless systemd passes the socket (`fd://`).
"""

from dataclasses import dataclass, fields
from pathlib import Path

from pydockershim.config.parsers import (
    absolute_path,
    bind_address,
    duration_s,
    network_plugin,
    not_empty,
    one_of,
    optional_path,
    positive,
    size_bytes,
    socket_path,
    unix_endpoint,
)
from pydockershim.config.setting import rows, setting
from pydockershim.config.streaming_limits import StreamingLimits, streaming_limits
from pydockershim.errors import InvalidArgument

# COMPAT(cri-dockerd): those of logrus.
LOG_LEVELS = ("trace", "debug", "info", "warn", "warning", "error", "fatal", "panic")
LOG_DRIVERS = ("local", "inherit")

_LOGS = "container logs"
_STREAMING = "exec, attach and port-forward"
_LIMITS = ", ".join(each.name for each in fields(StreamingLimits))

_PULL_PROGRESS = "1m0s"
_LOG_FILE_SIZE = "64m"


@dataclass(frozen=True, kw_only=True)
class Config:
    """One daemon's settings; InvalidArgument at construction names the one that is wrong."""

    endpoint: str = setting(
        "--container-runtime-endpoint",
        parse=str,
        check=unix_endpoint,
        default="unix:///run/pydockershim.sock",
        metavar="URL",
        help="unix socket to serve the CRI on",
    )
    docker_endpoint: str = setting(
        "--docker-endpoint",
        parse=str,
        check=unix_endpoint,
        default="unix:///var/run/docker.sock",
        metavar="URL",
        help="unix socket of dockerd, which must run on this host",
    )
    state_dir: Path = setting(
        "--state-dir",
        "--cri-dockerd-root-directory",
        parse=Path,
        check=absolute_path,
        default="/var/lib/pydockershim",
        metavar="DIR",
        help="directory for state that Docker cannot store",
    )
    pause_image: str = setting(
        "--pod-infra-container-image",
        parse=str,
        check=not_empty,
        default="registry.k8s.io/pause:3.10",
        metavar="IMAGE",
        help="image of the pause containers; if it cannot be pulled, a built-in one is used",
    )
    network_plugin: str = setting(
        "--network-plugin",
        parse=str,
        check=network_plugin,
        default="docker",
        metavar="NAME",
        help="pod network: docker (Docker's bridge); no-op is an alias; cni is not implemented yet",
    )
    pull_progress_s: float = setting(
        "--image-pull-progress-deadline",
        parse=duration_s,
        check=positive(_PULL_PROGRESS),
        default=_PULL_PROGRESS,
        metavar="TIME",
        help="cancel an image pull that makes no progress for this long",
    )
    log_level: str = setting(
        "--log-level",
        parse=str,
        check=one_of(LOG_LEVELS),
        default="info",
        metavar=f"{{{','.join(LOG_LEVELS)}}}",
        help="log messages of this level and above",
    )
    log_driver: str = setting(
        "--log-driver",
        parse=str,
        check=one_of(LOG_DRIVERS),
        default="local",
        metavar=f"{{{','.join(LOG_DRIVERS)}}}",
        help="Docker log driver that keeps container output until it is in the CRI log: local, or "
        "inherit for the driver that the Docker daemon is configured with",
        group=_LOGS,
    )
    log_file_bytes: int = setting(
        "--log-file-size",
        parse=size_bytes,
        check=positive(_LOG_FILE_SIZE),
        default=_LOG_FILE_SIZE,
        metavar="SIZE",
        help="with the local driver, size of each of the two files per container",
        group=_LOGS,
    )
    streaming_address: tuple[str, int] = setting(
        "--streaming-bind-addr",
        parse=bind_address,
        metavar="IP[:PORT]",
        help="listen address for exec, attach and port-forward (default: a free port of 127.0.0.1)",
        group=_STREAMING,
    )
    streaming_cert_file: Path | None = setting(
        "--streaming-tls-cert-file",
        parse=optional_path,
        metavar="FILE",
        help="TLS certificate for exec, attach and port-forward",
        group=_STREAMING,
    )
    streaming_key_file: Path | None = setting(
        "--streaming-tls-key-file",
        parse=optional_path,
        metavar="FILE",
        help="private key of that certificate",
        group=_STREAMING,
    )
    streaming_limits: StreamingLimits = setting(
        "--streaming-limit",
        parse=streaming_limits,
        metavar="NAME=NUMBER",
        help=f"change a limit, such as idle_s=3600; may be repeated. Limits: {_LIMITS}",
        group=_STREAMING,
        repeated=True,
    )

    def __post_init__(self) -> None:
        """Check what can be checked without looking at the host."""
        for name, row in rows(self):
            row.validate(getattr(self, name))
        if (self.streaming_cert_file is None) != (self.streaming_key_file is None):
            pair = flag("streaming_cert_file"), flag("streaming_key_file")
            raise InvalidArgument(f"{' and '.join(pair)}: set both or neither")

    @property
    def socket(self) -> Path:
        """The socket that the daemon serves on."""
        return socket_path(self.endpoint)

    @property
    def docker_socket(self) -> Path:
        """The socket of dockerd."""
        return socket_path(self.docker_endpoint)

    @property
    def streaming_certificate(self) -> tuple[Path, Path] | None:
        """The files of the streaming server's certificate and key; None: serve without TLS."""
        if self.streaming_cert_file is None or self.streaming_key_file is None:
            return None
        return self.streaming_cert_file, self.streaming_key_file


def flag(name: str) -> str:
    """Return the flag of a setting, for sentences that advise to change it."""
    return dict(rows(Config))[name].flags[0]
