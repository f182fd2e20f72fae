"""Walks over a message's fields, from its descriptor."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import Message


def leaves(descriptor: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each field that holds no further fields; a map is one field."""
    for field in descriptor.fields:
        if holds_fields(field):
            yield from leaves(field.message_type, f"{path}{field.name}.")
        else:
            yield path + field.name


def enum_fields(descriptor: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path of each enum field, and the enum."""
    for field in descriptor.fields:
        if field.enum_type:
            yield path + field.name, field.enum_type
        elif holds_fields(field):
            yield from enum_fields(field.message_type, f"{path}{field.name}.")


def holds_fields(field: Any) -> bool:
    """Say whether a field is a message or a list of messages."""
    return field.message_type is not None and not field.message_type.GetOptions().map_entry


def is_within(path: str, entries: Iterable[str]) -> bool:
    """Say whether an entry names the field, or a message that it is part of."""
    return any(path == entry or path.startswith(f"{entry}.") for entry in entries)


def holder_of(message: Message, path: str) -> tuple[Any, str, str]:
    """Return the message that a path's last field stands in, that field, and the path as shown.

    Lists on the way get one entry.
    """
    shown = ""
    holder: Any = message
    *folders, name = path.split(".")
    for folder in folders:
        holder = getattr(holder, folder)
        shown += folder
        if not isinstance(holder, Message):
            holder = holder.add()
            shown += "[0]"
        shown += "."
    return holder, name, shown + name


def fill(message: Any, name: str) -> None:
    """Set a field, and all within it, to something."""
    field = message.DESCRIPTOR.fields_by_name[name]
    value = getattr(message, name)
    if holds_fields(field):
        inner = value.add() if field.is_repeated else value
        for each in field.message_type.fields:
            fill(inner, each.name)
    elif field.message_type:
        value["some-key"] = "something"
    elif field.is_repeated:
        value.append(_something(field))
    else:
        setattr(message, name, _something(field))


def _something(field: Any) -> Any:
    if field.enum_type:
        return field.enum_type.values[-1].number
    by_type = {field.CPPTYPE_STRING: "something", field.CPPTYPE_BOOL: True}
    return by_type.get(field.cpp_type, 1)
