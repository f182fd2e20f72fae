"""Settings are checked when they are read and when a Config is built."""

import re
from pathlib import Path
from shlex import quote
from typing import Any

import pytest

from pydockershim.config.config import Config
from pydockershim.config.parsers import NETWORK_PLUGINS
from pydockershim.config.setting import Setting, rows
from pydockershim.errors import InvalidArgument


@pytest.mark.parametrize(
    ("field", "wrong", "flag"),
    [
        ("endpoint", "tcp://127.0.0.1:1", "--container-runtime-endpoint tcp://127.0.0.1:1"),
        ("endpoint", "unix://relative.sock", "--container-runtime-endpoint"),
        ("endpoint", f"unix:///{'x' * 107}", "--container-runtime-endpoint"),
        ("endpoint", "fd://", "--container-runtime-endpoint fd://: .*systemd"),
        ("docker_endpoint", "tcp://127.0.0.1:2375", "--docker-endpoint tcp://127.0.0.1:2375: not"),
        ("docker_endpoint", "docker.sock", "--docker-endpoint docker.sock: not a unix socket"),
        ("docker_endpoint", "", "--docker-endpoint '': not a unix socket"),
        ("docker_endpoint", "unix://run/x", "--docker-endpoint unix://run/x: not a unix socket"),
        ("state_dir", Path("relative"), "--state-dir relative"),
        ("pause_image", "", "--pod-infra-container-image"),
        ("network_plugin", "cni", "--network-plugin cni: .* not implemented yet"),
        ("network_plugin", "kubenet", "--network-plugin kubenet"),
        ("pull_progress_s", 0, "--image-pull-progress-deadline"),
        ("pull_progress_s", -1.0, "--image-pull-progress-deadline"),
        ("log_level", "loud", "--log-level loud: use one of trace, debug, "),
        ("log_driver", "json-file", "--log-driver json-file: use one of local, inherit"),
        ("log_file_bytes", 0, "--log-file-size 0: "),
        ("streaming_cert_file", Path("/c"), "--streaming-tls-cert-file and --streaming-tls-key-f"),
    ],
)
def test_wrong_value_is_refused_under_its_flag(field: str, wrong: Any, flag: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^{flag}"):
        Config(**{field: wrong})


@pytest.mark.parametrize("name", NETWORK_PLUGINS)
def test_every_name_of_the_docker_network_is_taken(name: str) -> None:
    assert Config(network_plugin=name).network_plugin == name


@pytest.mark.parametrize("endpoint", ["unix:///run/x.sock", "/run/x.sock"])
def test_socket_is_a_path(endpoint: str) -> None:
    assert Config(endpoint=endpoint).socket == Path("/run/x.sock")
    assert Config(docker_endpoint=endpoint).docker_socket == Path("/run/x.sock")


def test_defaults_are_what_the_table_says() -> None:
    for name, row in rows(Config):
        assert getattr(Config(), name) == row.read(row.default, source="default")


@pytest.mark.parametrize(("name", "row"), tuple(rows(Config)))
def test_wrong_text_is_refused_under_its_source(name: str, row: Setting) -> None:
    wrong = {"streaming_address": "x", "streaming_limits": "x", "state_dir": "x"}
    anything = {"streaming_cert_file", "streaming_key_file"}
    if name not in anything:
        text = wrong.get(name, "" if name == "pause_image" else "*")
        with pytest.raises(InvalidArgument, match=rf"^/etc/some\.toml {re.escape(quote(text))}: "):
            row.read(text, source="/etc/some.toml")


def test_certificate_is_a_pair_or_nothing() -> None:
    pair = Path("/cert"), Path("/key")

    config = Config(streaming_cert_file=pair[0], streaming_key_file=pair[1])

    assert config.streaming_certificate == pair
    assert Config().streaming_certificate is None
