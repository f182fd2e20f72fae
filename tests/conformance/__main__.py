"""`python -m tests.conformance [--quick] [--skip-known] [--runtime=shim|containerd]`.

What a run covers is chosen by environment variables, as make passes them on: ENGINE (bookworm,
trixie or sid), NETWORK (a network mode of the shim), SUITE (node or critest), FOCUS (a regular
expression for names) and CRITEST (where critest is).
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bed import engines, packages
from tests.conformance import cni, critest, images, known, node_suite, run, scores, selection
from tests.conformance.known import KnownFailure
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs, build, say
from tests.conformance.report import SuiteError

# The network modes that the shim has; a quick run takes the first.
_NETWORKS = ("docker",)


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite that can be had here: its executable, and how that lists its specs."""

    name: str
    version: str
    program: Path
    dry_run: Callable[[Path, Path], list[str]]


def main() -> int:
    """Run what was asked for; 0 when everything came as the list of known failures has it."""
    options = _parse_arguments()
    if os.geteuid() != 0:
        sys.exit("A kubelet, a Docker engine and their namespaces need root.")
    packages.install_tools()
    engines.prepare()
    cni.prepare()
    programs = build()
    images.prepare(programs)
    try:
        good = [
            _run(suite, network, options=options, programs=programs)
            for suite in _suites(options, programs)
            for network in _networks(options)
        ]
    except SuiteError as error:
        sys.exit(str(error))
    return 0 if all(good) else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the fixed selection of quick.txt")
    parser.add_argument(
        "--skip-known", action="store_true", help="do not wait for what the shim is known to lack"
    )
    parser.add_argument(
        "--runtime",
        choices=("shim", "containerd"),
        default="shim",
        help="containerd is the peer that shows what this machine rules out",
    )
    return parser.parse_args()


def _suites(options: argparse.Namespace, programs: Programs) -> Iterator[Suite]:
    wanted = os.environ.get("SUITE") or ("node" if options.quick else "node critest")
    if "node" in wanted:
        version = f"Kubernetes {programs.kubernetes_version}"
        yield Suite("node", version, programs[node_suite.PROGRAM], node_suite.dry_run)
    if "critest" in wanted:
        program = critest.find()
        if program:
            yield Suite("critest", critest.version(program), program, critest.dry_run)
        else:
            say("!!! NO CRITEST: name it by CRITEST=/path/to/critest; its specs are NOT run !!!")


def _networks(options: argparse.Namespace) -> Sequence[str]:
    if options.runtime == "containerd":
        return ("cni",)
    named = os.environ.get("NETWORK")
    return (named,) if named else _NETWORKS[: 1 if options.quick else None]


def _run(suite: Suite, network: str, *, options: argparse.Namespace, programs: Programs) -> bool:
    """Run a suite in a network mode; a whole run goes into the table of scores."""
    plan = Plan(
        suite=suite.name,
        runtime=options.runtime,
        engine=engines.selected().suite,
        network=network,
        program=suite.program,
        programs=programs.directory,
        specs=tuple(selection.all_specs(suite.program, suite.dry_run)),
    )
    listed = known.load(plan)
    selection.require((entry.spec for entry in listed), among=plan.specs, listed_in=known.LIST)
    chosen = replace(plan, specs=tuple(_chosen(plan, listed, options)))
    verdict = run.run(chosen, listed)
    if not options.quick and not os.environ.get("FOCUS"):
        left_out = len(plan.specs) - len(chosen.specs)
        scores.write(scores.row(chosen, verdict, left_out=left_out, suite_version=suite.version))
    return verdict.is_good


def _chosen(
    plan: Plan, listed: Sequence[KnownFailure], options: argparse.Namespace
) -> Iterator[str]:
    """Yield the names that this run selects among all of the plan's."""
    quick = selection.quick(plan.suite)
    selection.require(quick, among=plan.specs, listed_in=selection.QUICK)
    lacking = {entry.spec for entry in listed if entry.kind == "shim"}
    focus = re.compile(os.environ.get("FOCUS") or "")
    for name in plan.specs:
        is_wanted = not options.quick or name in quick
        if is_wanted and focus.search(name) and not (options.skip_known and name in lacking):
            yield name


if __name__ == "__main__":
    sys.exit(main())
