"""Who a container's process is and what it may do, looked at from inside the container."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.bed.engines import Engine
from tests.bed.images import USER_BY_ID, USER_BY_NAME
from tests.integration.pods import SLEEP, Container, Pods

pytestmark = pytest.mark.engine

DEFAULT_CAPABILITIES = 0x00000000A80425FB
NET_ADMIN = 1 << 12
SYS_RESOURCE = 1 << 24
CHOWN = 1 << 0


def run(pods: Pods, *, image: str = "", privileged_pod: bool = False, **context: Any) -> Container:
    """Start a container with this security context."""
    sandbox = cri.LinuxSandboxSecurityContext(
        privileged=privileged_pod, namespace_options=cri.NamespaceOption(pid=cri.CONTAINER)
    )
    pod = pods.run(linux=cri.LinuxPodSandboxConfig(security_context=sandbox))
    context = {"namespace_options": cri.NamespaceOption(pid=cri.CONTAINER), **context}
    linux = cri.LinuxContainerConfig(security_context=cri.LinuxContainerSecurityContext(**context))
    return pod.start(SLEEP, linux=linux, **({"image": image} if image else {}))


def process_status(container: Container, key: str) -> str:
    lines = container.output("cat", "/proc/1/status").splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:"))


def capabilities(container: Container) -> int:
    return int(process_status(container, "CapBnd"), 16)


def groups_of(container: Container) -> set[str]:
    return set(container.output("id", "-G").split())


def number(value: int) -> cri.Int64Value:
    return cri.Int64Value(value=value)


def test_user_is_the_images_unless_another_is_asked_for(pods: Pods) -> None:
    assert run(pods, image=USER_BY_ID.name).output("id", "-u") == "1000"
    assert run(pods, image=USER_BY_NAME.name).output("id", "-un") == "www-data"
    assert run(pods, image=USER_BY_ID.name, run_as_user=number(33)).output("id", "-u") == "33"
    assert run(pods, run_as_username="nobody").output("id", "-u") == "65534"


def test_merge_adds_the_images_groups_with_and_without_a_group(pods: Pods) -> None:
    alone = run(pods, run_as_user=number(1000), supplemental_groups=[4242])
    grouped = run(
        pods, run_as_user=number(1000), run_as_group=number(33), supplemental_groups=[4242]
    )

    assert groups_of(alone) == {"1000", "50000", "4242"}
    assert groups_of(grouped) == {"33", "50000", "4242"}


def test_capabilities_are_added_and_dropped(pods: Pods) -> None:
    def with_(**fields: list[str]) -> int:
        return capabilities(run(pods, capabilities=cri.Capability(**fields)))

    assert with_() == DEFAULT_CAPABILITIES
    assert with_(add_capabilities=["net_admin"]) == DEFAULT_CAPABILITIES | NET_ADMIN
    assert with_(drop_capabilities=["CAP_CHOWN"]) == DEFAULT_CAPABILITIES & ~CHOWN
    assert with_(drop_capabilities=["ALL"], add_capabilities=["NET_ADMIN"]) == NET_ADMIN


def test_privileged_container_has_it_all(pods: Pods, engine: Engine) -> None:
    if _cannot_give_every_capability(engine):
        # Not run here: Debian 12's runc insists on every capability, this machine withholds one.
        with pytest.raises(CriError, match="unable to apply caps"):
            run(pods, privileged_pod=True, privileged=True)
        return

    container = run(pods, privileged_pod=True, privileged=True)

    assert capabilities(container) & NET_ADMIN
    assert process_status(container, "Seccomp") == "0"
    container.output("sh", "-c", "mkdir /tmp/m && mount -t tmpfs none /tmp/m")
    assert "proc/kcore" not in container.output("cat", "/proc/mounts")


def _cannot_give_every_capability(engine: Engine) -> bool:
    status = Path("/proc/self/status").read_text()
    bounding = int(status.partition("CapBnd:")[2].split()[0], 16)
    return engine.name == "20.10" and not bounding & SYS_RESOURCE


def test_privileged_container_needs_a_privileged_pod(pods: Pods) -> None:
    with pytest.raises(CriError, match="privileged") as refused:
        run(pods, privileged=True)

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("seccomp", "mode"),
    [
        (None, "0"),
        (cri.SecurityProfile(profile_type=cri.SecurityProfile.Unconfined), "0"),
        (cri.SecurityProfile(profile_type=cri.SecurityProfile.RuntimeDefault), "2"),
    ],
)
def test_seccomp_mode(pods: Pods, seccomp: cri.SecurityProfile | None, mode: str) -> None:
    assert process_status(run(pods, seccomp=seccomp), "Seccomp") == mode


def test_seccomp_profile_of_the_node(pods: Pods, tmp_path: Any) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(
        '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],'
        '"action":"SCMP_ACT_ERRNO"}]}'
    )
    localhost = cri.SecurityProfile.Localhost

    container = run(
        pods,
        seccomp=cri.SecurityProfile(profile_type=localhost, localhost_ref=str(profile)),
    )

    assert container.execute(["mkdir", "/tmp/x"]).exit_code != 0


def test_seccomp_profile_that_is_missing_or_none_is_told_without_its_content(
    pods: Pods, tmp_path: Any
) -> None:
    secret = tmp_path / "shadow"
    secret.write_text("root:SECRET:")
    for path in (tmp_path / "missing", secret):
        profile = cri.SecurityProfile(
            profile_type=cri.SecurityProfile.Localhost, localhost_ref=str(path)
        )
        with pytest.raises(CriError, match=path.name) as refused:
            run(pods, seccomp=profile)
        assert "SECRET" not in str(refused.value)


def test_no_new_privileges(pods: Pods) -> None:
    assert process_status(run(pods, no_new_privs=True), "NoNewPrivs") == "1"
    assert process_status(run(pods, no_new_privs=False), "NoNewPrivs") == "0"


def test_read_only_root(pods: Pods) -> None:
    assert run(pods, readonly_rootfs=True).execute(["touch", "/x"]).exit_code != 0
    assert run(pods, readonly_rootfs=False).execute(["touch", "/x"]).exit_code == 0


def test_masked_and_read_only_paths_are_exactly_the_list(pods: Pods) -> None:
    none = run(pods)
    some = run(pods, masked_paths=["/proc/meminfo"], readonly_paths=["/proc/sys"])

    assert not {"/proc/kcore", "/proc/sys"} & mount_points(none)
    assert {"/proc/meminfo", "/proc/sys"} <= mount_points(some)
    assert some.output("cat", "/proc/meminfo") == ""


def mount_points(container: Container) -> set[str]:
    return {line.split()[1] for line in container.output("cat", "/proc/mounts").splitlines()}


def test_namespaces_of_a_pod(pods: Pods) -> None:
    options = cri.NamespaceOption(pid=cri.POD, ipc=cri.POD)
    sandbox = cri.LinuxSandboxSecurityContext(namespace_options=options)
    pod = pods.run(linux=cri.LinuxPodSandboxConfig(security_context=sandbox))
    context = cri.LinuxContainerSecurityContext(namespace_options=options)
    linux = cri.LinuxContainerConfig(security_context=context)

    first, second = (pod.start(name=name, linux=linux) for name in "ab")

    for kind in ("pid", "ipc", "net"):
        link = f"/proc/self/ns/{kind}"
        assert first.output("readlink", link) == second.output("readlink", link)
    assert first.output("cat", "/proc/1/comm") == "pause"
    assert pod.status.linux.namespaces.options.pid == cri.POD


def test_sysctls_hold_in_the_whole_pod(pods: Pods) -> None:
    linux = cri.LinuxPodSandboxConfig(sysctls={"net.ipv4.ip_local_port_range": "2000 3000"})

    container = pods.run(linux=linux).start()

    assert container.output("cat", "/proc/sys/net/ipv4/ip_local_port_range").split() == [
        "2000",
        "3000",
    ]


def with_resources(pods: Pods, resources: cri.LinuxContainerResources) -> Container:
    """Start a container with a pid namespace of its own, where it is number 1."""
    context = cri.LinuxContainerSecurityContext(
        namespace_options=cri.NamespaceOption(pid=cri.CONTAINER)
    )
    linux = cri.LinuxContainerConfig(resources=resources, security_context=context)
    return pods.run().start(linux=linux)


def test_limits_reach_the_cgroup(pods: Pods) -> None:
    resources = cri.LinuxContainerResources(
        cpu_period=100000,
        cpu_quota=50000,
        cpu_shares=512,
        memory_limit_in_bytes=64 * 1024 * 1024,
        oom_score_adj=500,
        hugepage_limits=[cri.HugepageLimit(page_size="2MB", limit=0)],
    )
    container = with_resources(pods, resources)

    assert container.output("cat", "/proc/1/oom_score_adj") == "500"
    told = container.status.resources.linux
    assert (told.cpu_quota, told.cpu_shares) == (50000, 512)
    assert told.memory_limit_in_bytes == 64 * 1024 * 1024
    inside = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
    assert container.output("cat", inside) == str(64 * 1024 * 1024)


def test_negative_oom_score_runs_where_the_host_cannot_set_it(pods: Pods) -> None:
    resources = cri.LinuxContainerResources(oom_score_adj=-997)

    container = with_resources(pods, resources)

    assert int(container.output("cat", "/proc/1/oom_score_adj")) in {-997, 0}
