"""Settings are checked when they are built."""

from pathlib import Path
from typing import Any

import pytest

from pydockershim.config import NETWORK_PLUGINS, Config
from pydockershim.errors import InvalidArgument


@pytest.mark.parametrize(
    ("field", "wrong", "flag"),
    [
        ("endpoint", "tcp://127.0.0.1:1", "--container-runtime-endpoint tcp://127.0.0.1:1"),
        ("endpoint", "unix://relative.sock", "--container-runtime-endpoint"),
        ("endpoint", f"unix:///{'x' * 107}", "--container-runtime-endpoint"),
        ("state_dir", Path("relative"), "--state-dir relative"),
        ("pause_image", "", "--pod-infra-container-image"),
        ("network_plugin", "cni", "--network-plugin cni: .* not built yet"),
        ("network_plugin", "kubenet", "--network-plugin kubenet"),
        ("pull_progress_s", 0, "--image-pull-progress-deadline"),
        ("pull_progress_s", -1.0, "--image-pull-progress-deadline"),
        ("log_level", "loud", "--log-level loud"),
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
