"""What the tests of the engine room share: their engine, and containers in it."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from pydockershim.engine.engine import Engine
from tests.bed.dockerd import Dockerd
from tests.integration.engine.making import create


@pytest.fixture(scope="module")
def client(dockerd: Dockerd) -> Iterator[Engine]:
    with closing(Engine(str(dockerd.socket))) as engine:
        yield engine


@pytest.fixture
def container(client: Engine) -> Iterator[str]:
    """A running container."""
    container_id = create(client, "sleep", "3600")
    client.containers.start(container_id)
    yield container_id
    client.containers.remove(container_id)


@pytest.fixture
def created(client: Engine) -> Iterator[str]:
    """A container that has not been started."""
    container_id = create(client, "sleep", "3600")
    yield container_id
    client.containers.remove(container_id)
