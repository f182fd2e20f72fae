"""The package's source: its files, and each one's syntax tree."""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pydockershim

PACKAGE = Path(pydockershim.__file__).parent
GENERATED = PACKAGE / "api" / "runtime_v1.py"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != GENERATED)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree: every checker goes through them."""
    return tuple(ast.walk(tree))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported, as dotted names."""
    yield from imported_as(tree).values()


def imported_as(tree: ast.Module) -> dict[str, str]:
    """Return what is imported, by the name that it has in this file."""
    found = {}
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def full_name(node: ast.expr, imported: dict[str, str]) -> str:
    """Return an expression as it is written, its first name replaced by what it stands for."""
    first, dot, rest = ast.unparse(node).partition(".")
    return imported.get(first, first) + dot + rest


def function_name(function: ast.expr) -> str:
    """Return the last part of the name of what is called; empty for other expressions."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def in_files(
    checker: Callable[[ast.Module], Iterable[str]], paths: Iterable[Path] = FILES
) -> dict[str, list[str]]:
    """Return what a checker finds in files of the package, by their paths."""
    found = {str(path.relative_to(PACKAGE)): list(checker(tree_of(path))) for path in paths}
    return {path: hits for path, hits in found.items() if hits}


def files_of(*rooms: str) -> list[Path]:
    paths = [path for path in FILES if room_of(path) in rooms]
    assert {room_of(path) for path in paths} == set(rooms)
    return paths
