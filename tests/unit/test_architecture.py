"""Which room may import which, and what each may know. ARCHITECTURE.md draws it."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.unit.architecture.source import (
    FILES,
    PACKAGE,
    files_of,
    function_name,
    imports_of,
    in_files,
    nodes_of,
    room_of,
    tree_of,
)

# Each of these imports no room, and of the others only those before it.
LEAVES = ("errors", "dockerapi", "calls", "config", "labels", "locks", "single_flight")
# A room may import itself, the leaves, and these; it does import these.
ROOMS: dict[str, set[str]] = {
    "api": set(),
    "host": set(),
    "translate": {"api"},
    "engine": set(),
    "network": set(),
    "view": {"translate", "api", "engine"},
    "streaming": {"engine", "host"},
    "logs": {"translate", "engine"},
    "stats": {"translate", "engine"},
    "pods": {"api", "translate", "engine", "host", "logs", "network", "view"},
    "containers": {"api", "translate", "engine", "host", "logs", "view"},
    "images": {"api", "translate", "engine", "stats", "view"},
    "server": {
        *("pods", "containers", "images", "view", "stats", "streaming"),
        *("logs", "network", "engine", "host", "translate", "api"),
    },
    "client": {"api"},
    "cli": set(),
    "daemon": {
        *("server", "pods", "containers", "images", "view", "stats", "streaming"),
        *("logs", "network", "engine", "host"),
    },
    "__main__": {"cli", "daemon"},
}
ONLY_HERE = {
    "docker": {"engine"},
    "requests": {"engine"},
    "urllib3": {"engine"},
    "grpc": {"server", "client"},
    "yaml": {"client"},
    "subprocess": {"engine"},  # the credential helpers of the docker CLI
}
KNOW_PROTOBUF = {"server", "pods", "containers", "images", "view", "translate", "client", "api"}
OF_MESSAGES = {
    *("ByteSize", "ClearField", "CopyFrom", "DESCRIPTOR", "FromString", "HasField", "ListFields"),
    *("MergeFrom", "MergeFromString", "ParseFromString", "SerializeToString", "WhichOneof"),
}
IMPURE = {
    *("asyncio", "ctypes", "fcntl", "io", "logging", "multiprocessing", "os", "pathlib", "random"),
    *("secrets", "select", "shutil", "signal", "socket", "subprocess", "sys", "tempfile"),
    *("threading", "time", "uuid"),
}
IMPURE_CALLS = {"input", "now", "open", "print", "today", "utcnow"}

ROOT = PACKAGE.parent


def grants(room: str) -> set[str]:
    """Return what a room or a leaf may import."""
    if room in LEAVES:
        return {room, *LEAVES[: LEAVES.index(room)]}
    return {room, "__version__"} | ROOMS[room] | set(LEAVES)


def rooms_imported(tree: ast.Module) -> set[str]:
    """Return the rooms that are imported, and `__version__`, which is none."""
    names = [name.split(".") for name in imports_of(tree)]
    return {parts[1] if parts[1:] else "" for parts in names if parts[0] == "pydockershim"}


def foreign_imports(tree: ast.Module, room: str) -> set[str]:
    """Return the packages that belong to other rooms."""
    tops = {name.split(".")[0] for name in imports_of(tree)}
    return {top for top in tops if room not in ONLY_HERE.get(top, {room})}


def protobuf_in(tree: ast.Module) -> Iterator[str]:
    """Yield the imports of messages, and what is asked of one."""
    yield from (name for name in imports_of(tree) if {"protobuf", "api"} & set(name.split(".")))
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute) and node.attr in OF_MESSAGES:
            yield ast.unparse(node)


def impurities(tree: ast.Module) -> Iterator[str]:
    """Yield what does I/O or asks a clock."""
    yield from (name for name in imports_of(tree) if name.split(".")[0] in IMPURE)
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and function_name(node.func) in IMPURE_CALLS:
            yield ast.unparse(node)


def drawn_rooms(text: str) -> list[list[str]]:
    """Return the rooms of the drawing, line by line: indented, set off from what they are for."""
    drawing = text.partition("## The house")[2].partition("    __main__")
    lines = "".join(drawing[1:]).partition("\n\n")[0].splitlines()
    return [re.split(r" {2,}", line.strip())[0].replace("/", "").split() for line in lines]


def upward(room: str, others: set[str], drawing: list[list[str]]) -> set[str]:
    """Return those of the others that are not drawn below the room."""
    line_of = {name: number for number, names in enumerate(drawing) for name in names}
    return {other for other in others if line_of[other] <= line_of[room]}


def writes_to_the_view(tree: ast.Module) -> Iterator[str]:
    """Yield what reaches for a store, or into what only the procedures use."""
    for name in imports_of(tree):
        if name.startswith("pydockershim.view.store"):
            yield name
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute):
            of_deps = ast.unparse(node.value) in {
                "self.pod_deps",
                "self.container_deps",
                "self.image_deps",
            }
            if of_deps or node.attr in {"store", "_store", "locks", "_locks"}:
                yield ast.unparse(node)


@pytest.mark.parametrize("room", [*ROOMS, *LEAVES])
def test_imports_go_one_way(room: str) -> None:
    paths = files_of(room)
    assert not in_files(lambda tree: rooms_imported(tree) - grants(room), paths)
    assert not in_files(lambda tree: foreign_imports(tree, room), paths)
    assert room in KNOW_PROTOBUF or not in_files(protobuf_in, paths)


def test_every_grant_is_used() -> None:
    used: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in FILES:
        used.get(room_of(path), set()).update(rooms_imported(tree_of(path)))
    unused = {room: ROOMS[room] - used[room] for room in ROOMS}
    assert not {room: names for room, names in unused.items() if names}


def test_every_room_is_in_the_table_and_the_other_way_round() -> None:
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == ROOMS.keys() | set(LEAVES)
    assert rooms >= KNOW_PROTOBUF.union(*ONLY_HERE.values())


def test_drawing_shows_all_rooms_and_every_import_goes_down() -> None:
    drawing = drawn_rooms((ROOT / "ARCHITECTURE.md").read_text())
    names = [name for line in drawing for name in line]
    assert sorted(names) == sorted([*ROOMS, *LEAVES])
    for room, granted in ROOMS.items():
        assert not upward(room, granted | set(LEAVES), drawing), f"{room} is drawn below"


def test_upward_and_sideways_imports_are_found() -> None:
    drawing = drawn_rooms(
        "## The house\n\n    __main__   it\n      a/ b/   two\n        c/   x\n\n"
    )
    assert drawing == [["__main__"], ["a", "b"], ["c"]]
    assert upward("a", {"b", "c"}, drawing) == {"b"}
    assert upward("c", {"a", "b"}, drawing) == {"a", "b"}
    assert upward("__main__", {"a", "c"}, drawing) == set()


@pytest.mark.parametrize(
    ("room", "snippet"),
    [
        ("engine", "from pydockershim.view.store import Store"),
        ("network", "from pydockershim import host"),
        ("errors", "import pydockershim.calls"),
        ("labels", "from pydockershim.locks import NamedLocks"),
    ],
)
def test_import_that_is_not_granted_is_found(room: str, snippet: str) -> None:
    assert not rooms_imported(ast.parse(snippet)) <= grants(room)


@pytest.mark.parametrize(
    ("room", "snippet"),
    [
        ("view", "import docker.errors"),
        ("logs", "from grpc import server"),
        ("host", "import yaml"),
    ],
)
def test_package_of_another_room_is_found(room: str, snippet: str) -> None:
    assert foreign_imports(ast.parse(snippet), room)


@pytest.mark.parametrize(
    "snippet",
    [
        "from pydockershim.api import runtime_v1 as cri",
        "import google.protobuf.message",
        "answer = cri_image_fs_info(usage).SerializeToString()",
        "def f(m): return m.HasField('auth')",
    ],
)
def test_protobuf_is_found(snippet: str) -> None:
    assert list(protobuf_in(ast.parse(snippet)))


def test_translation_is_pure() -> None:
    assert not in_files(impurities, files_of("translate"))


@pytest.mark.parametrize(
    "snippet",
    [
        "import os.path",
        "from time import time_ns",
        "import tempfile",
        "from uuid import uuid4",
        "import io",
        "text = open('/etc/hosts').read()",
        "from datetime import UTC, datetime\nnow = datetime.now(UTC)",
    ],
)
def test_impurity_is_found(snippet: str) -> None:
    assert list(impurities(ast.parse(snippet)))


def test_servicers_cannot_write_to_the_view() -> None:
    assert not in_files(writes_to_the_view, files_of("server"))


@pytest.mark.parametrize(
    "snippet",
    [
        "class S:\n  def f(self): self.pod_deps.store.forget('id')",
        "class S:\n  def f(self): deps = self.image_deps; deps.store.items()",
        "class S:\n  def f(self): return self.image_deps.disk_usage.info()",
        "class S:\n  def f(self): self.container_deps.engine.containers.remove('id')",
        "from pydockershim.view.store import Store",
    ],
)
def test_write_by_a_servicer_is_found(snippet: str) -> None:
    assert list(writes_to_the_view(ast.parse(snippet)))


def test_tools_need_no_tests() -> None:
    tools = list((ROOT / "tools").rglob("*.py"))
    assert tools
    for path in tools:
        assert "tests" not in {name.split(".")[0] for name in imports_of(tree_of(path))}, path
