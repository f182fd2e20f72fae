"""The outer half of a session: starts the namespaces and whoever cleans up after them.

The chain of deaths: when this process dies, setpriv's death signal ends unshare, whose
`--kill-child` ends the first process inside, with which the kernel ends all others, and with them
the network and mount namespaces. No step needs anybody to be alive.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bed import cgroups

# Everything a session writes, and everything that Docker keeps under /run, is below this tmpfs.
PRIVATE = Path("/run/bed")

_REPOSITORY = Path(__file__).parents[2]


def inside() -> bool:
    """Whether this process runs in a session: only `init` makes the directory, in its own /run."""
    return PRIVATE.is_dir()


def run(command: Sequence[str]) -> int:
    """Run a command in namespaces of its own and return its exit code (128 + n for a signal)."""
    session = f"pydockershim-bed-{os.getpid()}"
    environment = os.environ | {"PYTHONPATH": str(_REPOSITORY)}
    janitor = subprocess.Popen(
        [sys.executable, "-m", "tests.bed.janitor", session],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a signal to our process group must not reach it
    )
    cgroups.make(session)
    # The terminal's Ctrl-C reaches the command too; what it does about it decides.
    signal.signal(signal.SIGINT, lambda *_: None)
    unshare = subprocess.Popen(
        [
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--mount-proc"),
            *("--fork", "--kill-child", "--propagation", "private"),
            *(sys.executable, "-m", "tests.bed.init", session, *command),
        ],
        env=environment,
    )
    code = unshare.wait()
    janitor.communicate()
    return code
