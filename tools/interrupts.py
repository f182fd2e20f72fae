"""Ctrl-C, SIGTERM and a lost terminal: they end a tool between two steps, never within one.

A call that is cut off half-way may still have its effect, unknown to us; and an apt-get that is
killed leaves packages half installed. So a step runs to its end, and the removal of what was made
is not disturbed at all.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """Takes over these signals: they raise KeyboardInterrupt, now or when the step has ended.

    One that the caller has already ignored, as nohup does with SIGHUP, stays ignored.
    """

    def __init__(self) -> None:
        self._held = False
        self._pending = False
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put interrupts off until the body has ended."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Take no notice of them from now on."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        self._pending = False

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._pending = self._held
        if not self._held:
            raise KeyboardInterrupt
