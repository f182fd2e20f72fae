"""crictl and critest, built from the Go module in `cri_tools/`, once per version of it."""

from pathlib import Path

from tests.bed.cache import CACHE, keep
from tests.bed.go_module import GoModule

_MODULE = GoModule(Path(__file__).with_name("cri_tools"))
_CRI_TOOLS = "sigs.k8s.io/cri-tools"
# Program to how Go makes it: critest is a test binary.
_COMMANDS = {"crictl": ("build",), "critest": ("test", "-c")}


def prepare() -> None:
    """Build them where this version of them is not in the cache: from the network, if at all."""
    doing = f"building crictl and critest {_version()} (about 3 minutes on 2 cores)"
    keep(_directory(), _build, doing=doing)


def crictl() -> Path:
    """Return crictl, which `prepare` has built."""
    return _directory() / "crictl"


def critest() -> Path:
    """Return critest, which `prepare` has built."""
    return _directory() / "critest"


def _version() -> str:
    return _MODULE.required(_CRI_TOOLS)


def _directory() -> Path:
    return CACHE / "cri-tools" / f"{_version()}-{_MODULE.fingerprint(_COMMANDS)}"


def _build(into: Path) -> None:
    flags = f"-ldflags=-s -w -X {_CRI_TOOLS}/pkg/version.Version={_version()}"
    for name, words in _COMMANDS.items():
        _MODULE.run(*words, flags, "-o", str(into / name), f"{_CRI_TOOLS}/cmd/{name}")
