"""`python -m tests.conformance [--quick] [--skip-known] [--runtime=shim|containerd]`.

What a run covers is chosen by environment variables, as make passes them on: ENGINE (20.10,
26.1, 28.5 or 29), NETWORK (a network mode of the shim), SUITE (node, kubectl, critest or
critest-websocket), FOCUS (a regular expression for names) and CRITEST (where critest is).

Without CRITEST, critest is the one that is built, like the other programs.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.bed import cri_tools, engines, packages
from tests.conformance import cni, images, known, neighbours, run, scores, selection
from tests.conformance.known import KnownFailure
from tests.conformance.plan import Plan
from tests.conformance.programs import Programs, build
from tests.conformance.report import SuiteError
from tests.conformance.suites import SUITES

# The network modes that the shim has; a quick run takes the first.
_NETWORKS = ("docker",)


def main() -> int:
    """Run what was asked for; 0 when everything came as the list of known failures has it."""
    options = _parse_arguments()
    suites = _suites()
    if os.geteuid() != 0:
        sys.exit("A kubelet, a Docker engine and their namespaces need root.")
    if reason := neighbours.kubelet_here():
        sys.exit(f"No suite is run on a node that works for others: {reason}.")
    packages.install_tools()
    engines.prepare()
    cni.prepare()
    cri_tools.prepare()
    programs = build()
    images.prepare(programs)
    try:
        good = [_carry_out(plan, options) for plan in _plans(suites, options, programs)]
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


def _suites() -> Sequence[str]:
    named = os.environ.get("SUITE")
    if named and named not in SUITES:
        sys.exit(f"There is no suite {named}; SUITE is one of {', '.join(SUITES)}.")
    return (named,) if named else tuple(SUITES)


def _plans(
    suites: Sequence[str], options: argparse.Namespace, programs: Programs
) -> Iterator[Plan]:
    """Yield a plan with all its suite's specs for each suite and network mode."""
    for name in suites:
        suite = SUITES[name]
        program = suite.program(programs)
        specs = tuple(selection.all_specs(program, suite.dry_run))
        for network in _networks(options):
            yield Plan(
                suite=name,
                runtime=options.runtime,
                engine=engines.selected().name,
                network=network,
                program=program,
                programs=programs.directory,
                specs=specs,
            )


def _networks(options: argparse.Namespace) -> Sequence[str]:
    if options.runtime == "containerd":
        return ("cni",)
    named = os.environ.get("NETWORK")
    return (named,) if named else _NETWORKS[: 1 if options.quick else None]


def _carry_out(plan: Plan, options: argparse.Namespace) -> bool:
    """Run what is selected of a plan's specs; a whole run goes into the table of scores."""
    listed = known.load(plan)
    selection.require((entry.spec for entry in listed), among=plan.specs, listed_in=known.LIST)
    chosen = replace(plan, specs=tuple(_choose(plan, listed, options)))
    verdict = run.run(chosen, listed)
    if not options.quick and not os.environ.get("FOCUS"):
        left_out = len(plan.specs) - len(chosen.specs)
        scores.write(scores.row(chosen, verdict, left_out=left_out))
    return verdict.is_good


def _choose(
    plan: Plan, listed: Sequence[KnownFailure], options: argparse.Namespace
) -> Iterator[str]:
    """Yield the names that this run selects among all of the plan's."""
    quick = selection.quick(plan.suite, among=plan.specs)
    selection.require(quick, among=plan.specs, listed_in=selection.QUICK)
    lacking = {entry.spec for entry in listed if entry.kind == "shim"}
    focus = re.compile(os.environ.get("FOCUS") or "")
    for name in plan.specs:
        is_wanted = not options.quick or name in quick
        if is_wanted and focus.search(name) and not (options.skip_known and name in lacking):
            yield name


if __name__ == "__main__":
    sys.exit(main())
