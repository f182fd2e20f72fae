"""Bind mounts: sources, modes, propagation, and what the status tells of them."""

import subprocess
from pathlib import Path

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.client.client import CriError
from tests.integration.pods import Pods

pytestmark = pytest.mark.engine


def test_mounts_are_read_only_or_not_and_returned_as_sent(pods: Pods, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    mounts = [
        cri.Mount(container_path="/rw", host_path=str(tmp_path)),
        cri.Mount(container_path="/ro", host_path=str(tmp_path), readonly=True),
    ]

    container = pods.run().start(mounts=mounts)

    assert container.output("cat", "/ro/file") == "content"
    assert container.execute(["touch", "/ro/x"]).exit_code != 0
    container.output("touch", "/rw/made")
    assert (tmp_path / "made").exists()
    assert list(container.status.mounts) == mounts


def test_read_only_mount_leaves_mounts_below_it_writable(pods: Pods, tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(below)], check=True)
    mount = cri.Mount(container_path="/ro", host_path=str(tmp_path), readonly=True)

    container = pods.run().start(mounts=[mount])

    assert container.execute(["touch", "/ro/below/x"]).exit_code == 0
    subprocess.run(["umount", "--lazy", str(below)], check=True)


def test_colon_in_a_path_is_part_of_it(pods: Pods, tmp_path: Path) -> None:
    (tmp_path / "a:ro").mkdir()
    mount = cri.Mount(container_path="/b:c", host_path=f"{tmp_path}/a:ro")

    pods.run().start(mounts=[mount]).output("touch", "/b:c/file")

    assert (tmp_path / "a:ro/file").exists()


def test_missing_source_is_made_and_a_link_is_followed(pods: Pods, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    (tmp_path / "target").mkdir()
    mounts = [
        cri.Mount(container_path="/missing", host_path=str(tmp_path / "a" / "b")),
        cri.Mount(container_path="/link", host_path=str(link)),
    ]

    container = pods.run().start(mounts=mounts)
    container.output("touch", "/link/file", "/missing/file")

    assert (tmp_path / "target" / "file").exists()
    assert (tmp_path / "a" / "b" / "file").exists()


@pytest.mark.parametrize(
    ("propagation", "seen_inside", "seen_outside"),
    [
        (cri.PROPAGATION_PRIVATE, False, False),
        (cri.PROPAGATION_HOST_TO_CONTAINER, True, False),
        (cri.PROPAGATION_BIDIRECTIONAL, True, True),
    ],
)
def test_propagation(
    pods: Pods,
    tmp_path: Path,
    propagation: cri.MountPropagation,
    *,
    seen_inside: bool,
    seen_outside: bool,
) -> None:
    shared = tmp_path / "shared"
    for name in ("from-host", "from-container"):
        (shared / name).mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(shared), str(shared)], check=True)
    subprocess.run(["mount", "--make-shared", str(shared)], check=True)
    mount = cri.Mount(container_path="/shared", host_path=str(shared), propagation=propagation)
    context = cri.LinuxContainerSecurityContext(
        capabilities=cri.Capability(add_capabilities=["SYS_ADMIN"])
    )
    linux = cri.LinuxContainerConfig(security_context=context)
    container = pods.run().start(mounts=[mount], linux=linux)

    subprocess.run(["mount", "-t", "tmpfs", "none", str(shared / "from-host")], check=True)
    container.output("mount", "-t", "tmpfs", "none", "/shared/from-container")

    mounted = container.output("cat", "/proc/mounts")
    assert ("/shared/from-host" in mounted) is seen_inside
    assert (f"{shared}/from-container" in Path("/proc/mounts").read_text()) is seen_outside
    pods.client.remove_container(container.id)
    subprocess.run(["umount", "--recursive", "--lazy", str(shared)], check=True)


def test_two_mounts_on_one_target_are_refused(pods: Pods, tmp_path: Path) -> None:
    mounts = [cri.Mount(container_path="/a", host_path=str(tmp_path)) for _ in range(2)]

    with pytest.raises(CriError, match="/a"):
        pods.run().create(mounts=mounts)
