"""How a container's output is kept by Docker."""

import pytest

from pydockershim.errors import FailedPrecondition
from pydockershim.translate.logs import (
    INHERIT,
    LOCAL,
    SpoolSize,
    docker_log_config,
    require_readable,
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
    "config",
    [
        {"Type": "local"},
        {"Type": "json-file", "Config": {"cache-disabled": "true"}},
        {"Type": "syslog", "Config": None},
        {"Type": "syslog", "Config": {"cache-disabled": "false"}},
    ],
)
def test_a_driver_that_can_be_read_back_is_accepted(config: dict[str, object]) -> None:
    require_readable(config)


@pytest.mark.parametrize(
    "config", [{"Type": "none"}, {"Type": "syslog", "Config": {"cache-disabled": "true"}}]
)
def test_a_driver_that_cannot_be_read_back_is_refused_by_name(config: dict[str, object]) -> None:
    with pytest.raises(FailedPrecondition, match=rf"driver {config['Type']} .* --log-driver"):
        require_readable(config)
