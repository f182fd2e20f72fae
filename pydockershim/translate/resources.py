"""Resource limits of a container.

- Zero or empty means not set. Numbers keep their units (microseconds, bytes).
- `cpu_shares` below 2 becomes 2: the kernel's minimum, and a later update to 1 would fail.
- `memory_swap_limit_in_bytes` is the total of memory and swap. Without it no swap is allowed:
  `MemorySwap` equals `Memory`, where Docker's own default would be twice the memory.
- Swap without a memory limit: refused, Docker cannot express it.
- `unified` on cgroup v2: `memory.swap.max` sets `MemorySwap` together with a memory limit, and has
  no effect without one; nor has `memory.oom.group`, for which Docker has no field. `coverage` says
  which other keys are accepted.
- `NanoCpus` is never set: it would prevent later updates of quota and period.
- Huge pages: a limit of 0 is accepted, any other is refused.
"""

import re

from pydockershim.api import runtime_v1 as cri
from pydockershim.dockerapi import Json
from pydockershim.translate.checks import between, invalid

_FIELD = "linux.resources"
_MIN_CPU_SHARES = 2
_MIN_MEMORY_BYTES = 6 * 1024 * 1024
_UNLIMITED = -1
_SIZE = re.compile(r"[0-9]{1,18}")
SWAP_MAX = "memory.swap.max"
OOM_GROUP = "memory.oom.group"


def docker_resources(resources: cri.LinuxContainerResources) -> Json:
    """Return the resource fields of `HostConfig`; InvalidArgument if Docker cannot use them."""
    fields = {
        "CpuPeriod": _at_least(resources.cpu_period, "cpu_period", low=0),
        "CpuQuota": _at_least(resources.cpu_quota, "cpu_quota", low=_UNLIMITED),
        "CpuShares": _cpu_shares(resources.cpu_shares),
        "CpusetCpus": resources.cpuset_cpus,
        "CpusetMems": resources.cpuset_mems,
        "OomScoreAdj": between(
            f"{_FIELD}.oom_score_adj", resources.oom_score_adj, low=-1000, high=1000
        ),
        **_docker_memory(resources),
    }
    return {name: value for name, value in fields.items() if value}


def cri_resources(host_config: Json) -> cri.LinuxContainerResources:
    """Return the limits that a container has, from its `HostConfig`."""
    return cri.LinuxContainerResources(
        cpu_period=host_config.get("CpuPeriod") or 0,
        cpu_quota=host_config.get("CpuQuota") or 0,
        cpu_shares=host_config.get("CpuShares") or 0,
        memory_limit_in_bytes=host_config.get("Memory") or 0,
        memory_swap_limit_in_bytes=host_config.get("MemorySwap") or 0,
        oom_score_adj=host_config.get("OomScoreAdj") or 0,
        cpuset_cpus=host_config.get("CpusetCpus") or "",
        cpuset_mems=host_config.get("CpusetMems") or "",
    )


def _at_least(value: int, name: str, *, low: int) -> int:
    if value < low:
        raise invalid(f"{_FIELD}.{name}", f"{value} is negative; use 0 for no limit")
    return value


def _cpu_shares(shares: int) -> int:
    return max(_at_least(shares, "cpu_shares", low=0), _MIN_CPU_SHARES) if shares else 0


def _docker_memory(resources: cri.LinuxContainerResources) -> dict[str, int]:
    memory_bytes = _at_least(resources.memory_limit_in_bytes, "memory_limit_in_bytes", low=0)
    total_bytes = resources.memory_swap_limit_in_bytes
    swap_bytes = _swap(resources)
    if not memory_bytes:
        if total_bytes > 0:
            raise invalid(
                f"{_FIELD}.memory_swap_limit_in_bytes",
                "Docker limits swap only together with memory; set memory_limit_in_bytes too",
            )
        return {}
    if memory_bytes < _MIN_MEMORY_BYTES:
        raise invalid(
            f"{_FIELD}.memory_limit_in_bytes",
            f"{memory_bytes} is less than Docker's minimum; use at least {_MIN_MEMORY_BYTES}",
        )
    if swap_bytes is not None:
        total_bytes = _UNLIMITED if swap_bytes == _UNLIMITED else memory_bytes + swap_bytes
    total_bytes = total_bytes or memory_bytes
    if total_bytes != _UNLIMITED and total_bytes < memory_bytes:
        raise invalid(
            f"{_FIELD}.memory_swap_limit_in_bytes",
            f"{total_bytes} is the total of memory and swap; use at least {memory_bytes}",
        )
    return {"Memory": memory_bytes, "MemorySwap": total_bytes}


def _swap(resources: cri.LinuxContainerResources) -> int | None:
    """Return the swap limit of `unified` in bytes; None when it has none."""
    swap_max = resources.unified.get(SWAP_MAX)
    if swap_max is None:
        return None
    if swap_max == "max":
        return _UNLIMITED
    if not _SIZE.fullmatch(swap_max):
        raise invalid(
            f"{_FIELD}.unified[{SWAP_MAX!r}]",
            f"{swap_max!r} is not a size; use a number of bytes or 'max'",
        )
    return int(swap_max)
