"""`[ENGINE=20.10|26.1|28.5|29] python -m tests.bed [COMMAND...]`: run it in a session of its own.

Without a command it is a shell. What has to come from the network (packages, engines, crictl and
critest) is fetched before: inside there is no way out.
"""

import os
import sys

from tests.bed import cri_tools, engines, namespaces, packages, registry


def main() -> int:
    """Prepare the machine and the selected engine, run the command, return its exit code."""
    if os.geteuid() != 0:
        sys.exit("The test bed makes namespaces and runs Docker engines: it needs to be root.")
    packages.install_tools()
    engines.prepare()
    registry.prepare_compose()
    cri_tools.prepare()
    return namespaces.run(sys.argv[1:] or [os.environ.get("SHELL", "sh")])


if __name__ == "__main__":
    sys.exit(main())
