"""Whose machine this is: where a kubelet lives, no suite is run.

A run sees nothing of the machine's kubelet and could not harm its pods; but it takes all processors
for half an hour, and a node that works for others has none to spare.
"""

from pathlib import Path

_PROC = Path("/proc")
_HOME = Path("/var/lib/kubelet")


def kubelet_here() -> str | None:
    """Return how a kubelet shows that it lives here, or None; those of other runs do not count."""
    for process in _PROC.glob("[0-9]*"):
        if _is_kubelet(process):
            return f"process {process.name} is a kubelet"
    if (_HOME / "config.yaml").exists() or any(_HOME.glob("pods/*")):
        return f"{_HOME} belongs to a kubelet"
    return None


def _is_kubelet(process: Path) -> bool:
    namespace = "ns/pid"
    try:
        ours = (process / namespace).readlink() == (_PROC / "self" / namespace).readlink()
        return ours and (process / "comm").read_text() == "kubelet\n"
    except OSError:
        return False
