"""Decodes the terminal sizes on the resize channel: consecutive JSON objects, split anywhere."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pydockershim.streaming.codec import Buffer, ProtocolError

_MAX_BYTES = 512
_MAX_SIDE = 0xFFFF
_DECODER = json.JSONDecoder()


class TerminalSize(NamedTuple):
    """In characters."""

    width: int
    height: int


class ResizeDecoder:
    """Buffers an incomplete object."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, data: Buffer) -> TerminalSize | None:
        """Return the latest size, ignoring sizes of 0; ProtocolError if the JSON is invalid."""
        latest = None
        self._text = (self._text + bytes(data).decode("latin-1")).lstrip()
        while self._text:
            if self._text[0] != "{":
                raise ProtocolError("invalid terminal size")
            try:
                value, end = _DECODER.raw_decode(self._text[:_MAX_BYTES])
            except json.JSONDecodeError as error:
                if len(self._text) > _MAX_BYTES:
                    raise ProtocolError("terminal size too long") from error
                break
            self._text = self._text[end:].lstrip()
            latest = _size(value) or latest
        return latest


def _size(value: Mapping[str, object]) -> TerminalSize | None:
    # COMPAT(client-go): Go ignores the case of field names.
    fields = {name.lower(): side for name, side in value.items()}
    size = TerminalSize(_side(fields.get("width", 0)), _side(fields.get("height", 0)))
    return size if all(size) else None


def _side(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= _MAX_SIDE:
        raise ProtocolError("invalid terminal size")
    return value
