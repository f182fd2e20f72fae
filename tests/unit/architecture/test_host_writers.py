"""Who may change something on this host: files, processes, namespaces."""

import ast
from collections.abc import Iterator

import pytest

from tests.unit.architecture.source import full_name, imported_as, in_files, nodes_of

# By the paths of modules, or rooms.
WRITERS = {"host", "logs/log_path.py", "logs/cri_file.py", "server/listen.py"}
# For the demo, not a part of the shim: it makes what a manifest's volumes need.
WRITERS |= {"client/this_node.py"}

_OS = {
    *("chflags", "chmod", "chown", "chroot", "copy_file_range", "fchmod", "fchown", "ftruncate"),
    *("kill", "killpg", "lchmod", "lchown", "link", "makedirs", "mkdir", "mkfifo", "mknod"),
    *("posix_fallocate", "pwrite", "pwritev", "remove", "removedirs", "removexattr", "rename"),
    *("renames", "replace", "rmdir", "setns", "setxattr", "symlink", "truncate", "umask"),
    *("unlink", "unshare", "utime", "write"),
}
_CHANGES = {
    *(f"os.{name}" for name in _OS),
    *("fcntl.flock", "fcntl.lockf", "signal.pidfd_send_signal", "signal.pthread_kill"),
}
_READS = {"shutil.disk_usage", "shutil.get_terminal_size", "shutil.which"}
# Of a path, a socket, an event loop or libc, whatever it is called.
_METHODS = {
    *("bind", "chmod", "create_unix_server", "hardlink_to", "lchmod", "mkdir", "rmdir"),
    *("setns", "start_unix_server", "symlink_to", "touch", "unlink"),
    *("unshare", "write_bytes", "write_text"),
}
# Of a path with one argument; texts, dataclasses and containers have them with others.
_METHODS_OF_ONE = {"rename", "replace"}
_OPENS = {"open", "io.open", "os.fdopen", "codecs.open"}
_HARMLESS_FLAGS = {
    f"os.O_{name}"
    for name in ("CLOEXEC", "DIRECTORY", "NOATIME", "NOCTTY", "NOFOLLOW", "NONBLOCK", "PATH")
} | {"os.O_RDONLY"}


def host_writes(tree: ast.Module) -> Iterator[str]:
    """Yield the calls that change the host, or might: an unknown mode or flag does, too."""
    imported = imported_as(tree)
    for node in nodes_of(tree):
        if isinstance(node, ast.Call) and _writes(node, full_name(node.func, imported)):
            yield ast.unparse(node)


def _writes(call: ast.Call, name: str) -> bool:
    if name == "os.open":
        return not _flags(_argument(call, 1, "flags")) <= _HARMLESS_FLAGS
    if name in _OPENS:
        return _may_write(_argument(call, 1, "mode"))
    if name in _CHANGES or name.startswith("tempfile."):
        return True
    if name.startswith("shutil."):
        return name not in _READS
    return isinstance(call.func, ast.Attribute) and _method_writes(call, call.func.attr)


def _method_writes(call: ast.Call, method: str) -> bool:
    if method == "open":  # of a path; an archive in memory is given as `fileobj`
        mode = _argument(call, 0, "mode")
        in_memory = any(each.arg == "fileobj" for each in call.keywords)
        return isinstance(mode, ast.Constant) and _may_write(mode) and not in_memory
    if method in _METHODS_OF_ONE:
        return len(call.args) == 1 and not call.keywords
    return method in _METHODS


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    named = [each.value for each in call.keywords if each.arg == name]
    return next(iter((*named, *call.args[position : position + 1])), None)


def _may_write(mode: ast.expr | None) -> bool:
    if mode is None:
        return False
    return not isinstance(mode, ast.Constant) or bool(set("wax+") & set(str(mode.value)))


def _flags(flags: ast.expr | None) -> set[str]:
    if isinstance(flags, ast.BinOp) and isinstance(flags.op, ast.BitOr):
        return _flags(flags.left) | _flags(flags.right)
    return {"" if flags is None else ast.unparse(flags)}


def test_only_these_write_to_the_host() -> None:
    writing = in_files(host_writes)
    assert not {path: hits for path, hits in writing.items() if not {path, _room(path)} & WRITERS}
    assert {*writing, *map(_room, writing)} >= WRITERS, "each of these does"


def _room(path: str) -> str:
    return path.split("/", maxsplit=1)[0]


@pytest.mark.parametrize(
    "snippet",
    [
        "import os\nos.open(p, os.O_RDONLY | os.O_CREAT)",
        "import os\nos.open(p, os.O_WRONLY)",
        "import os\nos.open(p, flags)",
        "from os import open as open_file\nopen_file(p, flags=512)",
        "import os\nos.fdopen(descriptor, 'w')",
        "import os\nos.remove(p)",
        "import os as system\nsystem.rename(a, b)",
        "from os import replace\nreplace(a, b)",
        "import os\nos.kill(pid, 9)",
        "import os\nos.write(descriptor, b'')",
        "open(p, 'w')",
        "open(p, mode='r+b')",
        "open(p, mode)",
        "from pathlib import Path\nPath(p).open('w')",
        "path.open(mode='ab')",
        "path.rename(other)",
        "path.replace(other)",
        "path.write_text('')",
        "path.unlink(missing_ok=True)",
        "import tempfile\ntempfile.mkdtemp()",
        "from tempfile import NamedTemporaryFile\nNamedTemporaryFile()",
        "import shutil\nshutil.copyfile(a, b)",
        "import fcntl\nfcntl.flock(file, fcntl.LOCK_EX)",
        "listener.bind('/run/cri.sock')",
        "libc.setns(descriptor, 0)",
    ],
)
def test_write_is_found(snippet: str) -> None:
    assert list(host_writes(ast.parse(snippet)))


@pytest.mark.parametrize(
    "snippet",
    [
        "import os\nos.open(p, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)",
        "import os\nos.fdopen(descriptor, 'rb', closefd=False)",
        "open(p)",
        "open(p, 'rb', opener=regular)",
        "path.open()",
        "text.replace('a', 'b')",
        "from dataclasses import replace\nreplace(record, name='a')",
        "engine.containers.rename(container_id, name)",
        "import tarfile\ntarfile.open(fileobj=buffer, mode='w')",
        "import shutil\nshutil.which('docker')",
    ],
)
def test_read_is_none(snippet: str) -> None:
    assert not list(host_writes(ast.parse(snippet)))
