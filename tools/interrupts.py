"""Ctrl-C, SIGTERM and a closed terminal interrupt a tool between two steps, never within one.

A call that is interrupted may still take effect, and an apt-get that is killed leaves packages half
installed. So each step finishes, and cleaning up is not interrupted at all.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Turns these signals into KeyboardInterrupt, now or when the step has finished.

    A signal that the caller ignores, as nohup does with SIGHUP, stays ignored.
    """

    def __init__(self) -> None:
        self._held = False
        self._pending = False
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Defer interrupts until the body has ended."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Ignore them from now on."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._pending = False

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._pending = self._held
        if not self._held:
            raise KeyboardInterrupt
