"""What the integration tests share on top of the bed: a shim and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.fixtures import watch
from tests.bed.shim import Shim

_HERE = Path(__file__).parent
# Folders of tests whose outcome depends on the engine, but for those in which the streaming server
# and its client are among themselves.
_FOLDERS = {_HERE / "engine", _HERE / "logs", _HERE / "streaming"}
_AMONG_THEMSELVES = {
    _HERE / "streaming" / name
    for name in (
        "test_crictl.py",
        "test_crowds.py",
        "test_forward_endurance.py",
        "test_hostile.py",
        "test_leftovers.py",
        "test_slow_readers.py",
        "test_stalling.py",
        "test_tls.py",
        "test_urls.py",
    )
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole folders `engine`; elsewhere a module or a test says so itself."""
    for item in items:
        if item.path.parent in _FOLDERS and item.path not in _AMONG_THEMSELVES:
            item.add_marker("engine")


@pytest.fixture(scope="session")
def shim(dockerd: Dockerd) -> Iterator[Shim]:
    """The session's shim, with the flags of `Shim`; a test that ends it makes one of its own."""
    with Shim(dockerd, namespaces.PRIVATE / "shim") as shim:
        watch(shim.program)
        yield shim


@pytest.fixture(scope="session")
def client(shim: Shim) -> Iterator[CriClient]:
    """A client of the session's shim, as a kubelet of today speaks to it."""
    with CriClient(shim.url) as client:
        yield client
