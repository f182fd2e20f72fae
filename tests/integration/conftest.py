"""What the integration tests share on top of the bed: a shim and a client of it."""

from collections.abc import Iterator
from functools import partial

import pytest

from pydockershim.client.client import CriClient, CriError
from tests.bed import namespaces
from tests.bed.dockerd import Dockerd
from tests.bed.fixtures import watch
from tests.bed.shim import Shim
from tests.waiting import eventually

# The client of the session's shim, once a test has asked for it.
_clients: list[CriClient] = []


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
        _clients.append(client)
        yield client
        _clients.clear()


@pytest.fixture(autouse=True, scope="module")
def _shim_is_up_to_date() -> None:
    """Let the session's shim hear of what the module before has done behind its back.

    That is pods that other shims have removed, and restarts of the engine.
    """
    for client in _clients:
        eventually(partial(_sees_an_empty_engine, client))


def _sees_an_empty_engine(client: CriClient) -> bool:
    try:
        return not client.list_pod_sandboxes() and not client.list_containers()
    except CriError:
        return False
