"""What kinds of node are and can do, for translations that need no Docker."""

from dataclasses import replace

from pydockershim.dockerapi import EngineFeatures, ImageInspect

DOCKER_28 = EngineFeatures(
    server_version="28.5.2",
    api_version="1.51",
    architecture="amd64",
    cgroup_driver="cgroupfs",
    cgroup_version=1,
    runtimes=("io.containerd.runc.v2", "runc"),
    root_dir="/var/lib/docker",
    seccomp="builtin",
    apparmor=False,
    selinux=False,
    userns_remap=False,
    no_new_privileges_by_default=False,
    containerd_image_store=False,
    local_logs_keep_lf=True,
    names_builtin_seccomp=True,
    read_only_binds_recurse=True,
    execs_start_at_once=True,
)
DOCKER_29 = replace(
    DOCKER_28, server_version="29.8.0", api_version="1.56", containerd_image_store=True
)
DOCKER_20 = replace(
    DOCKER_28,
    server_version="20.10.24",
    api_version="1.41",
    seccomp="default",
    local_logs_keep_lf=False,
    names_builtin_seccomp=False,
    read_only_binds_recurse=False,
    execs_start_at_once=False,
)
CGROUP_V2 = replace(DOCKER_28, cgroup_driver="systemd", cgroup_version=2)
# A node where everything that we refuse could matter, and every default of the daemon is odd.
HARDENED = replace(
    CGROUP_V2,
    apparmor=True,
    selinux=True,
    userns_remap=True,
    no_new_privileges_by_default=True,
    seccomp="unconfined",
)

ENGINES = {
    "docker-28": DOCKER_28,
    "docker-29": DOCKER_29,
    "docker-20": DOCKER_20,
    "cgroup-v2": CGROUP_V2,
    "hardened": HARDENED,
}

SANDBOX_ID = "5a" * 32
IMAGE: ImageInspect = {
    "Id": f"sha256:{'1a' * 32}",
    "RepoTags": ["busybox:1.36", "registry.example/tools/busybox:1"],
    "RepoDigests": [
        f"busybox@sha256:{'b1' * 32}",
        f"registry.example/tools/busybox@sha256:{'b2' * 32}",
    ],
    "Size": 1_400_000,
    "Config": {"Cmd": ["sh"]},
}
