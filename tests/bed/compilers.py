"""`python -m tests.bed.compilers`: install what the test of the pause program builds it with."""

import os

from tests.bed import packages
from tools.make_pause import GCC, TRIPLETS, package


def main() -> None:
    """Install the compilers that are missing; where that is not ours to do, the test names them."""
    if os.geteuid() == 0:
        packages.install_tools({f"{each}-{GCC}": package(each) for each in TRIPLETS.values()})


if __name__ == "__main__":
    main()
