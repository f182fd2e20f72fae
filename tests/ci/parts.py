"""The parts of a run, in stages of lanes: lanes run beside each other, a lane's parts in turn."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A row of the table.

    Attributes:
        name: what the table and the part's lines of output say.
        command: the program and its arguments.
        nice: how far it stands back for what runs beside it.
    """

    name: str
    command: tuple[str, ...]
    nice: int = 0


Lane = Sequence[Part]
Stage = Sequence[Lane]


def _make(name: str, *words: str) -> Part:
    return Part(name, ("make", "--no-print-directory", *words))


def _build(name: str, *programs: str) -> Part:
    return Part(name, (sys.executable, "-m", "tests.ci.builds", *programs), nice=19)


_ON_ENGINE = "SELECT=engine and not endurance"

_CHECK = _make("check", "check")
_UNIT = _make("unit", "test-unit")
_DEMO = _make("demo", "demo")
_28_5 = _make("Docker 28.5", "integration", "ENGINE=28.5")
_20_10 = _make("Docker 20.10", "integration", "ENGINE=20.10", _ON_ENGINE)
_29 = _make("Docker 29", "integration", "ENGINE=29", _ON_ENGINE)
# The engine tests need crictl; the rest can be built beside them.
_CRI_TOOLS = _build("build cri-tools", "cri-tools")
_BUILDS = _build("build the rest", "moby", "kubernetes")
_CONFORMANCE = tuple(
    _make(suite, "conformance-quick", f"SUITE={suite}")
    for suite in ("node", "kubectl", "critest", "critest-websocket")
)

TEST: Sequence[Stage] = (((_UNIT,),), ((_28_5,), (_20_10, _29)))
ALL: Sequence[Stage] = (
    ((_CHECK, _UNIT, _DEMO), (_CRI_TOOLS,)),
    ((_28_5,), (_20_10, _29), (_BUILDS,)),
    (_CONFORMANCE,),
)
