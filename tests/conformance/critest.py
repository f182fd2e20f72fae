"""critest, the CRI validation suite of cri-tools.

Its streaming specs speak SPDY unless told otherwise, so they run a second time over WebSocket.
"""

import os
import subprocess
from pathlib import Path

from tests.bed import cri_tools
from tests.conformance import node, selection
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs

_STREAMING = "Streaming runtime should support streaming interfaces"
_OVER_WEBSOCKET = ("-websocket-exec", "-websocket-attach", "-websocket-portforward")
_IMAGES = """\
defaultTestContainerImage: registry.k8s.io/e2e-test-images/busybox:1.29-2
webServerTestImage: registry.k8s.io/e2e-test-images/nginx:1.14-2
"""


def program(_: Programs) -> Path:
    """Return the critest that was built, or the one that CRITEST names."""
    named = os.environ.get("CRITEST")
    if not named:
        return cri_tools.critest()
    if not Path(named).is_file():
        raise SystemExit(f"CRITEST={named}: there is no such file.")
    return Path(named).absolute()


def version(program: Path) -> str:
    """Return its name and version; one that CRITEST names may know none."""
    answer = subprocess.run([program, "-version"], capture_output=True, text=True, check=True)
    return answer.stdout.splitlines()[0].replace(" version:", "")


def dry_run(program: Path, report: Path) -> list[str]:
    """Return the command that only lists the specs, in a report."""
    return [*_with_reporter(program, report), "--ginkgo.dry-run"]


def dry_run_of_streaming(program: Path, report: Path) -> list[str]:
    """Return the command that only lists the streaming specs."""
    return [*dry_run(program, report), f"--ginkgo.focus={_STREAMING}"]


def command(plan: Plan, endpoint: str, report: Path) -> list[str]:
    """Return the command that runs a plan."""
    images = node.STATE / "critest-images.yaml"
    images.write_text(_IMAGES)
    return [
        *_with_reporter(plan.program, report),
        f"--ginkgo.focus={selection.exactly(plan.specs)}",
        f"--runtime-endpoint={endpoint}",
        f"--image-endpoint={endpoint}",
        f"--test-images-file={images}",
    ]


def command_over_websocket(plan: Plan, endpoint: str, report: Path) -> list[str]:
    """Return the command that runs a plan with the other transport."""
    return [*command(plan, endpoint, report), *_OVER_WEBSOCKET]


def _with_reporter(program: Path, report: Path) -> list[str]:
    return [
        str(program),
        f"--ginkgo.json-report={report}",
        "--ginkgo.silence-skips",
        "--ginkgo.no-color",
        "--ginkgo.force-newlines",
    ]
