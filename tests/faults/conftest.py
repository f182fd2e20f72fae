"""A shim that reaches the session's dockerd through the proxy, and a client of it."""

from collections.abc import Iterator

import pytest

from pydockershim.client.client import CriClient
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.fixtures import watch
from tests.bed.shim import Shim
from tests.faults.proxy import Proxy


@pytest.fixture
def proxy(dockerd: Dockerd) -> Iterator[Proxy]:
    """What stands between the shim and the session's dockerd."""
    with Proxy(dockerd.socket, namespaces.PRIVATE / "proxy.sock") as proxy:
        yield proxy


@pytest.fixture
def shim(dockerd: Dockerd, proxy: Proxy) -> Iterator[Shim]:
    """A shim that knows only the proxy."""
    directory = namespaces.PRIVATE / "faults"
    with Shim(dockerd, directory, flags=[proxy.endpoint_flag]) as shim:
        watch(shim.program)
        yield shim


@pytest.fixture
def client(shim: Shim) -> Iterator[CriClient]:
    """A client of that shim."""
    with CriClient(shim.url) as client:
        yield client
