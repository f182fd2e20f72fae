"""Where Docker keeps a container's output until it is in the CRI log.

- `local` (the default): Docker's `local` driver, the only one that keeps every byte, with files of
  a bounded size, uncompressed. They are a spool: enough for a burst and for a restart of ours.
- `inherit`: the daemon's own driver and options, for whoever needs `docker logs` in their format.
- A driver that cannot be read back is refused: with `none`, or with the copy that Docker keeps for
  the drivers of others turned off, there would be no CRI log.
- Without a log path there is no CRI log and nothing to keep.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from pydockershim.dockerapi import Json
from pydockershim.errors import FailedPrecondition

LOCAL, INHERIT = "local", "inherit"
DRIVERS = (LOCAL, INHERIT)
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

    With `inherit` it is empty, which Docker takes for its default.
    """
    if not has_log_path:
        return _NONE
    if log_driver == INHERIT:
        return {}
    config = {"max-size": str(file_bytes), "max-file": _SPOOL_FILES, "compress": "false"}
    return {"Type": LOCAL, "Config": config}


def require_readable(log_config: Json) -> None:
    """Raise FailedPrecondition when Docker cannot read back what this LogConfig keeps.

    Before a create, `{"Type": <the daemon's driver>}` tells what can be told; the LogConfig of the
    created container's inspect has the daemon's options too.
    """
    driver, options = log_config["Type"], log_config.get("Config") or {}
    if driver == "none" or (driver not in _READABLE and _is_true(options.get(_NO_COPY, ""))):
        raise FailedPrecondition(
            f"Docker cannot read back what its log driver {driver} keeps, so there would be no "
            f"container log: use --log-driver {LOCAL}, or give the Docker daemon another driver"
        )


def spool_size(driver: str, options: Mapping[str, str]) -> SpoolSize | None:
    """Return the files of a container's log, if it keeps them as we ask for; None otherwise.

    Docker's `64m` are 64,000,000 bytes here, not the 64 MiB that they are for memory.
    """
    size = _SIZE.fullmatch(options.get("max-size", ""))
    files = options.get("max-file", "")
    if driver != LOCAL or options.get("compress") != "false" or not size or not files.isdecimal():
        return None
    power = _POWERS.index(size[2].lower())
    return SpoolSize(int(size[1]) * 1000**power, int(files))


def _is_true(option: str) -> bool:
    return option.lower() in {"1", "t", "true"}
