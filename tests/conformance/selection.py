"""Which specs a run selects, by their names.

`quick.txt` is the fixed selection of the quick run: `suite | spec` lines, some of every group.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.conformance import report

QUICK = Path(__file__).with_name("quick.txt")


def all_specs(program: Path, dry_run: Callable[[Path, Path], list[str]]) -> list[str]:
    """Return the names of a suite's specs; `dry_run` gives the command that reports them."""
    with tempfile.TemporaryDirectory(prefix="pydockershim-") as directory:
        listing = Path(directory) / "report.json"
        # There: the node suite leaves a directory wherever it is started.
        subprocess.run(dry_run(program, listing), check=True, capture_output=True, cwd=directory)
        return report.selected(listing)


def quick(suite: str, *, among: Sequence[str]) -> Sequence[str]:
    """Return the names of the quick run's specs, among all of a suite; `*` stands for all."""
    entries = [line.split(" | ") for line in QUICK.read_text().splitlines() if " | " in line]
    names = [spec for selected, spec in entries if selected == suite]
    return among if names == ["*"] else names


def require(names: Iterable[str], *, among: Sequence[str], listed_in: Path) -> None:
    """Exit when a list names what the suite does not have (any more)."""
    gone = sorted(set(names).difference(among))
    if gone:
        raise SystemExit("\n  ".join((f"{listed_in} names specs that do not exist:", *gone)))


def exactly(names: Iterable[str]) -> str:
    """Return the regular expression of Go's that matches these names and no others.

    Ginkgo matches it against the suite's description and the name behind it, so that only the end
    can be anchored.
    """
    # Unlike re.escape: Go knows no escaped space or dash.
    escaped = (re.sub(r"([][\\.^$*+?{}()|])", r"\\\1", name) for name in names)
    return f" ({'|'.join(escaped)})$"
