"""The bed as fixtures: one engine, its images and its registries for the whole session.

The engine is shared, so a module must leave nothing in it; what is left behind fails the module
that left it. When a test fails, what the engine and the shim logged meanwhile is in the report.
"""

import socket
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from pytest_docker.plugin import Services

from pydockershim.client.client import CriClient
from tests.bed import engines, images, namespaces
from tests.bed import registry as registries
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.program import Program, accepts
from tests.bed.registry import Registry
from tests.bed.shim import Shim
from tests.integration.pods import Pods

_HERE = Path(__file__).parent
_OUTSIDE = (
    "Integration tests run in a session of the test bed, never on the machine itself: "
    "`make integration`, or `python -m tests.bed python -m pytest tests/integration`."
)
# The programs that tests share, with the size of their logs when the current test began.
_watched: dict[Program, int] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to touch the machine itself."""
    ours = any(item.path.is_relative_to(_HERE) for item in items)
    if ours and not config.option.collectonly and not namespaces.inside():
        pytest.exit(_OUTSIDE, returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_runtest_logstart() -> None:
    """Note where each log stands."""
    for program in _watched:
        _watched[program] = len(program.logged().encode())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what the programs have logged since the test began."""
    report = yield
    if report.failed:
        for program, since in _watched.items():
            report.sections.append((f"{program.log}", program.logged(since=since)))
    return report


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine that ENGINE selects."""
    return engines.selected()


@pytest.fixture(scope="session")
def dockerd(engine: Engine) -> Iterator[Dockerd]:
    """The session's daemon, with all of `images.ALL` in it; its containers outlive a restart."""
    with Dockerd(engine, namespaces.PRIVATE / "dockerd", live_restore=True) as dockerd:
        _watched[dockerd.program] = 0
        images.load(dockerd)
        yield dockerd


@pytest.fixture(scope="session")
def docker_compose_command(dockerd: Dockerd) -> str:
    """Tell pytest-docker which compose to use, and for which engine."""
    return f"DOCKER_HOST={dockerd.url} {registries.compose()}"


@pytest.fixture(scope="session")
def docker_compose_file() -> str:
    """Tell pytest-docker what to start."""
    return str(registries.COMPOSE_FILE)


@pytest.fixture(scope="session")
def docker_setup(dockerd: Dockerd) -> str:
    """Make the image that pytest-docker is going to start."""
    registries.load_image(dockerd)
    return "up --wait"


@pytest.fixture(scope="session")
def registry(docker_services: Services) -> Registry:
    """A registry that anybody may use."""
    return _responsive(registries.OPEN, docker_services)


@pytest.fixture(scope="session")
def private_registry(docker_services: Services) -> Registry:
    """A registry that wants `private_registry.credentials`."""
    return _responsive(registries.PRIVATE, docker_services)


@pytest.fixture(scope="session")
def shim(dockerd: Dockerd) -> Iterator[Shim]:
    """The session's shim, with the flags of `Shim`; a test that ends it makes one of its own."""
    with Shim(dockerd, namespaces.PRIVATE / "shim") as shim:
        _watched[shim.program] = 0
        yield shim


@pytest.fixture(scope="session")
def client(shim: Shim) -> Iterator[CriClient]:
    """A client of the session's shim, as a kubelet of today speaks to it."""
    with CriClient(shim.url) as client:
        yield client


@pytest.fixture
def pods(client: CriClient) -> Iterator[Pods]:
    """Pods that are removed when the test ends."""
    pods = Pods(client)
    yield pods
    pods.close()


@pytest.fixture(autouse=True, scope="module")
def _leaves_nothing_behind(dockerd: Dockerd) -> Iterator[None]:
    yield
    leftovers = dockerd.leftovers()
    dockerd.remove_leftovers()
    assert not leftovers, "left behind in the engine"


def _responsive(registry: Registry, docker_services: Services) -> Registry:
    host, _, port = registry.address.partition(":")
    docker_services.wait_until_responsive(
        lambda: accepts(socket.AF_INET, (host, int(port))), timeout=20, pause=0.02
    )
    return registry
