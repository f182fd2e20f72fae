"""The bed as fixtures: one engine, its images and its registries for the whole session.

The engine is shared, so a module must leave nothing in it; what is left behind fails the module
that left it. When a test fails, what the watched programs logged meanwhile is in the report.
"""

import socket
from collections.abc import Generator, Iterator

import pytest
from pytest_docker.plugin import Services

from tests.bed import engines, images, namespaces
from tests.bed import registry as registries
from tests.bed.dockerd import Dockerd
from tests.bed.engines import Engine
from tests.bed.program import Program, accepts
from tests.bed.registry import Registry

_OUTSIDE = (
    "Tests with a Docker engine run in a session of the test bed, never on the machine itself: "
    "`make integration`, or `python -m tests.bed python -m pytest tests/integration`."
)
# The programs that tests share, with the size of their logs when the current test began.
_watched: dict[Program, int] = {}
# The session's daemon, once a test has asked for it.
_started: list[Dockerd] = []


def watch(program: Program) -> None:
    """Put what the program logs into the report of a test that fails."""
    _watched[program] = len(program.logged().encode())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse to touch the machine itself."""
    ours = any("dockerd" in getattr(item, "fixturenames", ()) for item in items)
    if ours and not config.option.collectonly and not namespaces.inside():
        pytest.exit(_OUTSIDE, returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_runtest_logstart() -> None:
    """Note where each log stands."""
    for program in _watched:
        watch(program)


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
        watch(dockerd.program)
        images.load(dockerd)
        _started.append(dockerd)
        yield dockerd
        _started.clear()


@pytest.fixture(autouse=True, scope="module")
def _leaves_nothing_behind() -> Iterator[None]:
    yield
    for dockerd in _started:
        leftovers = dockerd.leftovers()
        dockerd.remove_leftovers()
        assert not leftovers, "left behind in the engine"


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


def _responsive(registry: Registry, docker_services: Services) -> Registry:
    host, _, port = registry.address.partition(":")
    docker_services.wait_until_responsive(
        lambda: accepts(socket.AF_INET, (host, int(port))), timeout=20, pause=0.02
    )
    return registry
