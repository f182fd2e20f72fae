"""Flags become a Config; cri-dockerd's all pass."""

from pathlib import Path

import pytest

from pydockershim.cli import flags
from pydockershim.config.config import Config
from pydockershim.config.setting import rows
from pydockershim.config.streaming_limits import StreamingLimits
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
            *("--log-driver", "inherit"),
            *("--log-file-size", "1m"),
            *("--streaming-bind-addr", "127.0.0.1:10010"),
            *("--streaming-tls-cert-file", "/tmp/cert"),
            *("--streaming-tls-key-file", "/tmp/key"),
            *("--streaming-limit", "streams=7"),
            *("--streaming-limit", "idle_s=3"),
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
        log_driver="inherit",
        log_file_bytes=1024**2,
        streaming_address=("127.0.0.1", 10010),
        streaming_cert_file=Path("/tmp/cert"),
        streaming_key_file=Path("/tmp/key"),
        streaming_limits=StreamingLimits(streams=7, idle_s=3),
    )


@pytest.mark.parametrize("level", ["trace", "warn", "panic"])
def test_levels_of_cri_dockerd_are_known(level: str) -> None:
    assert flags.parse(["--log-level", level]).log_level == level


def test_last_of_two_counts_whichever_name_it_has() -> None:
    config = flags.parse(["--cri-dockerd-root-directory=/a", "--state-dir=/b"])

    assert config.state_dir == Path("/b")


@pytest.mark.parametrize(
    "flag",
    ["--ipv6-dual-stack", "--ipv6-dual-stack=true", *(f"{flag}=x" for flag in flags.IGNORED)],
)
def test_flag_of_cri_dockerd_is_accepted_and_said_to_be_ignored(
    flag: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert flags.parse([flag]) == Config()

    name = flag.partition("=")[0]
    assert f"{name} is accepted for compatibility with cri-dockerd and ignored" in caplog.text


@pytest.mark.parametrize("wrong", ["--log", "--container-runtime", "--unknown", "serve"])
def test_unknown_flag_is_refused_also_when_it_begins_like_one(
    wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        flags.parse([wrong])

    assert f"unrecognized arguments: {wrong}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--image-pull-progress-deadline", "1 week"], "'1 week': write a duration"),
        (["--log-level", "loud"], "loud: use one of trace, debug, info"),
        (["--log-driver", "json-file"], "json-file: use one of local, inherit"),
        (["--log-file-size", "64mb"], "64mb: write a size"),
        (["--network-plugin", "cni"], "cni: CNI is not implemented yet; use docker"),
        (["--docker-endpoint", "tcp://[::]:1"], r"'tcp://\[::\]:1': not a unix socket"),
        (["--streaming-bind-addr", "localhost:1"], "localhost:1: use an IP address"),
        (["--streaming-limit", "streams=1", "--streaming-limit", "x=1"], ".*: there is no limit x"),
        (["--streaming-limit", "streams=-1"], "streams=-1: streams must be a number above 0"),
        (["--streaming-tls-cert-file", "/c"], "and --streaming-tls-key-file: set both"),
    ],
)
def test_wrong_value_is_refused_under_its_flag(arguments: list[str], sentence: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{arguments[0]} {sentence}"):
        flags.parse(arguments)


def test_help_names_every_flag_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        flags.parse(["--help"])

    text = " ".join(capsys.readouterr().out.split())
    for _, row in rows(Config):
        assert all(flag in text for flag in row.flags)
        assert row.help in text
        assert not row.default or f"(default {row.default})" in text
    assert not [flag for flag in flags.IGNORED if flag in text]
