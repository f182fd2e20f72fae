"""Docker 29's own programs, built from the Go module in `moby/`, once per version of it.

No Debian suite has Docker 29; the source of every release is a version of a Go module.
"""

from pathlib import Path

from tests.bed.cache import CACHE, keep
from tests.bed.go_module import GoModule

# The release that the module's version is the source of: the module counts its versions by itself.
VERSION = "29.8.0"

_MODULE = GoModule(Path(__file__).with_name("moby"))
_MOBY = "github.com/moby/moby/v2"
_COMMANDS = ("dockerd", "docker-proxy")


def directory() -> Path:
    """Where `prepare` puts them."""
    return CACHE / "moby" / f"{VERSION}-{_MODULE.fingerprint(VERSION, _COMMANDS)}"


def prepare() -> None:
    """Build them where this version of them is not in the cache."""
    version = _MODULE.required(_MOBY)
    doing = f"building Docker {VERSION} ({_MOBY} {version}, about 4 minutes on 2 cores)"
    keep(directory(), _build, doing=doing)


def _build(into: Path) -> None:
    flags = f"-ldflags=-s -w -X {_MOBY}/dockerversion.Version={VERSION}"
    for command in _COMMANDS:
        _MODULE.run("build", flags, "-o", str(into / command), f"{_MOBY}/cmd/{command}")
