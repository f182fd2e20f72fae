"""A program that runs beside the tests: started, waited for, ended, and its log at hand."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_TAIL_LINES = 40


class BedError(Exception):
    """A program of the bed did not do its part; the message ends with the tail of its log."""


class Program:
    """One program and its log file, which every start goes on writing."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        self._command = [str(word) for word in command]
        self._env = os.environ | dict(env or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, ready: Callable[[], bool], timeout_s: float) -> None:
        """Start it and wait until `ready()`; BedError when it ends or takes longer."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + timeout_s
        while not ready():
            if self._process.poll() is not None:
                raise self._failure(f"ended with {self._process.returncode} at its start")
            if time.monotonic() > deadline:
                self.stop(signal.SIGKILL)
                raise self._failure(f"was not ready within {timeout_s} s")
            time.sleep(0.02)

    def stop(self, signal_number: int = signal.SIGTERM, *, timeout_s: float = 60) -> int:
        """Send a signal and wait for the end; returns the exit code (negative: a signal)."""
        process = self._running()
        process.send_signal(signal_number)
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            name = signal.Signals(signal_number).name
            raise self._failure(f"had not ended {timeout_s} s after {name}") from None
        finally:
            self._process = None

    def logged(self, *, since: int = 0) -> str:
        """Return what the log holds beyond a size in bytes that it had before."""
        content = self.log.read_bytes() if self.log.exists() else b""
        return content[since:].decode(errors="replace")

    @property
    def pid(self) -> int:
        """Its process id; BedError when it does not run."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise BedError(f"{self._command[0]} is not running.")
        return self._process

    def _failure(self, what: str) -> BedError:
        tail = self.logged().splitlines()[-_TAIL_LINES:]
        return BedError("\n".join((f"{self._command[0]} {what}. The end of {self.log}:", *tail)))


def answers_http(path: Path, target: str) -> bool:
    """Whether an HTTP server on a unix socket answers a GET of the target at all."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
            probe.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
            return probe.recv(64).startswith(b"HTTP/1")
        except OSError:
            return False


def accepts(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(address) == 0
