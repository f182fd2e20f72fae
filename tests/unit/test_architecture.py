"""The house: who may import whom, and how large a room may get. ARCHITECTURE.md draws it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pydockershim

PACKAGE = Path(pydockershim.__file__).parent
LEAVES = {"calls", "config", "dockerapi", "errors", "labels", "locks", "single_flight"}
ABOVE_TRANSLATE = {"engine", "network", "streaming", "logs", "stats", "view", "host"}
PROCEDURES = {"pods", "containers", "images"}

# A room may import itself, the leaves, and these.
ROOMS = {
    "api": set[str](),
    "host": set[str](),
    "labels": set[str](),
    "translate": {"api"},
    "engine": set[str](),
    "network": {"host"},
    "view": {"translate", "api", "engine", "host"},
    "streaming": {"translate", "api", "engine", "host"},
    "logs": {"translate", "engine", "host"},
    "stats": {"translate", "api", "engine", "host"},
    **dict.fromkeys(PROCEDURES, ABOVE_TRANSLATE | {"translate", "api"}),
    "server": PROCEDURES | ABOVE_TRANSLATE | {"translate", "api"},
    "client": {"api"},
    "config": set[str](),
    "cli": set[str](),
    "daemon": {"server"} | PROCEDURES | ABOVE_TRANSLATE | {"translate", "api"},
    "__main__": {"cli", "daemon"},
}
ONLY_HERE = {
    "docker": {"engine"},
    "requests": {"engine"},
    "urllib3": {"engine"},
    "grpc": {"server", "client"},
    "yaml": {"client"},
}
NO_PROTOBUF = {"engine", "network", "host", "labels"}
IMPURE = {
    "os",
    "socket",
    "time",
    "logging",
    "subprocess",
    "threading",
    "pathlib",
    "shutil",
    "random",
}
GRAB_BAGS = {"utils", "util", "helpers", "helper", "common", "misc"}
FILE_LINES = 400
FUNCTION_LINES = 60

TOOLS = PACKAGE.parent / "tools"

GENERATED = PACKAGE / "api" / "runtime_v1.py"

FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != GENERATED)


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    room = room_of(path)
    allowed = ROOMS.get(room, set()) | LEAVES | {room, "__version__"}
    for name in imports_of(path):
        top, _, rest = name.partition(".")
        if top == "pydockershim":
            assert rest.split(".")[0] in allowed, f"{room} imports {name}"
        assert room in ONLY_HERE.get(top, {room}), f"{room} imports {name}"


@pytest.mark.parametrize("room", sorted(NO_PROTOBUF))
def test_rooms_below_the_cri_know_no_protobuf(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert not [name for name in imports_of(path) if "protobuf" in name or ".api" in name], path


def test_translation_is_pure() -> None:
    for path in (PACKAGE / "translate").rglob("*.py"):
        assert not [name for name in imports_of(path) if name.split(".")[0] in IMPURE], path


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_fit_on_a_screen(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES
    assert path.stem not in GRAB_BAGS
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{path} does not say what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{path}: {node.name}"


def test_tools_need_no_tests() -> None:
    for path in TOOLS.rglob("*.py"):
        assert not [name for name in imports_of(path) if name.split(".")[0] == "tests"], path


def test_every_room_is_on_the_plan() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= ROOMS.keys()
