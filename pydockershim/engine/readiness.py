"""Whether the engine answers a ping (sent every 2 s in the background) and runs on this host.

The kubelet takes a node out of service when the runtime is not ready, so it takes three failures in
a row: an engine that is dead or hangs is detected within ten seconds. One answer makes it ready.
"""

import logging
import threading
import time
from collections.abc import Callable

from pydockershim import calls
from pydockershim.calls import Call
from pydockershim.errors import DeadlineExceeded, ShimError

logger = logging.getLogger(__name__)

_PERIOD_S = 2.0
_ANSWER_S = 2.0
_FAILURES = 3
_MISPLACED = (
    "the processes of Docker's containers are not visible: run pydockershim on dockerd's host, "
    "in the same PID namespace"
)


class Readiness:
    """`start` it once, `stop` it at the end. `on_loss` gets the reason when readiness is lost."""

    def __init__(self, ping: Callable[[], object], *, on_loss: Callable[[str], None]) -> None:
        self._ping = ping
        self._on_loss = on_loss
        self._failures = 0
        self._reason = "the Docker engine has not answered yet"
        self._misplaced = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="readiness", daemon=True)

    @property
    def reason(self) -> str:
        """Why the engine is not ready; empty while it is."""
        return self._reason or self._misplaced

    def sees_processes(self, *, sees: bool) -> None:
        """Record whether a container's process that has just started is visible on this host."""
        misplaced = "" if sees else _MISPLACED
        if misplaced and not self._misplaced:
            logger.error("the runtime is not ready: %s", misplaced)
        self._misplaced = misplaced

    def start(self) -> None:
        """Start pinging; the first ping is sent at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop pinging, without waiting for an answer."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            began_s = time.monotonic()
            self.probe()
            self._stopping.wait(began_s + _PERIOD_S - time.monotonic())

    def probe(self) -> None:
        """Ping once and update the state."""
        try:
            with calls.entered(Call(timeout_s=_ANSWER_S)):
                self._ping()
        except DeadlineExceeded:
            self._fail(f"the Docker engine did not answer a ping within {_ANSWER_S:g} s")
        except ShimError as error:
            self._fail(str(error))
        else:
            self._succeed()

    def _succeed(self) -> None:
        self._failures = 0
        if self._reason:
            logger.info("the Docker engine answers")
            self._reason = ""

    def _fail(self, reason: str) -> None:
        self._failures += 1
        if self._failures < _FAILURES and not self._reason:
            return
        if not self._reason:
            logger.warning("the runtime is not ready: %s", reason)
            self._on_loss(reason)  # first: no one may see the loss and still read the stale view
        self._reason = reason
