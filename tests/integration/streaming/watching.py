"""What the shim's process holds: for tests that nothing is left behind, or piled up."""

import time
from collections.abc import Callable
from pathlib import Path

_RESET_PEAK = "5"  # proc(5), clear_refs


class ShimWatch:
    """Compares with what there was when it was made."""

    def __init__(self, pid: int) -> None:
        self._proc = Path(f"/proc/{pid}")
        self._sockets = self.sockets
        self._resident_mib = self.resident_mib
        (self._proc / "clear_refs").write_text(_RESET_PEAK)

    @property
    def sockets(self) -> int:
        """Open sockets; the few of the idle pool of connections to the engine vary."""
        links = (self._link(entry) for entry in (self._proc / "fd").iterdir())
        return sum(link.startswith("socket:") for link in links)

    @property
    def threads(self) -> int:
        """Threads; those that make calls to the engine start on demand and stay."""
        return int(self._status("Threads"))

    @property
    def resident_mib(self) -> float:
        """Resident memory."""
        return int(self._status("VmRSS").removesuffix("kB")) / 1024

    @property
    def growth_mib(self) -> float:
        """How far resident memory has ever been above what it was."""
        return int(self._status("VmHWM").removesuffix("kB")) / 1024 - self._resident_mib

    def has_let_go(self, *, spare: int = 40, within_s: float = 15) -> bool:
        """Say whether the sockets come down to what there was, but for spare connections."""
        return comes_true(lambda: self.sockets <= self._sockets + spare, within_s=within_s)

    def _status(self, name: str) -> str:
        for line in (self._proc / "status").read_text().splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return value.strip()
        raise LookupError(name)

    @staticmethod
    def _link(entry: Path) -> str:
        try:
            return str(entry.readlink())
        except OSError:  # closed meanwhile
            return ""


def comes_true(condition: Callable[[], bool], *, within_s: float) -> bool:
    """Wait until a condition holds; False when it does not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
