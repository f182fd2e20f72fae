"""The suites: what each is called, where its program is, and how it is told what to do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import critest, kubectl_suite, node_suite
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite.

    Attributes:
        program: its executable.
        version: its name and version, given that executable.
        dry_run: the command that only lists its specs: of the executable and the report's path.
        command: the command that runs a plan; it is called inside the session.
    """

    program: Callable[[Programs], Path]
    version: Callable[[Path], str]
    dry_run: Callable[[Path, Path], list[str]]
    command: Callable[[Plan, str, Path], list[str]]


SUITES = {
    "node": Suite(node_suite.program, node_suite.version, node_suite.dry_run, node_suite.command),
    "kubectl": Suite(
        kubectl_suite.program, kubectl_suite.version, kubectl_suite.dry_run, kubectl_suite.command
    ),
    "critest": Suite(critest.program, critest.version, critest.dry_run, critest.command),
    "critest-websocket": Suite(
        critest.program,
        critest.version,
        critest.dry_run_of_streaming,
        critest.command_over_websocket,
    ),
}
