"""The flags of the daemon: cri-dockerd's names and syntax, read into a `Config`.

COMPAT(cri-dockerd): a flag of theirs whose part is not built here yet is accepted and said in the
log, so that a unit file written for cri-dockerd starts this program (`config` has the exception).
"""

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydockershim import __version__
from pydockershim.cli.quantities import seconds, size_bytes
from pydockershim.config import LOG_DRIVERS, LOG_LEVELS, Config
from pydockershim.errors import InvalidArgument

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

_EPILOG = """\
examples:
  pydockershim
      serve on unix:///run/pydockershim.sock, pods on Docker's own bridge
  pydockershim --container-runtime-endpoint unix:///tmp/shim.sock --log-level debug
      a second instance beside the first needs --state-dir of its own, too
  crictl --runtime-endpoint unix:///run/pydockershim.sock pods
      ask it
"""

# Accepted and not used yet: the flag, and the part of the program that will read it.
_LATER = {
    "--cni-conf-dir": "CNI",
    "--cni-bin-dir": "CNI",
    "--cni-cache-dir": "CNI",
    "--pod-cidr": "CNI",
    "--ipv6-dual-stack": "CNI",
    "--hairpin-mode": "kubenet, which Kubernetes has dropped",
    "--network-plugin-mtu": "kubenet, which Kubernetes has dropped",
    "--runtime-request-timeout": "the engine's time limits, which are fixed per kind of call",
    "--runtime-cgroups": "the operator's daemon",
}


def parse(arguments: Sequence[str]) -> Config:
    """Return the settings; InvalidArgument names a flag that is wrong. `--help` exits."""
    options = _parser().parse_args(arguments)
    for flag, part in _LATER.items():
        if getattr(options, _attribute(flag)) is not None:
            logger.warning("%s is accepted but has no effect yet: it belongs to %s", flag, part)
    return Config(
        endpoint=options.container_runtime_endpoint,
        docker_endpoint=options.docker_endpoint,
        state_dir=options.state_dir,
        pause_image=options.pod_infra_container_image,
        network_plugin=options.network_plugin,
        pull_progress_s=_flag("--image-pull-progress-deadline", options, seconds),
        log_driver=options.log_driver,
        log_file_bytes=_flag("--log-file-size", options, size_bytes),
        streaming_address=options.streaming_bind_addr,
        streaming_certificate=_certificate(options),
        streaming_limits=dict(_limit(text) for text in options.streaming_limit),
        log_level=options.log_level,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pydockershim",
        description="Serve Kubernetes' Container Runtime Interface (CRI) with a Docker Engine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pydockershim {__version__}")
    _add_general(parser, Config())
    _add_logs(parser, Config())
    _add_streaming(parser)
    later = parser.add_argument_group("accepted for cri-dockerd's sake, without effect yet")
    for flag in _LATER:
        # COMPAT(cri-dockerd): its boolean flags stand alone or take =true and =false.
        later.add_argument(flag, nargs="?", const="true", metavar="VALUE", help=argparse.SUPPRESS)
    later.add_argument("--buildinfo", action="version", version=__version__, help=argparse.SUPPRESS)
    return parser


def _add_general(parser: argparse.ArgumentParser, default: Config) -> None:
    add = parser.add_argument
    add(
        "--container-runtime-endpoint",
        metavar="URL",
        default=default.endpoint,
        help="the unix socket to serve on (default %(default)s)",
    )
    add(
        "--docker-endpoint",
        metavar="URL",
        default=default.docker_endpoint,
        help="the unix socket of dockerd, on this host (default %(default)s)",
    )
    add(
        "--state-dir",
        "--cri-dockerd-root-directory",
        metavar="DIR",
        type=Path,
        default=default.state_dir,
        help="where the few things are kept that Docker cannot hold (default %(default)s)",
    )
    add(
        "--pod-infra-container-image",
        metavar="IMAGE",
        default=default.pause_image,
        help="the pause image; a built-in one stands in when it cannot be had (%(default)s)",
    )
    add(
        "--network-plugin",
        metavar="NAME",
        default=default.network_plugin,
        help="docker: pods on Docker's own bridge (default); cni is not built yet",
    )
    add(
        "--image-pull-progress-deadline",
        metavar="TIME",
        default="1m0s",
        help="give a pull up after so long without progress (default %(default)s)",
    )
    add("--log-level", choices=LOG_LEVELS, default=default.log_level, help="(default %(default)s)")


def _add_logs(parser: argparse.ArgumentParser, default: Config) -> None:
    add = parser.add_argument_group("container logs").add_argument
    add(
        "--log-driver",
        choices=LOG_DRIVERS,
        default=default.log_driver,
        help="where Docker keeps output until it is in the CRI log: its local driver (default), or "
        "the driver that the daemon is configured with",
    )
    add(
        "--log-file-size",
        metavar="SIZE",
        default="64m",
        help="the size of each of the two files of that spool (default %(default)s)",
    )


def _add_streaming(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("exec, attach and port-forward").add_argument
    add(
        "--streaming-bind-addr",
        metavar="IP[:PORT]",
        default="",
        help="where to serve them (default: a free port of 127.0.0.1)",
    )
    add("--streaming-tls-cert-file", metavar="FILE", type=Path, help="serve them by TLS, with this")
    add("--streaming-tls-key-file", metavar="FILE", type=Path, help="... and its private key")
    add(
        "--streaming-limit",
        metavar="NAME=NUMBER",
        action="append",
        default=[],
        help="change a bound; may be repeated. docs/streaming.md lists them",
    )


def _certificate(options: argparse.Namespace) -> tuple[Path, Path] | None:
    files = (options.streaming_tls_cert_file, options.streaming_tls_key_file)
    if files == (None, None):
        return None
    if None in files:
        raise InvalidArgument("--streaming-tls-cert-file and --streaming-tls-key-file: give both")
    return files


def _limit(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise InvalidArgument(
            f"--streaming-limit {text}: write it like streams=1000 or idle_s=3600"
        ) from None


def _attribute(flag: str) -> str:
    return flag.removeprefix("--").replace("-", "_")


def _flag(flag: str, options: argparse.Namespace, read: Callable[[str], Value]) -> Value:
    """Return what a flag's text means; InvalidArgument names the flag."""
    try:
        return read(getattr(options, _attribute(flag)))
    except InvalidArgument as error:
        raise InvalidArgument(f"{flag}: {error}") from None
