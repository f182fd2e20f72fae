"""Parsers and checks of settings. A ValueError says what is wrong, and never with which setting.

Durations are written like Go's, sizes like Docker's, addresses like cri-dockerd's.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from pathlib import Path

NETWORK_PLUGINS = ("docker", "no-op", "")

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TERM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|ns|h|m|s)")

_UNITS_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+)([kmg]?)", re.IGNORECASE)

_UNIX = "unix://"
_SOCKET_PATH_BYTES = 107  # sun_path of Linux, less its final NUL
_PORTS = range(65536)


def duration_s(text: str) -> float:
    """Return the seconds of a Go duration such as `1m30s`."""
    if text == "0":
        return 0.0
    if not text or _TERM.sub("", text):
        raise ValueError("write a duration like 1m0s or 90s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _TERM.findall(text))


def size_bytes(text: str) -> int:
    """Return the bytes of `512k`, `64m`, `1g`."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError("write a size like 512k, 64m or 1g")
    return int(match[1]) * _UNITS_BYTES[match[2].lower()]


def bind_address(text: str) -> tuple[str, int]:
    """Return host and port; port 0: the kernel chooses.

    COMPAT(cri-dockerd): takes `ip`, `ip:port`, `[ip6]:port` or `:port`. Unlike there, an empty text
    is a free port of 127.0.0.1, not of all interfaces.
    """
    if not text:
        return "127.0.0.1", 0
    try:
        return str(ipaddress.ip_address(text.strip("[]"))), 0
    except ValueError:
        host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.strip("[]") or "0.0.0.0")  # noqa: S104 -- asked for
    except ValueError:
        address = None
    if address is None or not port.isdecimal() or int(port) not in _PORTS:
        raise ValueError(
            "use an IP address of this host with or without a port, such as 127.0.0.1:10010"
        )
    return str(address), int(port)


def optional_path(text: str) -> Path | None:
    """Return a path, None for an empty text."""
    return Path(text) if text else None


def socket_path(endpoint: str) -> Path:
    """Return the path of `unix:///path` or `/path`."""
    return Path(endpoint.removeprefix(_UNIX))


def unix_endpoint(endpoint: str) -> None:
    """Accept `unix:///path` and `/path` of a length that Linux takes."""
    path = endpoint.removeprefix(_UNIX)
    if endpoint.startswith("fd://"):
        problem = "a socket passed by systemd is not supported; use"
    elif not path.startswith("/"):
        problem = "not a unix socket of this host; use"
    elif len(path.encode()) > _SOCKET_PATH_BYTES:
        problem = f"the path is too long: use at most {_SOCKET_PATH_BYTES} bytes,"
    else:
        return
    raise ValueError(f"{problem} an endpoint such as unix:///run/name.sock")


def absolute_path(path: Path) -> None:
    """Accept an absolute path."""
    if not path.is_absolute():
        raise ValueError("use an absolute path")


def not_empty(text: str) -> None:
    """Accept any text but an empty one."""
    if not text:
        raise ValueError("must not be empty")


def positive(example: str) -> Callable[[float], None]:
    """Return a check that accepts numbers above 0; the error suggests `example`."""

    def check(value: float) -> None:
        if value <= 0:
            raise ValueError(f"must be above 0, such as {example}")

    return check


def one_of(allowed: Sequence[str]) -> Callable[[str], None]:
    """Return a check that accepts these words only."""

    def check(value: str) -> None:
        if value not in allowed:
            raise ValueError(f"use one of {', '.join(allowed)}")

    return check


def network_plugin(name: str) -> None:
    """Accept the names of Docker's own bridge."""
    if name == "cni":
        raise ValueError(
            "CNI is not implemented yet; use docker, which needs only Docker's own bridge"
        )
    if name not in NETWORK_PLUGINS:
        raise ValueError("use docker")
