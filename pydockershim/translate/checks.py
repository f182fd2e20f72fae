"""What a value must be before it goes into JSON, a file or a path.

- Every error names the field as the CRI spells it and says what to send instead.
- A value itself is quoted only where it cannot be a secret; callers with secrets say so by name.
"""

import posixpath

from pydockershim.errors import InvalidArgument

_FIRST_PRINTABLE = 0x20
_DELETE = 0x7F


def invalid(field: str, problem: str) -> InvalidArgument:
    """Return the error that blames a field; `problem` says what is wrong and what to send."""
    return InvalidArgument(f"{field}: {problem}")


def plain_text(field: str, value: str) -> str:
    """Return the value; InvalidArgument when a control character could end a line or a string."""
    if any(ord(char) < _FIRST_PRINTABLE or ord(char) == _DELETE for char in value):
        raise invalid(field, f"{value!r} has a control character; leave it out")
    return value


def plain_word(field: str, value: str) -> str:
    """Return the value; InvalidArgument when it is empty or has whitespace in it."""
    if not value or value.split() != [value]:
        raise invalid(field, f"{value!r} is not one word; leave out whitespace")
    return plain_text(field, value)


def no_nul(field: str, value: str) -> str:
    """Return the value; InvalidArgument when a NUL would cut it short in the kernel.

    The value is not quoted: it may be a secret.
    """
    if "\0" in value:
        raise invalid(field, "has a NUL character; leave it out")
    return value


def absolute_path(field: str, path: str) -> str:
    """Return the path; InvalidArgument when it is relative or holds a control character."""
    if not path.startswith("/"):
        raise invalid(field, f"{path!r} is not absolute; begin it with /")
    return plain_text(field, path)


def no_traversal(field: str, path: str) -> str:
    """Return the path; InvalidArgument when it climbs out by `..` or holds a control character."""
    if ".." in path.split("/"):
        raise invalid(field, f"{path!r} has a '..'; write the path without it")
    return plain_text(field, path)


def between(field: str, value: int, *, low: int, high: int) -> int:
    """Return the value; InvalidArgument when it is out of range."""
    if not low <= value <= high:
        raise invalid(field, f"{value} is out of range; use {low} to {high}")
    return value


def normal_path(path: str) -> str:
    """Return an absolute path without `.`, `..`, doubled or trailing slashes."""
    return posixpath.normpath("/" + path.lstrip("/"))
