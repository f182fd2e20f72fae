"""A program that a test talks with: over pipes, or on a terminal of its own, as a person would."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

# Becomes the program itself, with its stdin as the controlling terminal: sizes come by signal.
_WITH_TERMINAL = ("setsid", "--ctty")


class Dialogue:
    """A running program; `output` and `errors` are what it has said so far.

    Made by `over_pipes` or `on_terminal` (there, all is output); left, it is killed.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, ends: Mapping[str, int]) -> None:
        self._process = process
        self._ends = ends
        self._said = {name: bytearray() for name in ("output", "errors")}
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(name,)) for name in ends if name != "input"
        ]
        for reader in self._readers:
            reader.start()

    @property
    def output(self) -> bytes:
        """Its stdout, or all that its terminal has shown."""
        return bytes(self._said["output"])

    @property
    def errors(self) -> bytes:
        """Its stderr; nothing on a terminal."""
        return bytes(self._said["errors"])

    def send(self, text: bytes) -> None:
        """Write to its stdin, or type on its terminal."""
        left = memoryview(text)
        while left:
            left = left[os.write(self._ends["input"], left) :]

    def resize(self, rows: int, columns: int) -> None:
        """Give its terminal another size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._ends["input"], termios.TIOCSWINSZ, size)

    def wait_for(self, text: bytes, *, timeout_s: float = 30) -> None:
        """Wait until it has said this, on either stream."""
        with self._news:
            is_said = self._news.wait_for(lambda: text in self.output + self.errors, timeout_s)
        assert is_said, f"{text!r} was not said within {timeout_s} s, but {self!r}"

    def wait(self, *, timeout_s: float = 30) -> int:
        """Wait until it has ended and all that it said is there; return its exit code."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not ended within {timeout_s} s: {self!r}") from None
        for reader in self._readers:
            reader.join(timeout_s)
        return code

    def close(self) -> None:
        """End it, if it still runs."""
        self._process.kill()
        self.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        if not self._process.stdin:
            os.close(self._ends["input"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        """Return what it has said, for the message of a failure."""
        return f"{self._process.args!r}: output {self.output!r}, errors {self.errors!r}"

    def _read(self, name: str) -> None:
        while block := _read_block(self._ends[name]):
            with self._news:
                self._said[name] += block
                self._news.notify_all()


def over_pipes(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> Dialogue:
    """Start a program with its standard streams as pipes; `env` is added to the environment."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env=os.environ | dict(env or {})
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    ends = {"input": process.stdin, "output": process.stdout, "errors": process.stderr}
    return Dialogue(process, ends={name: stream.fileno() for name, stream in ends.items()})


def on_terminal(
    command: Sequence[str | Path], *, rows: int, columns: int, env: Mapping[str, str] | None = None
) -> Dialogue:
    """Start a program on a new terminal of this size; `env` is added to the environment."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [*_WITH_TERMINAL, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | dict(env or {}),
    )
    os.close(theirs)
    return Dialogue(process, ends={"input": ours, "output": ours})


def _read_block(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # a terminal that nobody else has open any more
        return b""
