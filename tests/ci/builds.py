"""`python -m tests.ci.builds PROGRAM...`: build what is not in the cache yet, in this order.

PROGRAM is cri-tools (crictl and critest), moby (Docker 29) or kubernetes, with the images of its
suites.
"""

import sys

from tests.bed import cri_tools, moby, packages
from tests.conformance import images, programs


def _prepare_kubernetes() -> None:
    images.prepare(programs.build())


_BUILDS = {
    "cri-tools": cri_tools.prepare,
    "moby": moby.prepare,
    "kubernetes": _prepare_kubernetes,
}


def main() -> int:
    """Build what was asked for; at once where it is there already."""
    packages.install_tools()
    for program in sys.argv[1:]:
        _BUILDS[program]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
