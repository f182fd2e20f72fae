"""What kubelet, shim and engine said while a spec failed: the lines of their logs about its pods.

Eight specs run at a time, so the time alone does not tell whose line it is. A spec's output names
its namespace; lines that name it give the ids of its pods and containers, and those give the rest.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.conformance.report import Result

_LOGS = ("kubelet.log", "shim.log", "dockerd.log", "containerd.log")
_LINES_PER_LOG = 25
_LINE_LENGTH = 400
# The programs' clocks are one, but a line may be written a little after what it tells.
_SLACK = timedelta(seconds=2)

_NAMESPACE = re.compile(r'namespaces?[ :="]+([a-z0-9-]+-\d+)\b')
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})\b")
_ISO_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?"
)
_KLOG_TIME = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d)\.(\d{6})")


def of(result: Result, directory: Path) -> Iterator[str]:
    """Yield the failure's message, then each log's last lines about it."""
    yield result.message.strip()
    spoken = {name: list(_during(result, directory / name)) for name in _LOGS}
    about = _identities(result, [line for lines in spoken.values() for line in lines])
    for name, lines in spoken.items():
        relevant = [line for line in lines if any(identity in line for identity in about)]
        if relevant:
            yield f"--- {name}, {len(relevant)} lines about {result.name}, the last:"
            yield from (line[:_LINE_LENGTH] for line in relevant[-_LINES_PER_LOG:])


def _identities(result: Result, lines: Iterable[str]) -> set[str]:
    """Return the spec's namespaces and, of the lines that name those, every id."""
    spec = result.output + result.message
    namespaces = set(_NAMESPACE.findall(spec))
    ids = set(_ID.findall(spec))
    for line in lines:
        if any(namespace in line for namespace in namespaces):
            ids.update(_ID.findall(line))
    return namespaces | ids


def _during(result: Result, log: Path) -> Iterator[str]:
    """Yield the lines of a log from the spec's time; one without a time belongs to the last."""
    if not log.exists():
        return
    now = None
    for line in log.read_text(errors="replace").splitlines():
        now = _time(line, near=result.began) or now
        if now and result.began - _SLACK <= now <= result.ended + _SLACK:
            yield line


def _time(line: str, *, near: datetime) -> datetime | None:
    if iso := _ISO_TIME.search(line):
        date, clock, fraction, zone = iso.groups()
        moment = datetime.fromisoformat(f"{date}T{clock}.{fraction or 0:<06}{zone or ''}")
        return moment if moment.tzinfo else moment.astimezone()
    if klog := _KLOG_TIME.match(line):
        month, day, clock, fraction = klog.groups()
        year = near.astimezone().year  # klog writes none
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}.{fraction}").astimezone()
    return None
