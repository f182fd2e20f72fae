"""The fields that a request must have, checked before a procedure sees it."""

from typing import Any

from google.protobuf.message import Message

from pydockershim.errors import InvalidArgument


def require(request: Message, *paths: str) -> None:
    """Check that messages and strings are set; InvalidArgument names the first that is missing.

    A path such as `config.metadata` names a field of a field.
    """
    for path in paths:
        value: Any = request
        for name in path.split("."):
            value = _field(value, name)
        if not value:
            raise InvalidArgument(f"{request.DESCRIPTOR.name}: required field {path} is missing")


def _field(message: Any, name: str) -> Any:
    """Return a field's value; None for a message that was not sent, and for all below it."""
    field = message.DESCRIPTOR.fields_by_name[name] if message is not None else None
    if field is None or (field.message_type and not message.HasField(name)):
        return None
    return getattr(message, name)
