"""The client works without PyYAML; only its manifests need that, and they say so."""

import subprocess
import sys

import pytest

_WITHOUT_YAML = "import sys; sys.modules['yaml'] = None; import {module}"


def _import(module: str) -> subprocess.CompletedProcess[str]:
    program = _WITHOUT_YAML.format(module=module)
    return subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("module", ["pydockershim.client.client", "pydockershim.__main__"])
def test_nothing_else_needs_yaml(module: str) -> None:
    assert _import(module).returncode == 0


def test_manifests_say_what_to_install() -> None:
    result = _import("pydockershim.client.manifest")

    assert "pip install 'pydockershim[manifests]'" in result.stderr
