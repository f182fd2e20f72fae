"""The log driver that keeps a container's output until it is in the CRI log.

- `local` (the default): Docker's `local` driver, the only one that keeps every byte, with files of
  a bounded size, uncompressed. They are a spool, large enough for bursts and for a restart of
  pydockershim.
- `inherit`: the daemon's own driver and options, where `docker logs` needs their format.
- A driver that cannot be read is refused, because there would be no CRI log: `none`, and drivers
  that cannot read when Docker's local copy (`cache-disabled`) is off.
- Without a log path there is no CRI log, and nothing is kept.
- The pod's log directory is the sandbox's own; COMPAT(cri-dockerd): its sandboxes do not store it,
  so the one sent with CreateContainer is used.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from pydockershim.dockerapi import Json
from pydockershim.translate.checks import absolute_path, invalid, no_traversal

LOCAL, INHERIT = "local", "inherit"
SPOOL_FILE_BYTES = 64 * 1024 * 1024

_SPOOL_FILES = "2"
_NONE: Json = {"Type": "none"}
_READABLE = frozenset({"local", "json-file", "journald"})  # whatever the copy's setting
_NO_COPY = "cache-disabled"

_SIZE = re.compile(r"(\d+) ?([kmgtp]?)(?:i?b)?", re.IGNORECASE)
_POWERS = ("", "k", "m", "g", "t", "p")


class SpoolSize(NamedTuple):
    """How large one file of the `local` driver gets, and how many of them Docker keeps."""

    file_bytes: int
    files: int


def docker_log_config(
    log_driver: str, *, has_log_path: bool, file_bytes: int = SPOOL_FILE_BYTES
) -> Json:
    """Return `HostConfig.LogConfig` for `--log-driver` and the size of a spool file.

    With `inherit` it is empty, so that Docker uses its default.
    """
    if not has_log_path:
        return _NONE
    if log_driver == INHERIT:
        return {}
    config = {"max-size": str(file_bytes), "max-file": _SPOOL_FILES, "compress": "false"}
    return {"Type": LOCAL, "Config": config}


def is_readable(log_config: Json) -> bool:
    """Say whether Docker can read the logs of a container with this LogConfig."""
    driver, options = log_config["Type"], log_config.get("Config") or {}
    if driver in _READABLE:
        return True
    return driver != "none" and not _is_true(options.get(_NO_COPY, ""))


def log_directory(path: str) -> str:
    """Return a pod's log directory as it was sent; InvalidArgument if relative or with `..`."""
    return no_traversal("log_directory", absolute_path("log_directory", path)) if path else ""


def log_path(directory: str, path: str) -> str:
    """Return a log's absolute path, empty without a log."""
    if path.startswith("/"):
        raise invalid("log_path", f"{path!r} is absolute; use a path relative to log_directory")
    below = no_traversal("log_path", path) if path else ""
    return f"{directory.rstrip('/')}/{below}" if directory and below else ""


def spool_size(driver: str, options: Mapping[str, str]) -> SpoolSize | None:
    """Return the size of a container's spool if it has our LogConfig, else None.

    Docker's `64m` means 64,000,000 bytes here, not 64 MiB as it does for memory.
    """
    size = _SIZE.fullmatch(options.get("max-size", ""))
    files = options.get("max-file", "")
    if driver != LOCAL or options.get("compress") != "false" or not size or not files.isdecimal():
        return None
    power = _POWERS.index(size[2].lower())
    return SpoolSize(int(size[1]) * 1000**power, int(files))


def _is_true(option: str) -> bool:
    return option.lower() in {"1", "t", "true"}
