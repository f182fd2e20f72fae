"""Kubernetes' node suite: an API server and a real kubelet, started by the suite, run its pods.

Measured for Kubernetes 1.37: what eight specs at a time take.
"""

import json
from pathlib import Path

from tests.conformance import kubelet, node, selection
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs, kubernetes_version

_PROGRAM = "e2e_node.test"
_LABELS = "NodeConformance && !(Serial || Slow || Disruptive || Flaky)"

_PROCESSES = 8
_TIMEOUT = "3h"
_DIRECTORY = node.STATE / "suite"
# The suite's own check of the machine wants a kernel configuration, which not every machine has.
_SYSTEM_SPEC = {"os": "Linux", "kernelSpec": {"versions": ["^[3-9].*"]}}


def program(programs: Programs) -> Path:
    """Return the suite's executable, which starts the kubelet that is beside it."""
    return programs[_PROGRAM]


def version(_: Path) -> str:
    """Return the version of Kubernetes that it is from."""
    return f"Kubernetes {kubernetes_version()}"


def command(plan: Plan, endpoint: str, report: Path) -> list[str]:
    """Lay out the suite's working directory and return the command that runs a plan."""
    _DIRECTORY.mkdir(parents=True)
    for program in plan.program.parent.iterdir():
        (_DIRECTORY / program.name).symlink_to(program)
    kubelet_config = _write("base-kubelet-config.json", kubelet.CONFIG)
    system_spec = _write("system-spec.json", _SYSTEM_SPEC)
    return [
        str(_DIRECTORY / "ginkgo"),
        f"--procs={_PROCESSES}",
        f"--timeout={_TIMEOUT}",
        # Its specs wait for seconds where a busy machine needs more; the run names those it spared.
        "--flake-attempts=2",
        f"--label-filter={_LABELS}",
        f"--focus={selection.exactly(plan.specs)}",
        "--silence-skips",
        "--no-color",
        "--force-newlines",
        f"--output-dir={report.parent}",
        f"--json-report={report.name}",
        str(_DIRECTORY / _PROGRAM),
        "--",
        f"--node-name={node.NAME}",
        f"--container-runtime-endpoint={endpoint}",
        f"--image-service-endpoint={endpoint}",
        "--prepull-images=false",
        f"--report-dir={report.parent}",
        f"--kubelet-config-file={kubelet_config}",
        "--system-spec-name=any-linux",
        f"--system-spec-file={system_spec}",
        "--kubelet-flags=--runtime-cgroups= --kubelet-cgroups= --system-cgroups=",
    ]


def dry_run(program: Path, report: Path) -> list[str]:
    """Return the command that only lists the specs, in a report."""
    return [
        str(program),
        "--ginkgo.dry-run",
        f"--ginkgo.label-filter={_LABELS}",
        f"--ginkgo.json-report={report}",
        f"--report-dir={report.parent}",
    ]


def _write(name: str, document: object) -> Path:
    path = _DIRECTORY / name
    path.write_text(json.dumps(document))
    return path
