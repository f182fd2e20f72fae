"""The versions that a score is about."""

import platform
import subprocess
from pathlib import Path

from tests.bed import engines
from tests.conformance.plan import Plan


def of_engine(plan: Plan) -> str:
    """Return the engine's name and full version, such as `Docker 28.5.2`."""
    engine = engines.selected()
    if plan.runtime == "shim":
        return f"Docker {engine.version}"
    program = engine.root / "usr/bin/containerd"
    output = subprocess.run([program, "--version"], check=True, capture_output=True, text=True)
    # "containerd github.com/containerd/containerd/v2 2.1.9+unknown "
    return f"containerd {output.stdout.split()[2].partition('+')[0].partition('~')[0]}"


def of_machine() -> str:
    """Return what decides here which specs can pass."""
    version = 2 if Path("/sys/fs/cgroup/cgroup.controllers").exists() else 1
    return f"Linux {platform.release().partition('-')[0]}, cgroup v{version}"
