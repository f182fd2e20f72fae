"""Builds the Kubernetes programs from the Go module in `programs/`, once per version of it.

They are kept in `~/.cache/pydockershim/kubernetes/`, outside the clone.
"""

import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bed.cache import CACHE, keep
from tests.bed.go_module import GoModule

_MODULE = GoModule(Path(__file__).with_name("programs"))
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
    return _MODULE.required("k8s.io/kubernetes")


def build() -> Programs:
    """Return the programs, built first where this version of them is not in the cache."""
    version = kubernetes_version()
    fingerprint = _MODULE.fingerprint(_COMMANDS, AGNHOST_FILES)
    directory = CACHE / "kubernetes" / f"{version}-{fingerprint}"
    doing = f"building Kubernetes {version} (about 7 minutes on 2 cores)"
    keep(directory, partial(_build_all, version), doing=doing)
    return Programs(directory)


def say(sentence: str) -> None:
    """Tell the person at the terminal how far the run is."""
    print(f"[{time.strftime('%H:%M:%S')}] {sentence}", flush=True)  # noqa: T201 - for a person


def _build_all(version: str, into: Path) -> None:
    flags = [f"-ldflags=-s -w -X k8s.io/component-base/version.gitVersion={version}"]
    for name, package in _COMMANDS.items():
        _MODULE.run("build", *flags, "-o", str(into / name), package)
    source = _MODULE.run("list", "-f", "{{.Dir}}", _COMMANDS["agnhost"])
    for name in AGNHOST_FILES:
        shutil.copy(Path(source) / "porter" / name, into)
    _MODULE.run("test", "-c", *flags, "-o", str(into / "e2e_node.test"), _NODE_SUITE)
