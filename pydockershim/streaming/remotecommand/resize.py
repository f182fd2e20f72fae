"""The sizes that a client's terminal takes: JSON objects, one after another, in any pieces."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pydockershim.streaming.wire import Buffer, WireError

_MAX_BYTES = 512
_MAX_SIDE = 0xFFFF
_DECODER = json.JSONDecoder()


class TerminalSize(NamedTuple):
    """In characters."""

    width: int
    height: int


class ResizeDecoder:
    """Owns the beginning of an object whose end has not come yet."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, data: Buffer) -> TerminalSize | None:
        """Return the newest size in these bytes; sizes of 0 are no sizes. WireError: nonsense."""
        newest = None
        self._text = (self._text + bytes(data).decode("latin-1")).lstrip()
        while self._text:
            if self._text[0] != "{":
                raise WireError("a terminal size that is none")
            try:
                value, end = _DECODER.raw_decode(self._text[:_MAX_BYTES])
            except json.JSONDecodeError as error:
                if len(self._text) > _MAX_BYTES:
                    raise WireError("a terminal size that does not end") from error
                break
            self._text = self._text[end:].lstrip()
            newest = _size(value) or newest
        return newest


def _size(value: Mapping[str, object]) -> TerminalSize | None:
    # COMPAT(client-go): Go reads the names of fields in any case.
    fields = {name.lower(): side for name, side in value.items()}
    size = TerminalSize(_side(fields.get("width", 0)), _side(fields.get("height", 0)))
    return size if all(size) else None


def _side(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MAX_SIDE:
        raise WireError("a terminal size that is none")
    return value
