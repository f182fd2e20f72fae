"""A row of the table of settings: where its value comes from and what it may be."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from pydockershim.errors import InvalidArgument

Value = TypeVar("Value")

_ROW = "setting"


def _accept(_: Any) -> None:
    """Accept every value."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is known of a setting besides its name, which is the attribute of `Config`.

    Args:
        flags: on the command line; the first one names the setting to an operator.
        parse: from a text to a value, ValueError if it is malformed.
        check: ValueError if a value cannot be used.
        default: as an operator would write it; empty: unset.
        metavar, help: for `--help`, which adds the default to the help text.
        group: the section of `--help`; empty: the first one.
        repeated: the flag may be repeated; the texts are joined by commas.
    """

    flags: tuple[str, ...]
    parse: Callable[[str], Any]
    check: Callable[[Any], None]
    default: str
    metavar: str
    help: str
    group: str
    repeated: bool

    def read(self, text: str, *, source: str) -> Any:
        """Return the checked value; InvalidArgument begins with the source, such as a flag."""
        try:
            value = self.parse(text)
            self.check(value)
        except ValueError as problem:
            raise _invalid(source, text, problem) from None
        return value

    def validate(self, value: object) -> None:
        """Check a value that was not read from a text; InvalidArgument begins with the flag."""
        try:
            self.check(value)
        except ValueError as problem:
            raise _invalid(self.flags[0], value, problem) from None


def setting(  # noqa: PLR0913 -- an argument a column
    *flags: str,
    parse: Callable[[str], Value],
    check: Callable[[Value], None] = _accept,
    default: str = "",
    metavar: str,
    help: str,  # noqa: A002 -- argparse's word
    group: str = "",
    repeated: bool = False,
) -> Value:
    """Declare an attribute of `Config` as a row of the table; see `Setting`."""
    row = Setting(
        flags=flags,
        parse=parse,
        check=check,
        default=default,
        metavar=metavar,
        help=help,
        group=group,
        repeated=repeated,
    )
    return field(default=parse(default), metadata={_ROW: row})


def rows(config: Any) -> Iterator[tuple[str, Setting]]:
    """Yield name and row of each setting of `Config`, or of an instance of it."""
    declared: tuple[Field[Any], ...] = fields(config)
    return ((each.name, each.metadata[_ROW]) for each in declared)


def _invalid(source: str, value: object, problem: ValueError) -> InvalidArgument:
    return InvalidArgument(f"{source} {shlex.quote(str(value))}: {problem}")
