"""Outlives a session and removes what the kernel does not: its cgroups.

Started by `namespaces` with the session's name; its stdin is a pipe that only the session's first
process holds open, so that the end of it, by whatever signal, is the sign to begin.
"""

import sys

from tests.bed import cgroups


def main() -> None:
    """Wait for the end of the session, then clean up."""
    sys.stdin.read()
    cgroups.remove(sys.argv[1])


if __name__ == "__main__":
    main()
