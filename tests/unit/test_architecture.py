"""The house: who may import whom, and how large a room may get. ARCHITECTURE.md draws it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
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
    "streaming": {"engine", "host"},
    "logs": {"translate", "engine", "host"},
    "stats": {"translate", "engine", "host"},
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
NO_PROTOBUF = {"config", "engine", "host", "labels", "logs", "network", "stats", "streaming"}
# Who may change something on this host, by the paths of modules or rooms.
HOST_WRITERS = {"host", "logs/log_path.py", "logs/cri_file.py", "server/listen.py"}
# A person's door, not a part of the shim: it makes what a manifest's volumes need.
HOST_WRITERS |= {"client/this_node.py"}
WRITES = {
    *("chmod", "chown", "flock", "ftruncate", "link", "makedirs", "mkdir", "mkfifo"),
    *("pidfd_send_signal", "rmdir", "rmtree", "setns", "symlink", "touch", "truncate", "umask"),
    *("unlink", "utime", "write_bytes", "write_text"),
}
# Procedures are called by their verbs, in each of their rooms; everything else has one meaning.
SHARED_NAMES = {"__init__", "create", "deps", "remove", "run", "start", "stop", "update"}
# A noun of the CRI or of a manifest, in the room that translates it.
SHARED_NAMES |= {"container", "resources", "security"}
POSITIONAL = 2  # arguments of a constructor
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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
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
    tree = tree_of(path)
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
    assert rooms == ROOMS.keys() - {"__main__"}


def test_no_two_modules_share_a_name() -> None:
    names = Counter(path.stem for path in FILES)
    assert {name for name, count in names.items() if count > 1} <= SHARED_NAMES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_these_write_to_the_host(path: Path) -> None:
    if {str(path.relative_to(PACKAGE)), room_of(path)} & HOST_WRITERS:
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in WRITES, f"{path}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "os.open"}:
            read_only = {"os.O_RDONLY", "'r'", "'rb'"}
            assert any(mode in ast.unparse(node) for mode in read_only), f"{path}: writes a file"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_constructors_take_names_beyond_two_arguments(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                assert len(method.args.args) <= 1 + POSITIONAL, f"{path}: {node.name}"
        decorators = [ast.unparse(each) for each in node.decorator_list]
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        if len(fields) > POSITIONAL and any("dataclass" in each for each in decorators):
            assert any("kw_only=True" in each for each in decorators), f"{path}: {node.name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_engine_call_is_made_under_a_lock(path: Path) -> None:
    """The pods' locks (`hold`) are the exception: each engine call has a time limit."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.With) and any(
            re.search(r"_(lock|guard|changed|condition)$", ast.unparse(item.context_expr))
            for item in node.items
        ):
            body = "\n".join(map(ast.unparse, node.body))
            assert not re.search(r"\bengine\.|_engine\.", body), f"{path}: {body}"
