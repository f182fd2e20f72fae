"""Times as Go programs write them: `1m0s`, `90s`, `1h30m`, `250ms`."""

import re

from pydockershim.errors import InvalidArgument

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TERM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|ns|h|m|s)")


def seconds(text: str) -> float:
    """Return the seconds that a Go duration stands for; InvalidArgument when it is none."""
    if text == "0":
        return 0.0
    if not text or _TERM.sub("", text):
        raise InvalidArgument(f"{text!r} is not a duration: write it like 1m0s or 90s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _TERM.findall(text))
