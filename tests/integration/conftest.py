"""What the integration tests share on top of the bed: a shim and a client of it."""

from collections.abc import Iterator

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.fixtures import watch
from tests.bed.shim import Shim


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
