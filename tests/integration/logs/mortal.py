"""Log writers in a process of their own, to be killed at any time.

    python -m tests.integration.logs.mortal SOCKET FRESH LOG...

writes the logs (JSON of ContainerLog) of the engine behind a socket; each container id that comes
as a line is reopened, and comes back as a line when that is done.
"""

import json
import subprocess
import sys
from dataclasses import asdict

from pydockershim.engine.client import Engine
from pydockershim.logs.writers import ContainerLog, LogWriters
from tests.bed.dockerd import Dockerd


class MortalWriters:
    """Such a process; `fresh` as in `LogWriters.follow`."""

    def __init__(self, dockerd: Dockerd, *logs: ContainerLog, fresh: bool) -> None:
        words = [str(dockerd.socket), str(int(fresh)), *(json.dumps(asdict(log)) for log in logs)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._answer()

    def reopen(self, log: ContainerLog) -> None:
        """Return when the log has been reopened."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{log.container_id}\n".encode())
        self._process.stdin.flush()
        self._answer()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the writers have ended"


def main() -> None:
    """Write until standard input ends."""
    socket, fresh, *logs = sys.argv[1:]
    writers = LogWriters(Engine(socket))
    writers.start()
    for log in logs:
        writers.follow(ContainerLog(**json.loads(log)), fresh=fresh == "1")
    print("ready", flush=True)  # noqa: T201 -- the answer
    for line in sys.stdin:
        writers.reopen(line.strip())
        print(line, end="", flush=True)  # noqa: T201 -- the answer


if __name__ == "__main__":
    main()
