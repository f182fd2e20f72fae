"""Resource quantities, and what the kubelet makes of them for the CRI.

- cpu requests become shares (1 CPU = 1024, at least 2), cpu limits a quota of a 100 ms period (at
  least 1 ms); a container without a request has its limit as the request.
- A memory limit is passed on in bytes; a memory request only moves the OOM score.
- The QoS class of the pod decides the OOM score and the cgroup parent.

What depends on the kubelet's own settings (swap, memory QoS, CPU pinning) is not requested,
nor are resources other than cpu and memory.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Literal

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.manifest.fields import Fields
from pydockershim.client.manifest.node import Node
from pydockershim.errors import InvalidArgument

Qos = Literal["Guaranteed", "Burstable", "BestEffort"]

_SUFFIXES = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    **{unit: Fraction(10 ** (3 * power)) for power, unit in enumerate("kMGTPE", start=1)},
    **{f"{unit}i": Fraction(2 ** (10 * power)) for power, unit in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<suffix>[eE][+-]?[0-9]+|[a-zA-Z]*)")

_SHARES_PER_CPU, _MIN_SHARES, _MAX_SHARES = 1024, 2, 262144
_PERIOD_US, _MIN_QUOTA_US = 100_000, 1000

_GUARANTEED_OOM_SCORE, _BEST_EFFORT_OOM_SCORE = -997, 1000


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Requests and limits of a container, or of a whole pod: CPUs and bytes, 0 if unset."""

    cpu_request: Fraction = Fraction(0)
    cpu_limit: Fraction = Fraction(0)
    memory_request: Fraction = Fraction(0)
    memory_limit: Fraction = Fraction(0)

    @property
    def qos(self) -> Qos:
        """The class of a pod that has this container alone."""
        pairs = ((self.cpu_request, self.cpu_limit), (self.memory_request, self.memory_limit))
        if not any(request or limit for request, limit in pairs):
            return "BestEffort"
        guaranteed = all(request == limit and request for request, limit in pairs)
        return "Guaranteed" if guaranteed else "Burstable"


def read_resources(fields: Fields) -> Resources:
    """Read a container's `resources`; an unset request is the limit."""
    limits, requests = fields.section("limits"), fields.section("requests")
    cpu, memory = _quantity(limits, "cpu"), _quantity(limits, "memory")
    return Resources(
        cpu_limit=cpu,
        cpu_request=_quantity(requests, "cpu", default=cpu),
        memory_limit=memory,
        memory_request=_quantity(requests, "memory", default=memory),
    )


def qos_class(containers: Sequence[Resources]) -> Qos:
    """Return the class of the pod that has these containers, the init containers included."""
    classes = {container.qos for container in containers}
    return classes.pop() if len(classes) == 1 else "Burstable"


def pod_total(init_containers: Sequence[Resources], containers: Sequence[Resources]) -> Resources:
    """Return what the pod needs at most at once: init containers run one by one, and before."""

    def most(amount: Callable[[Resources], Fraction]) -> Fraction:
        return max([sum(map(amount, containers), Fraction(0)), *map(amount, init_containers)])

    return Resources(
        cpu_request=most(attrgetter("cpu_request")),
        cpu_limit=most(attrgetter("cpu_limit")),
        memory_request=most(attrgetter("memory_request")),
        memory_limit=most(attrgetter("memory_limit")),
    )


def cri_pod_resources(total: Resources) -> cri.LinuxContainerResources:
    """Return the sums that the sandbox carries for information."""
    return cri.LinuxContainerResources(
        cpu_shares=_shares(total.cpu_request),
        cpu_quota=_quota_us(total.cpu_limit),
        cpu_period=_PERIOD_US,
        memory_limit_in_bytes=math.ceil(total.memory_limit),
    )


def cri_container_resources(
    resources: Resources, *, qos: Qos, node: Node
) -> cri.LinuxContainerResources:
    """Return the limits of one container of a pod of this QoS class."""
    limits = cri_pod_resources(resources)
    limits.oom_score_adj = _oom_score(resources, qos=qos, capacity=node.memory_bytes)
    for size in node.hugepage_sizes:
        limits.hugepage_limits.add(page_size=size, limit=0)
    return limits


def cgroup_parent(qos: Qos, uid: str, node: Node) -> str:
    """Return the pod's cgroup as the kubelet names it, or "" when the node has no cgroup root."""
    if not node.cgroup_root:
        return ""
    names = [node.cgroup_root.strip("/")]
    if qos != "Guaranteed":
        names.append(qos.lower())
    names.append(f"pod{uid}")
    if not node.cgroup_systemd:
        return "/" + "/".join(names)
    # A dash would nest one slice in another.
    names = [name.replace("-", "_") for name in names]
    slices = ["-".join(names[: depth + 1]) + ".slice" for depth in range(len(names))]
    return "/" + "/".join(slices)


def _quantity(fields: Fields, name: str, *, default: Fraction = Fraction(0)) -> Fraction:
    text = fields.scalar(name)
    if text is None:
        return default
    match = _QUANTITY.fullmatch(text)
    number, suffix = match.group("number", "suffix") if match else ("", "?")
    if suffix in _SUFFIXES:
        return Fraction(number) * _SUFFIXES[suffix]
    if suffix[0] in "eE" and suffix != "E":
        return Fraction(number + suffix)
    raise InvalidArgument(f"{fields.where(name)}: {text!r} is not a quantity such as 500m or 64Mi")


def _shares(cpus: Fraction) -> int:
    shares = math.ceil(cpus * 1000) * _SHARES_PER_CPU // 1000
    return min(max(shares, _MIN_SHARES), _MAX_SHARES)


def _quota_us(cpus: Fraction) -> int:
    if not cpus:
        return 0
    return max(math.ceil(cpus * 1000) * _PERIOD_US // 1000, _MIN_QUOTA_US)


def _oom_score(resources: Resources, *, qos: Qos, capacity: int) -> int:
    """Return the score: of burstable pods between the two others, lower for bigger requests."""
    if qos == "Guaranteed":
        return _GUARANTEED_OOM_SCORE
    if qos == "BestEffort":
        return _BEST_EFFORT_OOM_SCORE
    score = 1000 - 1000 * math.ceil(resources.memory_request) // capacity
    return min(max(score, 1000 + _GUARANTEED_OOM_SCORE), _BEST_EFFORT_OOM_SCORE - 1)
