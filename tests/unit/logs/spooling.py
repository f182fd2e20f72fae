"""Docker's side of a spool, as the `local` driver writes it: entries, rotation, and long lines."""

import itertools
from pathlib import Path

PART_BYTES = 16 * 1024


def entry(
    time_ns: int, line: bytes, *, source: bytes = b"stdout", part: int = 0, last: bool = True
) -> bytes:
    """Return an entry; `part` counts from 1 in a line that comes in parts, 0: it does not."""
    message = _bytes_field(1, source) + b"\x10" + _varint(time_ns)
    message += _bytes_field(3, line) if line else b""
    if part:
        metadata = (b"\x08\x01" if last else b"") + _bytes_field(2, b"0" * 64)
        message += b"\x20\x01" + _bytes_field(5, metadata + b"\x18" + _varint(part))
    length = len(message).to_bytes(4, "big")
    return length + message + length


def cri_line(time: str, line: bytes, *, source: str = "stdout", tag: str = "F") -> bytes:
    """Return a line of a CRI log."""
    return f"{time} {source} {tag} ".encode() + line + b"\n"


class DockerLog:
    """One container's log directory, written to as dockerd does."""

    def __init__(self, directory: Path, *, file_bytes: int = 1024 * 1024, files: int = 2) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "container.log"
        self._file_bytes = file_bytes
        self._files = files
        self.path.touch()

    def write(self, data: bytes) -> None:
        """Append an entry, to a new file if the one before is full."""
        if self.path.stat().st_size >= self._file_bytes:
            self._rotate()
        with self.path.open("ab") as file:
            file.write(data)

    def print_line(self, time_ns: int, line: bytes, *, source: bytes = b"stdout") -> None:
        """Write a line, in parts when it is long."""
        parts = [line[at : at + PART_BYTES] for at in range(0, len(line) or 1, PART_BYTES)]
        for number, part in enumerate(parts, 1):
            several = number if len(parts) > 1 else 0
            last = number == len(parts)
            self.write(entry(time_ns, part, source=source, part=several, last=last))

    def _rotate(self) -> None:
        names = [self.path, *(self.path.with_suffix(f".log.{n}") for n in range(1, self._files))]
        for older, newer in itertools.pairwise(reversed(names)):
            if newer.exists():
                newer.rename(older)
        self.path.touch()


def _bytes_field(number: int, value: bytes) -> bytes:
    return bytes((number << 3 | 2,)) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
