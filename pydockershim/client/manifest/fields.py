"""Reading a manifest strictly: fields that no reader consumed are rejected by name.

Each reader takes the fields that it understands; `refuse_unread` then walks the whole tree, so a
field is either used or named in an error. This module
knows nothing of Kubernetes.
"""

from collections.abc import Collection, Mapping
from typing import Self, TypeVar

from pydockershim.errors import InvalidArgument

_T = TypeVar("_T")

_WORDS = {
    str: "a string (put it in quotes)",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


class Fields:
    """One mapping of a manifest; `path` names it in messages, such as `spec.containers[0]`.

    A field that is absent or null reads as its default. Every method raises InvalidArgument, with
    the field's full name, when the value is of another type.
    """

    def __init__(self, value: object, path: str = "") -> None:
        self._path = path
        mapping = self._typed(path or "the manifest", value, dict)
        self._unread = {str(name): item for name, item in mapping.items() if item is not None}
        self._sections: list[Fields] = []

    def __contains__(self, name: str) -> bool:
        """Say whether the field is set and has not been read yet."""
        return name in self._unread

    def where(self, name: str) -> str:
        """Return the full name of a field, for a message."""
        return f"{self._path}.{name}" if self._path else name

    def text(self, name: str, default: str = "") -> str:
        """Read a string."""
        value = self._take(name, str)
        return default if value is None else value

    def required(self, name: str) -> str:
        """Read a string that must be set and not be empty."""
        value = self.text(name)
        if not value:
            raise InvalidArgument(f"{self.where(name)} is missing")
        return value

    def scalar(self, name: str) -> str | None:
        """Read a quantity: a string, or a number that YAML has already parsed."""
        value = self._unread.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise InvalidArgument(f"{self.where(name)}: a number or a string is needed, not {value!r}")

    def integer(self, name: str) -> int | None:
        """Read a whole number."""
        return self._take(name, int)

    def flag(self, name: str) -> bool | None:
        """Read a boolean; None if unset."""
        return self._take(name, bool)

    def word(self, name: str, words: Collection[str], default: str) -> str:
        """Read one of the allowed words."""
        word = self.text(name, default)
        if word not in words:
            known = ", ".join(filter(None, words))
            raise InvalidArgument(f"{self.where(name)}: {word!r} is not supported; use {known}")
        return word

    def choice(self, name: str, choices: Mapping[str, _T], default: str) -> _T:
        """Read one of the allowed words and return its value."""
        return choices[self.word(name, choices, default)]

    def texts(self, name: str) -> list[str]:
        """Read a list of strings."""
        return [
            self._typed(f"{self.where(name)}[{index}]", item, str)
            for index, item in enumerate(self._take(name, list) or [])
        ]

    def integers(self, name: str) -> list[int]:
        """Read a list of whole numbers."""
        return [
            self._typed(f"{self.where(name)}[{index}]", item, int)
            for index, item in enumerate(self._take(name, list) or [])
        ]

    def text_map(self, name: str) -> dict[str, str]:
        """Read a mapping of strings to strings."""
        items = self._take(name, dict) or {}
        return {
            str(key): self._typed(f"{self.where(name)}[{key}]", item, str)
            for key, item in items.items()
        }

    def section(self, name: str) -> Self:
        """Read a mapping; an empty one if unset."""
        return self._section(self.where(name), self._unread.pop(name, {}))

    def sections(self, name: str) -> list[Self]:
        """Read a list of mappings."""
        return [
            self._section(f"{self.where(name)}[{index}]", item)
            for index, item in enumerate(self._take(name, list) or [])
        ]

    def refuse_unread(self) -> None:
        """Raise InvalidArgument for the first field, here or below, that was never read."""
        for name in self._unread:
            raise InvalidArgument(f"{self.where(name)} is not supported here; remove it")
        for section in self._sections:
            section.refuse_unread()

    def _section(self, path: str, value: object) -> Self:
        section = type(self)(value, path)
        self._sections.append(section)
        return section

    def _take(self, name: str, kind: type[_T]) -> _T | None:
        value = self._unread.pop(name, None)
        return None if value is None else self._typed(self.where(name), value, kind)

    @staticmethod
    def _typed(path: str, value: object, kind: type[_T]) -> _T:
        # A bool is an int to Python, and would be taken for one.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise InvalidArgument(f"{path}: {_WORDS[kind]} is needed, not {value!r}")
        return value
