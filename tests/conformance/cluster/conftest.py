"""One cluster for all tests, kubectl over each transport, and a pod that they share."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cluster import one_node, pods
from tests.conformance.cluster.as_ginkgo import GinkgoReporter
from tests.conformance.cluster.kubectl import TRANSPORTS, Kubectl
from tests.conformance.programs import Programs

ECHO_PORT = 7000
_SHARED = f"""\
socat -t 60 TCP-LISTEN:{ECHO_PORT},fork,reuseaddr,backlog=256 EXEC:cat &
exec sleep infinity
"""
_READY = {"tcpSocket": {"port": ECHO_PORT}, "periodSeconds": 1}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take what the run of a suite knows; see kubectl_suite.py."""
    group = parser.getgroup("cluster")
    group.addoption("--ginkgo-report", type=Path, help="where to write it; logs go beside it")
    group.addoption("--programs", type=Path, help="the directory of Kubernetes' programs")
    group.addoption("--cri-endpoint", help="of the runtime under test")


def pytest_configure(config: pytest.Config) -> None:
    """Report as Ginkgo does, if that is asked for."""
    if config.option.ginkgo_report:

        def say(line: str) -> None:
            terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
            terminal.write_line(line)

        config.pluginmanager.register(GinkgoReporter(config.option.ginkgo_report, say))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Name the pods in the report of a failure: by that, lines about them are found in the logs."""
    report = yield
    cluster = item.funcargs.get("cluster")
    if report.failed and isinstance(cluster, Kubectl):
        about = f"namespace {one_node.NAMESPACE}\n{pods.image_users(cluster)}"
        report.sections.append(("pods", about))
    return report


@pytest.fixture(scope="session")
def programs(pytestconfig: pytest.Config) -> Programs:
    """Kubernetes' programs."""
    if not pytestconfig.option.programs:
        pytest.exit("These tests are run by `make conformance SUITE=kubectl`.")
    return Programs(pytestconfig.option.programs)


@pytest.fixture(scope="session")
def endpoint(pytestconfig: pytest.Config) -> str:
    """The runtime's CRI endpoint."""
    return str(pytestconfig.option.cri_endpoint)


@pytest.fixture(scope="session")
def cluster(programs: Programs, endpoint: str, pytestconfig: pytest.Config) -> Iterator[Kubectl]:
    """The cluster, through a kubectl with its defaults."""
    logs = pytestconfig.option.ginkgo_report.parent
    with one_node.running(programs, endpoint=endpoint, logs=logs) as kubectl:
        yield kubectl


@pytest.fixture(params=TRANSPORTS)
def kubectl(cluster: Kubectl, request: pytest.FixtureRequest) -> Kubectl:
    """Kubectl over one transport."""
    return cluster.over(request.param)


@pytest.fixture(scope="session")
def shell(cluster: Kubectl) -> Iterator[str]:
    """A pod to run commands in; on ECHO_PORT it sends back what it gets, up to the end."""
    with pods.running(cluster, "shell", _SHARED, readinessProbe=_READY) as name:
        yield name
