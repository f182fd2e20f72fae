"""The tests in `cluster/`, where real clients use a cluster, as a suite like the others."""

import sys
from pathlib import Path

from tests.conformance.plan import Plan
from tests.conformance.programs import Programs, kubernetes_version

_TESTS = Path(__file__).with_name("cluster")


def program(programs: Programs) -> Path:
    """Return kubectl."""
    return programs["kubectl"]


def version(_: Path) -> str:
    """Return its name and version."""
    return f"kubectl {kubernetes_version()}"


def command(plan: Plan, endpoint: str, report: Path) -> list[str]:
    """Return the command that runs a plan."""
    return [
        *_pytest(report),
        f"--programs={plan.programs}",
        f"--cri-endpoint={endpoint}",
        *(f"{_TESTS}/{spec}" for spec in plan.specs),
    ]


def dry_run(_: Path, report: Path) -> list[str]:
    """Return the command that only lists the specs, in a report."""
    return [*_pytest(report), "--collect-only", str(_TESTS)]


def _pytest(report: Path) -> list[str]:
    return [
        *(sys.executable, "-u", "-m", "pytest"),
        *("--quiet", "--no-header", "-p", "no:cacheprovider"),
        f"--ginkgo-report={report}",
    ]
