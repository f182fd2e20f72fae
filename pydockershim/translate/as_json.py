"""Messages as plain data, for what must be stored exactly.

- A message becomes a dict of its CRI field names; unset fields are left out, enums are names.
- Data that does not fit the message (an edited label) reads as an empty message.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from google.protobuf import json_format
from google.protobuf.message import Message

AnyMessage = TypeVar("AnyMessage", bound=Message)


def as_json(message: Message) -> dict[str, Any]:
    """Return the message as JSON-ready data."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def cri_from_json(data: Mapping[str, Any], message: AnyMessage) -> AnyMessage:
    """Fill the empty message with the result of `as_json`, and return it."""
    try:
        return json_format.ParseDict(dict(data), message, ignore_unknown_fields=True)
    except (json_format.ParseError, TypeError, ValueError):
        message.Clear()
        return message
