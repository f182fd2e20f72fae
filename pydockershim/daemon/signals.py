"""SIGTERM and SIGINT: the first one stops the daemon in order, the second one at once."""

import os
import signal
from collections.abc import Callable

_STOP = (signal.SIGTERM, signal.SIGINT)


def catch_stop() -> Callable[[], None]:
    """Catch the signals from now on; return a function that waits for the first one.

    When it returns, the next signal kills the process.
    """
    # The kernel may deliver a signal to any thread, or to this one just before it begins to wait;
    # then it interrupts no wait for a lock, and Python's handler would never run. So a file
    # descriptor is read.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in _STOP:
        signal.signal(number, lambda *_: None)

    def wait() -> None:
        os.read(reading, 1)
        for number in _STOP:
            signal.signal(number, signal.SIG_DFL)

    return wait
