"""`make bench`: how fast the shim is, as ratios that are measured side by side in one run.

Runs in a session of the test bed, after `tests.bench.programs` outside of it. Figures are medians;
`PART=pods` measures one part.
"""

import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from tests.bed import engines, images
from tests.bed.dockerd import Dockerd
from tests.bed.shim import Shim
from tests.bench.rows import Bench, Row

PARTS = ("pods", "view", "logs", "streaming", "critest")


def main() -> int:
    """Measure all parts; return 1 when a bound does not hold."""
    wanted = os.environ.get("PART", "").split() or PARTS
    engine = engines.selected()
    print(f"Docker {engine.version}, {os.cpu_count()} cores; a ratio is ours / reference\n")
    print(_line("", "ours", "reference", "ratio", "bound"))
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        with Dockerd(engine, scratch / "docker") as dockerd:
            images.load(dockerd)
            with Shim(dockerd, scratch / "shim", flags=["--log-level=info"]) as shim:
                bench = Bench(dockerd, shim, scratch)
                for part in wanted:
                    for row in import_module(f"tests.bench.{part}").rows(bench):
                        print(_words(row), flush=True)
                        found.append(row)
    return 0 if all(row.holds for row in found) else 1


def _words(row: Row) -> str:
    reference = "" if row.reference is None else f"{row.reference:.2f} {row.unit}"
    ratio = "" if row.reference is None else f"{row.measured:.2f}"
    sign = ">=" if row.at_least else "<="
    bound = "" if row.bound is None else f"{sign} {row.bound:g}{'' if row.holds else '  MISSED'}"
    line = _line(row.what, f"{row.ours:.2f} {row.unit}", reference, ratio, bound)
    return f"{line}\n    against: {row.against}" if row.against else line


def _line(what: str, *figures: str) -> str:
    return f"{what:<44}" + "".join(f"{figure:>16}" for figure in figures).rstrip()


if __name__ == "__main__":
    sys.exit(main())
