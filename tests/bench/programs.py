"""What the bench runs besides the programs of the test bed: socat, Docker's client, CNI plugins.

`python -m tests.bench.programs` provides them: from the network, so before a session.
"""

import shutil

from tests.bed import packages, suites
from tests.conformance import cni

_TOOLS = {"socat": "socat"}
_CLIENT_SUITE = "sid"  # speaks to older engines too


def main() -> None:
    """Install and unpack what is missing, and say so first."""
    packages.install_tools(_TOOLS)
    cni.prepare()
    if not shutil.which("docker"):
        suites.prepare(_CLIENT_SUITE, "docker-cli", ["docker-cli"])


def docker() -> str:
    """Return Docker's client: this machine's, or the one that `main` has unpacked."""
    if found := shutil.which("docker"):
        return found
    return str(suites.directory(_CLIENT_SUITE, "docker-cli") / "usr/bin/docker")


if __name__ == "__main__":
    main()
