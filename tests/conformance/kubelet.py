"""How a kubelet is told what it would refuse on a machine like this one.

Measured for Kubernetes 1.37: cgroup v1 and swap are refused unless told, and an oom_score_adj that
this session may not lower ends it.
"""

from tests.conformance import node

CONFIG = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "cgroupDriver": "cgroupfs",
    "cgroupRoot": "/",
    "failCgroupV1": False,
    "failSwapOn": False,
    "podCIDR": node.POD_SUBNET,
    "enforceNodeAllocatable": [],
    "oomScoreAdj": 0,
    "evictionHard": {"memory.available": "1Mi"},
    "serializeImagePulls": False,
    "volumeStatsAggPeriod": "10s",
    "fileCheckFrequency": "10s",
}
