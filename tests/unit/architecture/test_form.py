"""What files, functions and names look like."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.unit.architecture.source import FILES, files_of, in_files, nodes_of, tree_of

FILE_LINES = 400
FUNCTION_LINES = 60
OF_A_CONSTRUCTOR = 2  # arguments without a name
OF_A_FUNCTION = 3
GRAB_BAGS = {"utils", "util", "helpers", "helper", "common", "misc"}
# Procedures are called by their verbs, in each of their rooms; everything else has one meaning.
SHARED_MODULES = {"__init__", "create", "deps", "remove", "run", "start", "stop", "update"}
# A noun of the CRI or of a manifest, in the room that translates it.
SHARED_MODULES |= {"container", "resources", "security"}
SHARED_CLASSES: set[str] = set()
# A type or an alias: `Json`, no constant and no type variable `T`.
_TYPE_NAME = re.compile(r"[A-Z]\w*[a-z]\w*")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(tree: ast.Module) -> Iterator[Function]:
    return (node for node in nodes_of(tree) if isinstance(node, Function))


def long_functions(tree: ast.Module) -> Iterator[str]:
    for node in functions_of(tree):
        if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES:
            yield node.name


def with_nameless_arguments(tree: ast.Module) -> Iterator[str]:
    """Yield the functions, constructors and dataclasses that take too many of them."""
    for function in functions_of(tree):
        names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        most = OF_A_CONSTRUCTOR if function.name == "__init__" else OF_A_FUNCTION
        if count > most:
            yield function.name
    for node in nodes_of(tree):
        if isinstance(node, ast.ClassDef):
            decorators = [ast.unparse(each) for each in node.decorator_list]
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            is_dataclass = any("dataclass" in each for each in decorators)
            by_name = any("kw_only=True" in each for each in decorators)
            if is_dataclass and not by_name and len(fields) > OF_A_CONSTRUCTOR:
                yield node.name


def misnamed_translations(tree: ast.Module) -> Iterator[str]:
    """Yield the public functions whose name does not say what they return."""
    for node in tree.body:
        if not isinstance(node, Function) or node.name.startswith("_"):
            continue
        returned = ast.unparse(node.returns) if node.returns else ""
        prefixes: tuple[str, ...] = ()
        if re.search(r"\bcri\.", returned):
            prefixes = ("cri_",)
        elif re.search(r"\bJson\b", returned):
            takes_json = node.args.args and "Json" in ast.unparse(node.args.args[0])
            prefixes = ("docker_", "with_") if takes_json else ("docker_",)
        if prefixes and not node.name.startswith(prefixes):
            yield node.name


def types_of(tree: ast.Module) -> Iterator[str]:
    """Yield the public classes, aliases and type variables of a module."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [each.id for each in targets if isinstance(each, ast.Name)]
        else:
            continue
        yield from filter(_TYPE_NAME.fullmatch, names)


def repeated(names: Iterator[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def test_files_have_a_purpose_and_an_end() -> None:
    for path in FILES:
        assert len(path.read_text().splitlines()) <= FILE_LINES, path
        assert path.stem not in GRAB_BAGS, path
        assert ast.get_docstring(tree_of(path)), f"{path} does not say what it is for"


def test_functions_fit_on_a_screen() -> None:
    assert not in_files(long_functions)


def test_arguments_beyond_the_first_few_have_names() -> None:
    assert not in_files(with_nameless_arguments)


def test_long_function_is_found() -> None:
    body = "    pass\n" * FUNCTION_LINES
    assert list(long_functions(ast.parse(f"def f():\n{body}"))) == ["f"]
    assert list(long_functions(ast.parse(f"class C:\n  async def g(self):\n{body}"))) == ["g"]


@pytest.mark.parametrize(
    "snippet",
    [
        "class C:\n  def __init__(self, a, b, c): ...",
        "def f(a, b, c, d): ...",
        "def f(a, b, /, c, d): ...",
        "class C:\n  async def f(self, a, b, c, d): ...",
        "@dataclass(frozen=True)\nclass C:\n  a: int\n  b: int\n  c: int",
    ],
)
def test_too_many_nameless_arguments_are_found(snippet: str) -> None:
    assert list(with_nameless_arguments(ast.parse(snippet)))


@pytest.mark.parametrize(
    "snippet",
    [
        "class C:\n  def __init__(self, a, b, *, c): ...",
        "def f(a, b, c, *, d): ...",
        "class C:\n  def f(self, a, b, c): ...",
        "@dataclass(frozen=True, kw_only=True)\nclass C:\n  a: int\n  b: int\n  c: int",
    ],
)
def test_named_arguments_are_as_many_as_it_takes(snippet: str) -> None:
    assert not list(with_nameless_arguments(ast.parse(snippet)))


def test_translation_is_named_after_what_it_returns() -> None:
    assert not in_files(misnamed_translations, files_of("translate"))


@pytest.mark.parametrize(
    "snippet",
    [
        "def mounts(inspect: Json) -> list[cri.Mount]: ...",
        "def host_config(config: cri.ContainerConfig) -> Json: ...",
        "def with_defaults(config: cri.ContainerConfig) -> Json: ...",
        "def completed(body: Json) -> Json: ...",
    ],
)
def test_misnamed_translation_is_found(snippet: str) -> None:
    assert list(misnamed_translations(ast.parse(snippet)))


def test_no_two_modules_share_a_name() -> None:
    assert repeated(path.stem for path in FILES) <= SHARED_MODULES


def test_no_two_types_share_a_name() -> None:
    assert repeated(name for path in FILES for name in types_of(tree_of(path))) <= SHARED_CLASSES


def test_types_are_found() -> None:
    snippet = (
        "class A1b: ...\nKind = Literal['a']\nAny_: TypeAlias = 'x'\nResult = TypeVar('Result')"
    )
    assert list(types_of(ast.parse(snippet))) == ["A1b", "Kind", "Any_", "Result"]
    assert not list(types_of(ast.parse("T = TypeVar('T')\n_Own = int\nLIMIT = 3\nPING_1 = 3")))
    assert repeated(iter(["A", "B", "A"])) == {"A"}
