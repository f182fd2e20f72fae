"""What is done while a lock is held: no engine call, and under a pod's lock none without a limit.

A checker follows what a block calls, through the functions and methods of its file, and through
the functions of the package that the file imports. What another object's method does it cannot
know, so those that are known to ask the engine are listed.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pytest

from tests.unit.architecture.source import (
    PACKAGE,
    full_name,
    function_name,
    imported_as,
    in_files,
    nodes_of,
    tree_of,
)

# A BoundedSemaphore is none: it counts the calls in progress, which is what it is held for.
LOCKS = {"Condition", "Lock", "RLock", "Semaphore"}
ENGINES = {"engine", "_engine", "_session"}
# Of the view, the store, the image cache and others: they ask the engine, or wait for who does.
ASK_THE_ENGINE = {
    *("_inspect", "ensure", "groups_of", "join_next", "refresh", "refresh_and_find"),
    *("refresh_ended", "refresh_since", "relist"),
}
# These may take as long as a registry, a container or a client does.
WITHOUT_LIMIT = {"ensure", "events", "pull", "pull_image", "read_log", "wait_not_running"}

Forbidden = Callable[[ast.AST], bool]
Function = ast.FunctionDef | ast.AsyncFunctionDef
# A function with the file that it is in.
Found = tuple[ast.Module, Function]


def engine_calls_under_locks(tree: ast.Module) -> list[str]:
    """Return what asks the engine inside a `with` over a lock, and what holds one without."""
    locks = locks_of(tree)
    blocks = [node for node in with_blocks(tree) if locks & set(map(_name_of, held_by(node)))]
    found = [hit for block in blocks for hit in hits(tree, block.body, _asks_the_engine)]
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and function_name(node.func) in {"acquire", "enter_context"}:
            of = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            if locks & set(map(_name_of, of)) or any(map(_is_pod_lock, of)):
                found.append(ast.unparse(node))
    return found


def endless_calls_under_pod_locks(tree: ast.Module) -> list[str]:
    """Return what has no time limit inside a `with` over a pod's lock."""
    blocks = [node for node in with_blocks(tree) if any(map(_is_pod_lock, held_by(node)))]
    return [hit for block in blocks for hit in hits(tree, block.body, _has_no_limit)]


def locks_of(tree: ast.Module) -> set[str]:
    """Return the names of the variables and attributes that locks are assigned to."""
    imported = imported_as(tree)
    found = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            makers = {
                full_name(each, imported)
                for each in ast.walk(node.value)
                if isinstance(each, ast.Name | ast.Attribute)
            }
            if makers & {f"threading.{lock}" for lock in LOCKS}:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {_name_of(each) for target in targets for each in ast.walk(target)}
    return found - {"", "self"}


def with_blocks(tree: ast.Module) -> Iterator[ast.With]:
    return (node for node in nodes_of(tree) if isinstance(node, ast.With))


def held_by(block: ast.With) -> Iterator[ast.expr]:
    return (item.context_expr for item in block.items)


def hits(tree: ast.Module, body: Sequence[ast.AST], forbidden: Forbidden) -> Iterator[str]:
    """Yield what is forbidden in these statements and in all that they call."""
    seen: set[ast.AST] = set()
    left: list[tuple[ast.Module, ast.AST]] = [(tree, each) for each in body]
    while left:
        home, node = left.pop()
        if _starts_a_thread(node):
            continue
        if forbidden(node):
            yield ast.unparse(node)
        left += [(home, each) for each in ast.iter_child_nodes(node)]
        for found_in, function in called(home, node):
            if function not in seen:
                seen.add(function)
                left.append((found_in, function))


def called(tree: ast.Module, node: ast.AST) -> list[Found]:
    """Return what a name stands for: `f` and `self.f` in this file, or a function imported.

    It counts without a call, too: what is passed on is called by somebody, perhaps at once.
    """
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"self", "cls"}:
        return [(tree, each) for each in functions_of(tree).get(node.attr, [])]
    if not isinstance(node, ast.Name | ast.Attribute):
        return []
    if isinstance(node, ast.Name) and (own := functions_of(tree).get(node.id)):
        return [(tree, each) for each in own]
    module, _, name = full_name(node, imported_by(tree)).rpartition(".")
    path = PACKAGE.parent / (module.replace(".", "/") + ".py")
    if not module.startswith("pydockershim.") or not path.exists():
        return []
    return [(tree_of(path), each) for each in functions_of(tree_of(path)).get(name, [])]


@cache
def imported_by(tree: ast.Module) -> dict[str, str]:
    return imported_as(tree)


@cache
def functions_of(tree: ast.Module) -> dict[str, list[Function]]:
    found: dict[str, list[Function]] = {}
    for node in nodes_of(tree):
        if isinstance(node, Function):
            found.setdefault(node.name, []).append(node)
    return found


def _starts_a_thread(node: ast.AST) -> bool:
    """What a thread of its own does is not done under the lock."""
    return isinstance(node, ast.Call) and function_name(node.func) == "Thread"


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_pod_lock(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and function_name(node.func) == "hold"


def _asks_the_engine(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and _name_of(node.func) in ASK_THE_ENGINE:
        return True
    return isinstance(node, ast.Attribute) and _name_of(node.value) in ENGINES


def _has_no_limit(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in WITHOUT_LIMIT


def test_no_engine_call_is_made_under_a_lock() -> None:
    assert not in_files(engine_calls_under_locks)


def test_calls_under_a_pods_lock_have_a_limit() -> None:
    assert not in_files(endless_calls_under_pod_locks)


def test_pods_locks_are_known() -> None:
    """All that hold one do it by the method that the checker looks for."""
    holding = [
        path
        for path in PACKAGE.rglob("*.py")
        if any(any(map(_is_pod_lock, held_by(each))) for each in with_blocks(tree_of(path)))
    ]
    assert {path.parent.name for path in holding} == {"pods", "containers"}


PULL_UNDER_A_LOCK = """
class PauseImage:
    def __init__(self, engine):
        self._engine = engine
        self._lock = threading.Lock()

    def _pulled(self):
        with self._lock:
            try:
                with calls.shielded():
                    self._pull()
            except ShimError:
                return None

    def _pull(self):
        self._engine.pull_image(repository=reference.repository)
"""
LIST_UNDER_A_LOCK = """
class Images:
    def __init__(self, engine):
        self._engine = engine
        self._refreshing = threading.Lock()

    def refresh(self):
        with self._refreshing:
            for summary in self._engine.list_images():
                self._item(summary)
"""


@pytest.mark.parametrize(
    "snippet",
    [
        PULL_UNDER_A_LOCK,
        LIST_UNDER_A_LOCK,
        "turn: object = threading.RLock()\nwith turn: deps.engine.ping()",
        "turn = Semaphore()\ndef f():\n  with turn: g()\ndef g(): h()\ndef h(): engine.ping()",
        "self._busy = threading.Condition()\nwith self._busy: self._images.refresh_and_find(ref)",
        (
            "self._busy = threading.Lock()\nwith self._busy: pool.submit(self._f)\n"
            "def _f(self): self._engine.ping()"
        ),
        (
            "class C:\n  turn: threading.Lock = field(default_factory=threading.Lock)\n"
            "  def f(self):\n    with self.turn: self.engine.ping()"
        ),
        "self._busy = threading.Lock()\nself._busy.acquire()",
        "self._busy = threading.Lock()\nstack.enter_context(self._busy)",
        "stack.enter_context(deps.locks.hold(name))",
    ],
)
def test_engine_call_under_a_lock_is_found(snippet: str) -> None:
    tree = ast.parse(f"import threading\nfrom threading import Semaphore\n{snippet}")
    assert engine_calls_under_locks(tree)


@pytest.mark.parametrize(
    "snippet",
    [
        "with self._lock: self._running = True\nself._engine.ping()",
        "with self._lock: Thread(target=self._f).start()\ndef _f(self): self._engine.ping()",
        "with deps.locks.hold(name): deps.engine.containers.start(container_id)",
    ],
)
def test_engine_call_without_a_lock_is_none(snippet: str) -> None:
    tree = ast.parse(f"import threading\nself._lock = threading.Lock()\n{snippet}")
    assert not engine_calls_under_locks(tree)


@pytest.mark.parametrize(
    "snippet",
    [
        "with deps.locks.hold(name): body = with_image(body, deps.pause_image.ensure())",
        "with locks.hold(name), calls.shielded(): deps.engine.images.pull(tag=tag)",
        (
            "with deps.locks.hold(name): end(deps)\n"
            "def end(deps): pool.submit(_wait, deps)\n"
            "def _wait(deps): deps.engine.containers.wait_not_running(each, timeout_s=9)"
        ),
        "with deps.locks.hold(name): stop.stop(deps, container_id, grace_s=30)",
        (
            "with deps.locks.hold(name): for_event(deps)\n"
            "def for_event(deps): return next(deps.engine.events(since))"
        ),
    ],
)
def test_endless_call_under_a_pods_lock_is_found(snippet: str) -> None:
    tree = ast.parse(f"from pydockershim.containers import stop\n{snippet}")
    assert endless_calls_under_pod_locks(tree)


def test_limited_call_under_a_pods_lock_is_none() -> None:
    snippet = "with deps.locks.hold(name): deps.engine.containers.kill(each, signal='KILL')"
    assert not endless_calls_under_pod_locks(ast.parse(snippet))
