"""How a container's output is kept by Docker."""

from dataclasses import replace

import pytest

from pydockershim.api import runtime_v1 as cri
from pydockershim.labels.record import SandboxRecord
from pydockershim.translate.container import container_record
from pydockershim.translate.log_config import (
    INHERIT,
    LOCAL,
    SpoolSize,
    docker_log_config,
    is_readable,
    spool_size,
)


def test_what_we_ask_for_is_a_spool() -> None:
    config = docker_log_config(LOCAL, has_log_path=True)

    assert config["Config"]["compress"] == "false"
    assert spool_size(config["Type"], config["Config"]) == SpoolSize(64 * 1024**2, 2)


def test_without_a_log_path_nothing_is_kept() -> None:
    assert docker_log_config(LOCAL, has_log_path=False) == {"Type": "none"}
    assert docker_log_config(INHERIT, has_log_path=False) == {"Type": "none"}


def test_inherit_leaves_the_choice_to_the_daemon() -> None:
    assert docker_log_config(INHERIT, has_log_path=True) == {}


@pytest.mark.parametrize(
    ("size", "file_bytes"),
    [("1048576", 1024**2), ("1g", 10**9), ("20mb", 20 * 10**6), ("5KiB", 5000)],
)
def test_reads_sizes_as_docker_does(size: str, file_bytes: int) -> None:
    options = {"max-size": size, "max-file": "3", "compress": "false"}

    assert spool_size("local", options) == SpoolSize(file_bytes, 3)


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("json-file", {"max-size": "1m", "max-file": "2", "compress": "false"}),
        ("local", {}),
        ("local", {"max-size": "1m", "max-file": "2"}),
        ("local", {"max-size": "1m", "max-file": "2", "compress": "true"}),
        ("local", {"max-size": "-1", "max-file": "2", "compress": "false"}),
    ],
)
def test_other_logs_are_no_spool(driver: str, options: dict[str, str]) -> None:
    assert spool_size(driver, options) is None


@pytest.mark.parametrize(
    ("config", "readable"),
    [
        ({"Type": "local"}, True),
        ({"Type": "json-file", "Config": {"cache-disabled": "true"}}, True),
        ({"Type": "syslog", "Config": None}, True),
        ({"Type": "syslog", "Config": {"cache-disabled": "false"}}, True),
        ({"Type": "syslog", "Config": {"cache-disabled": "T"}}, False),
        ({"Type": "none"}, False),
    ],
)
def test_knows_what_docker_can_read_back(config: dict[str, object], *, readable: bool) -> None:
    assert is_readable(config) == readable


def test_the_directory_of_the_request_counts_where_the_sandbox_remembers_none() -> None:
    config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name="app"), log_path="app/0.log")
    nowhere = SandboxRecord(name="s", pod="p", namespace="n", uid="u", attempt=0)
    somewhere = replace(nowhere, log_directory="/var/log/pods/p")

    def path(sandbox: SandboxRecord) -> str:
        record = container_record(
            config, sandbox_id="", sandbox=sandbox, image_ref="", log_directory="/sent/"
        )
        return record.log_path

    assert path(nowhere) == "/sent/app/0.log"
    assert path(somewhere) == "/var/log/pods/p/app/0.log"
