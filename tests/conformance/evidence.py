"""What kubelet, shim and engine said while a spec failed: the lines of their logs about its pods.

Eight specs run at a time, so the time alone does not tell whose line it is. A spec's output names
its namespace; lines that name it give the ids of its pods and containers, and those give the rest.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from tests.conformance.report import Result

_LOGS = ("kubelet.log", "shim.log", "dockerd.log", "containerd.log")
_MESSAGE_LINES = 20
_LINES_PER_LOG = 25
_LINE_LENGTH = 400
# A line with more ids than those of a pod, its sandbox and a container is about several pods.
_IDS_OF_ONE_POD = 3
# The programs' clocks are one, but a line may be written a little after what it tells.
_SLACK = timedelta(seconds=2)

_NAMESPACE = re.compile(r'namespaces?[ :="]+([a-z0-9-]+-\d+)\b')
_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64})\b")
_ISO_TIME = re.compile(
    r"^(?:time=\")?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,6})\d*)?(Z|[+-]\d\d:?\d\d)?"
)
# At the suite's verbosity, a kubelet tells of every step; its warnings and errors are enough.
_KLOG_INFO = re.compile(r"^I\d{4} ")
_KLOG_TIME = re.compile(r"^[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d)\.(\d{6})")


def of(result: Result, directory: Path) -> Iterator[str]:
    """Yield the failure's message, then each log's last lines about it."""
    yield from _ends(result.message.strip().splitlines())
    spoken = {name: list(_during(result, directory / name)) for name in _LOGS}
    about = _identities(result, [line for lines in spoken.values() for line in lines])
    for name, lines in spoken.items():
        telling = (line for line in lines if not _KLOG_INFO.match(line))
        relevant = [line for line in telling if any(identity in line for identity in about)]
        if relevant:
            yield f"--- {name}, {len(relevant)} lines, the last:"
            yield from (line[:_LINE_LENGTH] for line in relevant[-_LINES_PER_LOG:])


def _ends(lines: list[str]) -> list[str]:
    """Return the beginning and the end; between them, some matchers print a whole pod."""
    if len(lines) <= 2 * _MESSAGE_LINES:
        return lines
    return [*lines[:_MESSAGE_LINES], "  ...", *lines[-_MESSAGE_LINES:]]


def _identities(result: Result, lines: Iterable[str]) -> set[str]:
    """Return the spec's namespaces and, of the lines that name those, every id."""
    spec = result.output + result.message
    namespaces = set(_NAMESPACE.findall(spec))
    ids = set(_ID.findall(spec))
    for line in lines:
        found = _ID.findall(line)
        if len(found) <= _IDS_OF_ONE_POD and any(name in line for name in namespaces):
            ids.update(found)
    return namespaces | ids


def _during(result: Result, log: Path) -> Iterator[str]:
    """Yield the lines of a log from the spec's time."""
    if log.exists() and result.began < result.ended:
        for moment, line in _dated(log):
            if result.began - _SLACK <= moment <= result.ended + _SLACK:
                yield line


@cache
def _dated(log: Path) -> list[tuple[datetime, str]]:
    """Return a log's lines with their times; one without a time belongs to the line before."""
    moment = datetime.min.replace(tzinfo=UTC)
    dated = []
    for line in log.read_text(errors="replace").splitlines():
        moment = _time(line) or moment
        dated.append((moment, line))
    return dated


def _time(line: str) -> datetime | None:
    if iso := _ISO_TIME.match(line):
        date, clock, fraction, zone = iso.groups()
        moment = datetime.fromisoformat(f"{date}T{clock}.{fraction or 0:<06}{zone or ''}")
        return moment if moment.tzinfo else moment.astimezone()
    if klog := _KLOG_TIME.match(line):
        month, day, clock, fraction = klog.groups()
        year = datetime.now().astimezone().year  # klog writes none
        return datetime.fromisoformat(f"{year}-{month}-{day}T{clock}.{fraction}").astimezone()
    return None
