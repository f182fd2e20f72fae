"""Quantities as people write them on a command line: times like Go's, sizes like Docker's."""

import re

from pydockershim.errors import InvalidArgument

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TERM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|ns|h|m|s)")

_UNITS_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = re.compile(r"(\d+)([kmg]?)", re.IGNORECASE)


def seconds(text: str) -> float:
    """Return the seconds that a Go duration stands for; InvalidArgument when it is none."""
    if text == "0":
        return 0.0
    if not text or _TERM.sub("", text):
        raise InvalidArgument(f"{text!r} is not a duration: write it like 1m0s or 90s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _TERM.findall(text))


def size_bytes(text: str) -> int:
    """Return the bytes of `512k`, `64m`, `1g`; InvalidArgument when it is no such size."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidArgument(f"{text!r} is not a size: write it like 512k, 64m or 1g")
    return int(match[1]) * _UNITS_BYTES[match[2].lower()]
