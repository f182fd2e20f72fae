"""Flags become a Config; cri-dockerd's all pass."""

from pathlib import Path

import pytest

from pydockershim.cli import flags
from pydockershim.config import Config
from pydockershim.errors import InvalidArgument


def test_no_flags_are_the_defaults() -> None:
    assert flags.parse([]) == Config()


def test_flags_are_read() -> None:
    config = flags.parse(
        [
            *("--container-runtime-endpoint", "unix:///tmp/shim.sock"),
            *("--docker-endpoint", "unix:///tmp/docker.sock"),
            *("--cri-dockerd-root-directory", "/tmp/state"),
            *("--pod-infra-container-image", "pause:1"),
            *("--network-plugin", "no-op"),
            *("--image-pull-progress-deadline", "1m30s"),
            *("--log-level", "debug"),
        ]
    )

    assert config == Config(
        endpoint="unix:///tmp/shim.sock",
        docker_endpoint="unix:///tmp/docker.sock",
        state_dir=Path("/tmp/state"),
        pause_image="pause:1",
        network_plugin="no-op",
        pull_progress_s=90,
        log_level="debug",
    )


@pytest.mark.parametrize("level", ["trace", "warn", "panic"])
def test_levels_of_cri_dockerd_are_known(level: str) -> None:
    assert flags.parse(["--log-level", level]).log_level == level


def test_last_of_two_counts_whichever_name_it_has() -> None:
    config = flags.parse(["--cri-dockerd-root-directory=/a", "--state-dir=/b"])

    assert config.state_dir == Path("/b")


@pytest.mark.parametrize("flag", ["--ipv6-dual-stack", "--ipv6-dual-stack=true", "--pod-cidr=x"])
def test_flag_of_a_later_part_is_accepted_and_said(
    flag: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert flags.parse([flag]) == Config()

    assert f"{flag.partition('=')[0]} is accepted but has no effect yet" in caplog.text


@pytest.mark.parametrize("wrong", ["--log", "--container-runtime", "--unknown", "serve"])
def test_unknown_flag_is_refused_also_when_it_begins_like_one(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        flags.parse([wrong])

    assert f"unrecognized arguments: {wrong}" in capsys.readouterr().err


def test_wrong_duration_names_its_flag() -> None:
    with pytest.raises(InvalidArgument, match=r"^--image-pull-progress-deadline: '1 week'"):
        flags.parse(["--image-pull-progress-deadline", "1 week"])
