"""What is read out of the `/version` and `/info` of real engines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pydockershim.dockerapi import EngineFeatures, Json
from pydockershim.engine.features import engine_features, negotiate
from pydockershim.errors import FailedPrecondition

INFO = Path(__file__).parent / "info"


def canned(release: str) -> tuple[Json, Json]:
    document = json.loads((INFO / f"docker-{release}.json").read_text())
    return document["version"], document["info"]


def features(release: str, *, api_version: str | None = None, **info: object) -> EngineFeatures:
    version, real_info = canned(release)
    return engine_features(
        version, real_info | info, api_version=api_version or version["ApiVersion"]
    )


def test_docker_20_10() -> None:
    assert features("20.10") == EngineFeatures(
        server_version="20.10.24+dfsg1",
        api_version="1.41",
        architecture="amd64",
        cgroup_driver="cgroupfs",
        cgroup_version=1,
        runtimes=("io.containerd.runc.v2", "io.containerd.runtime.v1.linux", "runc"),
        root_dir="/var/lib/docker",
        seccomp="default",
        apparmor=False,
        selinux=False,
        userns_remap=False,
        no_new_privileges_by_default=True,
        containerd_image_store=False,
        local_logs_keep_lf=False,
        names_builtin_seccomp=False,
        read_only_binds_recurse=False,
        execs_start_at_once=False,
    )


def test_docker_28_5() -> None:
    assert features("28.5") == replace(
        features("20.10"),
        server_version="28.5.2+dfsg4",
        api_version="1.51",
        runtimes=("io.containerd.runc.v2", "runc"),
        seccomp="builtin",
        no_new_privileges_by_default=False,
        local_logs_keep_lf=True,
        names_builtin_seccomp=True,
        read_only_binds_recurse=True,
        execs_start_at_once=True,
    )


def test_docker_29() -> None:
    assert features("29") == replace(
        features("28.5"),
        server_version="29.8.0",
        api_version="1.56",
        containerd_image_store=True,
    )


def test_security_options_are_read_by_name() -> None:
    options = ["name=apparmor", "name=seccomp,profile=/etc/docker/seccomp.json", "name=selinux"]
    options += ["name=userns", "name=cgroupns", "name=no-new-privileges"]

    read = features("28.5", SecurityOptions=options)

    assert read.seccomp == "/etc/docker/seccomp.json"
    assert read.apparmor
    assert read.selinux
    assert read.userns_remap
    assert read.no_new_privileges_by_default


def test_a_kernel_without_seccomp_has_no_profile() -> None:
    assert not features("28.5", SecurityOptions=None).seccomp


def test_the_containerd_image_store_is_recognised() -> None:
    status = [["driver-type", "io.containerd.snapshotter.v1"]]

    assert features("28.5", DriverStatus=status).containerd_image_store


@pytest.mark.parametrize(
    ("newest", "oldest", "spoken"),
    [("1.41", "1.12", "1.41"), ("1.57", "1.40", "1.57"), ("1.60", "1.44", "1.57")],
)
def test_the_newest_version_that_both_sides_know_is_spoken(
    newest: str, oldest: str, spoken: str
) -> None:
    version = {"Version": "1", "ApiVersion": newest, "MinAPIVersion": oldest}

    assert negotiate(version) == spoken


@pytest.mark.parametrize(
    ("newest", "oldest", "sentence"),
    [("1.40", "1.12", "19.03.1 .* 1.40.* Docker 20.10 or newer"), ("2.3", "1.60", "API 1.60 or")],
)
def test_an_engine_without_a_common_version_is_refused(
    newest: str, oldest: str, sentence: str
) -> None:
    version = {"Version": "19.03.1", "ApiVersion": newest, "MinAPIVersion": oldest}

    with pytest.raises(FailedPrecondition, match=sentence):
        negotiate(version)
