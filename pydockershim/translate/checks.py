"""Checks of a value before it goes into JSON, a file or a path.

- Every error names the field as the CRI spells it and says what to send instead.
- A value is quoted only where it cannot be a secret.
"""

import posixpath

from pydockershim.errors import InvalidArgument

_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F


def invalid(field: str, problem: str) -> InvalidArgument:
    """Return the error about a field; `problem` says what is wrong and what to send."""
    return InvalidArgument(f"{field}: {problem}")


def plain_text(field: str, value: str) -> str:
    """Return the value; InvalidArgument when a control character could end a line or a string."""
    if any(ord(char) < _FIRST_PRINTABLE or ord(char) == _DELETE for char in value):
        raise invalid(field, f"{value!r} contains a control character; remove it")
    return value


def plain_word(field: str, value: str) -> str:
    """Return the value; InvalidArgument when it is empty or has whitespace in it."""
    if not value or value.split() != [value]:
        raise invalid(field, f"{value!r} is empty or contains whitespace; use a single word")
    return plain_text(field, value)


def no_nul(field: str, value: str) -> str:
    """Return the value; InvalidArgument when it has a NUL, where the kernel would truncate it.

    The value is not quoted: it may be a secret.
    """
    if "\0" in value:
        raise invalid(field, "contains a NUL character; remove it")
    return value


def absolute_path(field: str, path: str) -> str:
    """Return the path; InvalidArgument when it is relative or holds a control character."""
    if not path.startswith("/"):
        raise invalid(field, f"{path!r} is not absolute; use a path that begins with /")
    return plain_text(field, path)


def no_traversal(field: str, path: str) -> str:
    """Return the path; InvalidArgument when it has a `..` or a control character."""
    if ".." in path.split("/"):
        raise invalid(field, f"{path!r} contains '..'; use a path without it")
    return plain_text(field, path)


def between(field: str, value: int, *, low: int, high: int) -> int:
    """Return the value; InvalidArgument when it is out of range."""
    if not low <= value <= high:
        raise invalid(field, f"{value} is out of range; use {low} to {high}")
    return value


def normal_path(path: str) -> str:
    """Return an absolute path without `.`, `..`, doubled or trailing slashes."""
    return posixpath.normpath("/" + path.lstrip("/"))
