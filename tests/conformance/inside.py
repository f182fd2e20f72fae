"""The inner half of a run, in a session of the test bed: `python -m tests.conformance.inside DIR`.

DIR holds the plan and receives everything that the run leaves: Ginkgo's report, the output of the
suite and the logs of kubelet, shim and engine.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bed import engines, namespaces
from tests.conformance import cni, images, node, registry, runtimes
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs
from tests.conformance.progress import Progress
from tests.conformance.suites import SUITES

PLAN = "plan.json"
REPORT = "report.json"
OUTPUT = "output.log"
# What a shell makes of SIGINT.
INTERRUPTED = 130


def main() -> int:
    """Run the plan; the exit code is the suite's, and says less than its report."""
    # With this process ends the session, and with that all the others; nothing is to be undone.
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    results = namespaces.PRIVATE / "results"
    results.mkdir()
    # Before /tmp and /var, below which it may be, become the session's own.
    node.bind(Path(sys.argv[1]), results)
    plan = Plan.read(results / PLAN)
    layout = images.prepare(Programs(plan.programs))
    node.prepare()
    cni.configure()
    with registry.serve(layout) as proxy, _runtime(plan, proxy, results) as runtime:
        command = SUITES[plan.suite].command(plan, runtime.endpoint, results / REPORT)
        return _run(command, plan=plan, results=results)


@contextmanager
def _runtime(plan: Plan, proxy: str, results: Path) -> Iterator[runtimes.Runtime]:
    """Run the plan's runtime, and keep its logs."""
    engine = engines.selected()
    if plan.runtime == "containerd":
        chosen = runtimes.containerd(engine, proxy=proxy)
    else:
        chosen = runtimes.shim(engine, network=plan.network, proxy=proxy)
    with chosen as runtime:
        try:
            yield runtime
        finally:
            for log in runtime.logs:
                shutil.copy(log, results)


def _run(command: list[str], *, plan: Plan, results: Path) -> int:
    """Run the suite, where Ctrl-C does not reach it: told to end, it would take its time."""
    with (
        (results / OUTPUT).open("w") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
        Progress(total=len(plan.specs)) as progress,
    ):
        for line in process.stdout or ():
            output.write(line)
            output.flush()
            progress.take(line)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
